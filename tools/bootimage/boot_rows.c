// Walks what will lie where after a boot. Called by inspect_boot.c and inspect_json.c.
#include "boot_rows.h"

#include "loader_region.h"
#include "page.h"

#include <stddef.h>

#define SLOT_SHIFT       39 // of an entry of the root page table
#define HIGHER_HALF_SLOT 256u
#define HIGHER_HALF      0xFFFF000000000000u

struct walk {
    const struct boot_preview *preview;
    boot_row_visitor *visit;
    void *context;
};

// A kernel_piece_visitor.
static bool visit_piece(const struct kernel_piece *piece, void *context)
{
    const struct walk *walk = context;
    const struct elf_kernel *elf = &walk->preview->kernel->elf;
    const struct boot_row row = {
        .kind = BOOT_ROW_KERNEL,
        .address = piece->virtual_address,
        .bytes = piece->bytes,
        .permissions = piece->permissions,
        .is_relro =
            piece->virtual_address >= elf->relro_start && piece->virtual_address < elf->relro_end,
    };

    walk->visit(walk->preview, &row, walk->context);
    return true;
}

static void visit(const struct walk *walk, enum boot_row_kind kind, uint64_t address,
                  uint64_t bytes, uint32_t permissions)
{
    const struct boot_row row = {
        .kind = kind, .address = address, .bytes = bytes, .permissions = permissions};

    walk->visit(walk->preview, &row, walk->context);
}

static void visit_items(const struct walk *walk)
{
    struct region_item at = {.item = NULL};

    while (region_item_next(&at, walk->preview->items)) {
        const bool is_module = at.item->kind != IMAGE_ITEM_SYMBOLS;
        const struct boot_row row = {
            .kind = is_module ? BOOT_ROW_MODULE : BOOT_ROW_SYMBOLS,
            .address = walk->preview->handover.loader_region + at.offset,
            .bytes = at.bytes,
            .permissions = PAGE_WRITE,
            .item = is_module ? at.item : NULL,
        };
        walk->visit(walk->preview, &row, walk->context);
    }
}

static void visit_recursive_slot(const struct walk *walk, uint32_t slot)
{
    const uint64_t address = (uint64_t)slot << SLOT_SHIFT;

    visit(walk, BOOT_ROW_PAGE_TABLES, address | (slot >= HIGHER_HALF_SLOT ? HIGHER_HALF : 0),
          PAGE_TABLE_SLOT_SIZE, PAGE_WRITE);
}

void boot_rows_walk(const struct boot_preview *preview, boot_row_visitor *visitor, void *context)
{
    const struct handover *handover = &preview->handover;
    struct walk walk = {preview, visitor, context};

    (void)kernel_layout_walk(&preview->kernel->layout, visit_piece, &walk);
    if (handover->vga_text_mapped) {
        visit(&walk, BOOT_ROW_VGA_TEXT, VGA_TEXT_ADDRESS, VGA_TEXT_BYTES, PAGE_WRITE);
    }
    if (handover->direct_map_size != 0) {
        visit(&walk, BOOT_ROW_DIRECT_MAP, handover->direct_map, handover->direct_map_size,
              PAGE_WRITE);
    }
    if (preview->kernel->request.recursive_slot != 0) {
        visit_recursive_slot(&walk, preview->kernel->request.recursive_slot);
    }
    visit(&walk, BOOT_ROW_HANDOVER_PAGE, handover->loader_region, PAGE_BYTES, PAGE_EXECUTE);
    visit(&walk, BOOT_ROW_STACK, handover->stack_virtual, handover->stack_bytes, PAGE_WRITE);
    visit(&walk, BOOT_ROW_BOOT_INFO, handover->info_virtual, handover->info_bytes, PAGE_WRITE);
    if (handover->framebuffer != 0) {
        visit(&walk, BOOT_ROW_FRAMEBUFFER, handover->framebuffer, 0, PAGE_WRITE);
    }
    visit_items(&walk);
}

bool boot_row_next_pages(const struct boot_preview *preview, const struct boot_row *row,
                         uint64_t *done, struct boot_row_pages *pages)
{
    pages->count = 0;
    if (row->kind != BOOT_ROW_KERNEL || *done >= row->bytes) {
        return false;
    }
    pages->size = boot_preview_page_size(preview, row->address + *done);
    if (pages->size == 0) {
        return false;
    }
    while (*done < row->bytes &&
           boot_preview_page_size(preview, row->address + *done) == pages->size) {
        *done += pages->size;
        pages->count++;
    }
    return true;
}
