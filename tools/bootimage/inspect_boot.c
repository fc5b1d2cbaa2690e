// bootimage inspect: what the loader will do with an image, before any boot. Called by inspect.c.
#include "boot_rows.h"
#include "inspect.h"
#include "output.h"
#include "page.h"

#include <inttypes.h>
#include <stdio.h>

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

static const char *row_name(enum boot_row_kind kind)
{
    static const char *const names[BOOT_ROW_KIND_COUNT] = {
        [BOOT_ROW_KERNEL] = "kernel",
        [BOOT_ROW_VGA_TEXT] = "VGA text memory",
        [BOOT_ROW_DIRECT_MAP] = "direct map of physical memory, more with memory above 4 GiB",
        [BOOT_ROW_PAGE_TABLES] = "page tables, recursive slot",
        [BOOT_ROW_HANDOVER_PAGE] = "hand-over page",
        [BOOT_ROW_STACK] = "stack, below it a page that is not mapped",
        [BOOT_ROW_BOOT_INFO] = "boot_info and what it points to",
        [BOOT_ROW_FRAMEBUFFER] = "framebuffer, higher by its physical address mod 2 MiB",
        [BOOT_ROW_SYMBOLS] = "symbols",
        [BOOT_ROW_MODULE] = "module ",
    };

    return names[kind];
}

// With the pages by size in the order in which they come.
static void print_kernel_row(const struct boot_preview *preview, const struct boot_row *row)
{
    const char *separator = ", ";
    struct boot_row_pages pages;
    uint64_t done = 0;

    if (row->is_relro) {
        (void)printf(" (RELRO)");
    }
    while (boot_row_next_pages(preview, row, &done, &pages)) {
        (void)printf("%s%" PRIu64 " x %s", separator, pages.count, size_name(pages.size));
        separator = " + ";
    }
}

// A boot_row_visitor.
static void print_row(const struct boot_preview *preview, const struct boot_row *row, void *context)
{
    (void)context;
    (void)printf("0x%016" PRIx64, row->address);
    if (row->bytes != 0) {
        (void)printf(" %14" PRIu64, row->bytes);
    } else {
        (void)printf(" %14s", "");
    }
    (void)printf("  r%c%c     %s", (row->permissions & PAGE_WRITE) != 0 ? 'w' : '-',
                 (row->permissions & PAGE_EXECUTE) != 0 ? 'x' : '-', row_name(row->kind));
    if (row->kind == BOOT_ROW_KERNEL) {
        print_kernel_row(preview, row);
    } else if (row->kind == BOOT_ROW_PAGE_TABLES) {
        (void)printf(" %" PRIu32, preview->kernel->request.recursive_slot);
    } else if (row->kind == BOOT_ROW_MODULE) {
        print_quoted(image_item_text(preview->items, row->item), row->item->name_bytes);
    }
    (void)printf("\n");
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

void print_boot(const struct boot_preview *preview)
{
    const struct elf_kernel *elf = &preview->kernel->elf;

    (void)printf("\nwhat the loader will do where memory grants the wish, on a machine without "
                 "memory above 4 GiB:\n\n");
    print_type(preview);
    (void)printf("entry: 0x%016" PRIx64 "\n", elf->entry);
    print_tls(elf);
    (void)printf("\n%-18s %14s  %-6s  %s\n", "address", "bytes", "rights", "what");
    boot_rows_walk(preview, print_row, NULL);
}
