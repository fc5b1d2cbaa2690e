// bootimage inspect: what the loader will do with an image, before any boot. Called by inspect.c.
#include "boot_preview.h"
#include "inspect.h"
#include "loader_region.h"
#include "output.h"
#include "page.h"

#include <inttypes.h>
#include <stdio.h>

#define SLOT_SHIFT       39 // of an entry of the root page table
#define HIGHER_HALF_SLOT 256u
#define HIGHER_HALF      0xFFFF000000000000u

static const char *size_name(uint64_t page_size)
{
    switch (page_size) {
    case PAGE_SIZE_1G:
        return "1 GiB";
    case PAGE_SIZE_2M:
        return "2 MiB";
    default:
        return "4 KiB";
    }
}

static void print_type(const struct boot_preview *preview)
{
    const struct checked_kernel *kernel = preview->kernel;
    const struct slide_room *room = &kernel->room;

    if (!kernel->elf.position_independent) {
        (void)printf("type: static, at the addresses it was linked at\n");
        return;
    }
    (void)printf("type: position-independent, %" PRIu64 " relocation%s; ",
                 preview->relocation_count, preview->relocation_count == 1 ? "" : "s");
    if ((kernel->request.flags & BOOT_REQUEST_NO_RANDOMISATION) != 0) {
        (void)printf("never slid at random\n");
    } else {
        (void)printf("one of %" PRIu64 " slides: 0x%" PRIx64 " up by multiples of 0x%" PRIx64 "\n",
                     room->count, room->lowest, room->step);
    }
    (void)printf("addresses below are those without randomisation: slid by 0x%" PRIx64 "\n",
                 kernel->elf.slide);
}

static void print_row(uint64_t address, uint64_t bytes, uint32_t permissions, const char *what)
{
    (void)printf("0x%016" PRIx64 " %14" PRIu64 "  r%c%c     %s", address, bytes,
                 (permissions & PAGE_WRITE) != 0 ? 'w' : '-',
                 (permissions & PAGE_EXECUTE) != 0 ? 'x' : '-', what);
}

// A kernel_piece_visitor: one row, with the pages by size in the order in which they come.
static bool print_piece(const struct kernel_piece *piece, void *context)
{
    const struct boot_preview *preview = context;
    const struct elf_kernel *elf = &preview->kernel->elf;
    const char *separator = ", ";
    uint64_t done = 0;

    print_row(piece->virtual_address, piece->bytes, piece->permissions, "kernel");
    if (piece->virtual_address >= elf->relro_start && piece->virtual_address < elf->relro_end) {
        (void)printf(" (RELRO)");
    }
    while (done < piece->bytes) {
        const uint64_t size = boot_preview_page_size(preview, piece->virtual_address + done);
        uint64_t pages = 0;
        if (size == 0) {
            break; // not to be told
        }
        for (; done < piece->bytes &&
               boot_preview_page_size(preview, piece->virtual_address + done) == size;
             pages++) {
            done += size;
        }
        (void)printf("%s%" PRIu64 " x %s", separator, pages, size_name(size));
        separator = " + ";
    }
    (void)printf("\n");
    return true;
}

static void print_items(const struct boot_preview *preview)
{
    struct region_item at = {.item = NULL};

    while (region_item_next(&at, preview->items)) {
        print_row(preview->handover.loader_region + at.offset, at.bytes, PAGE_WRITE, "");
        if (at.item->kind == IMAGE_ITEM_SYMBOLS) {
            (void)printf("symbols");
        } else {
            (void)printf("module ");
            print_quoted(image_item_text(preview->items, at.item), at.item->name_bytes);
        }
        (void)printf("\n");
    }
}

static void print_recursive_slot(uint32_t slot)
{
    const uint64_t address = (uint64_t)slot << SLOT_SHIFT;

    print_row(address | (slot >= HIGHER_HALF_SLOT ? HIGHER_HALF : 0), PAGE_TABLE_SLOT_SIZE,
              PAGE_WRITE, "page tables, recursive slot");
    (void)printf(" %" PRIu32 "\n", slot);
}

static void print_surroundings(const struct boot_preview *preview)
{
    const struct handover *handover = &preview->handover;

    if (handover->vga_text_mapped) {
        print_row(VGA_TEXT_ADDRESS, VGA_TEXT_BYTES, PAGE_WRITE, "VGA text memory\n");
    }
    if (handover->direct_map_size != 0) {
        print_row(handover->direct_map, handover->direct_map_size, PAGE_WRITE,
                  "direct map of physical memory, more with memory above 4 GiB\n");
    }
    if (preview->kernel->request.recursive_slot != 0) {
        print_recursive_slot(preview->kernel->request.recursive_slot);
    }
    print_row(handover->loader_region, PAGE_BYTES, PAGE_EXECUTE, "hand-over page\n");
    print_row(handover->stack_virtual, handover->stack_bytes, PAGE_WRITE,
              "stack, below it a page that is not mapped\n");
    print_row(handover->info_virtual, handover->info_bytes, PAGE_WRITE,
              "boot_info and what it points to\n");
    if (handover->framebuffer != 0) {
        (void)printf("0x%016" PRIx64 " %14s  rw-     framebuffer, higher by its physical address "
                     "mod 2 MiB\n",
                     handover->framebuffer, "");
    }
    print_items(preview);
}

static void print_tls(const struct elf_kernel *elf)
{
    if (elf->tls_memory_size != 0) {
        (void)printf("thread-local storage: template at 0x%016" PRIx64 ", %" PRIu64
                     " bytes in the file, %" PRIu64 " in memory, alignment %" PRIu64 "\n",
                     elf->tls_address, elf->tls_file_size, elf->tls_memory_size,
                     elf->tls_alignment);
    }
}

bool print_boot(const char *path, struct image_report *report)
{
    struct boot_preview preview;
    struct message why;

    if (!boot_preview_make(&report->kernel, &report->items, &preview, &why)) {
        (void)complain(path, why.text);
        return false;
    }
    (void)printf("\nwhat the loader will do where memory grants the wish, on a machine without "
                 "memory above 4 GiB:\n\n");
    print_type(&preview);
    (void)printf("entry: 0x%016" PRIx64 "\n", report->kernel.elf.entry);
    print_tls(&report->kernel.elf);
    (void)printf("\n%-18s %14s  %-6s  %s\n", "address", "bytes", "rights", "what");
    (void)kernel_layout_walk(&report->kernel.layout, print_piece, &preview);
    print_surroundings(&preview);
    boot_preview_free(&preview);
    return true;
}
