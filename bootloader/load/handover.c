// Plans and builds what the kernel finds around itself: loader memory, and the page tables of the
// whole address space. Called by stage 2 after the kernel has been read and its layout planned.
#include "handover.h"

#include "address_space.h"
#include "loader_region.h"

#include <string.h>

// Virtual layout of the loader region: hand-over page, guard page, stack, guard page, info.
#define STACK_VIRTUAL_OFFSET (2 * PAGE_BYTES)
#define GUARD_BYTES          PAGE_BYTES

// ---- The address space --------------------------------------------------------------------

// Takes the mappings of the address space, first to count the page tables, then to build them.
struct mapper {
    struct page_tables *tables; // null: count
    struct message *why;
    uint64_t table_pages;           // counted in the regions before, and the root
    struct page_table_count region; // of the region under way
    uint64_t direct_map;
    bool gigabyte_pages;
};

// Regions are counted one by one because their order in the address space is the kernel's choice,
// each of them without the root.
static void begin_region(struct mapper *mapper)
{
    mapper->table_pages += mapper->region.pages - 1;
    page_table_count_begin(&mapper->region);
}

static bool map(struct mapper *mapper, uint64_t virtual_address, uint64_t physical, uint64_t bytes,
                uint32_t permissions, uint64_t largest_page)
{
    if (mapper->tables != NULL) {
        return page_tables_map(mapper->tables, virtual_address, physical, bytes, permissions,
                               largest_page, mapper->why);
    }
    page_table_count_map(&mapper->region, virtual_address, physical, bytes, largest_page,
                         mapper->gigabyte_pages);
    return true;
}

static bool map_direct(uint64_t physical, uint64_t bytes, uint64_t largest_page, void *context)
{
    struct mapper *mapper = context;
    return map(mapper, mapper->direct_map + physical, physical, bytes, PAGE_WRITE, largest_page);
}

static bool map_kernel(const struct handover_input *input, struct mapper *mapper)
{
    if (mapper->tables != NULL) {
        return kernel_layout_map(input->kernel, input->kernel_physical, mapper->tables,
                                 mapper->why);
    }
    kernel_layout_count(input->kernel, input->kernel_physical, &mapper->region,
                        mapper->gigabyte_pages);
    return true;
}

static bool map_items(const struct handover_input *input, const struct handover *handover,
                      struct mapper *mapper)
{
    struct region_item at = {0};
    while (region_item_next(&at, input->items)) {
        if (at.bytes > LOADER_REGION_BYTES || at.offset + at.bytes > LOADER_REGION_BYTES) {
            return message_refuse(mapper->why, "the modules need more than the 504 GiB of address "
                                               "space there is for them: leave some out");
        }
        if (!map(mapper, handover->loader_region + at.offset, at.item->physical_address, at.bytes,
                 PAGE_WRITE, PAGE_SIZE_2M)) {
            return false;
        }
    }
    return true;
}

// Loader memory begins at `physical`.
static bool map_loader_region(const struct handover_input *input, const struct handover *handover,
                              uint64_t physical, struct mapper *mapper)
{
    const struct boot_framebuffer *screen = &input->facts->framebuffer;
    const uint64_t before = screen->physical_address & PAGE_MASK;
    return map(mapper, handover->loader_region, physical, PAGE_BYTES, PAGE_EXECUTE, PAGE_SIZE_4K) &&
           map(mapper, handover->stack_virtual, physical + handover->stack_offset,
               handover->stack_bytes, PAGE_WRITE, PAGE_SIZE_4K) &&
           map(mapper, handover->info_virtual, physical + handover->info_offset,
               handover->info_bytes, PAGE_WRITE, PAGE_SIZE_4K) &&
           (handover->framebuffer == 0 ||
            map(mapper, handover->framebuffer - before, screen->physical_address - before,
                page_round_up(before + screen->size), PAGE_WRITE, PAGE_SIZE_2M)) &&
           map_items(input, handover, mapper);
}

static bool map_all(const struct handover_input *input, const struct handover *handover,
                    uint64_t physical, struct mapper *mapper)
{
    page_table_count_begin(&mapper->region);
    if (handover->vga_text_mapped && !map(mapper, VGA_TEXT_ADDRESS, VGA_TEXT_ADDRESS,
                                          VGA_TEXT_BYTES, PAGE_WRITE, PAGE_SIZE_4K)) {
        return false;
    }
    begin_region(mapper);
    if (!map_kernel(input, mapper)) {
        return false;
    }
    begin_region(mapper);
    if (handover->direct_map_size != 0 && !direct_map_walk(input->map, map_direct, mapper)) {
        return false;
    }
    begin_region(mapper);
    if (!map_loader_region(input, handover, physical, mapper)) {
        return false;
    }
    begin_region(mapper);
    return true;
}

// ---- Plan and build -----------------------------------------------------------------------

bool handover_plan(const struct handover_input *input, struct handover *handover,
                   struct message *why)
{
    memset(handover, 0, sizeof *handover);
    if (!address_space_choose(input->kernel->elf, input->request, direct_map_last_byte(input->map),
                              handover, why)) {
        return false;
    }
    if (input->facts->framebuffer.size != 0) {
        handover->framebuffer =
            handover->loader_region + region_framebuffer_offset(&input->facts->framebuffer);
    }
    handover->stack_offset = PAGE_BYTES;
    handover->stack_bytes = input->request->stack_size;
    handover->info_offset = handover->stack_offset + handover->stack_bytes;
    handover->info_bytes =
        page_round_up(boot_info_bytes(input, (uint64_t)input->map->count + HANDOVER_SPARE_RANGES));
    handover->stack_virtual = handover->loader_region + STACK_VIRTUAL_OFFSET;
    handover->info_virtual = handover->stack_virtual + handover->stack_bytes + GUARD_BYTES;
    handover->tables_offset = handover->info_offset + handover->info_bytes;

    struct mapper counter = {
        .why = why,
        .table_pages = 1,
        .direct_map = handover->direct_map,
        .gigabyte_pages = input->gigabyte_pages,
    };
    if (!map_all(input, handover, 0, &counter)) {
        return false;
    }
    handover->tables_bytes = counter.table_pages * PAGE_BYTES;
    handover->memory_bytes = handover->tables_offset + handover->tables_bytes;
    return true;
}

bool handover_build(const struct handover_input *input, struct handover *handover, uint8_t *memory,
                    uint64_t physical, struct message *why)
{
    struct page_tables tables = {
        .pool = memory + handover->tables_offset,
        .pool_physical = physical + handover->tables_offset,
        .pool_pages = handover->tables_bytes / PAGE_BYTES,
        .nx = input->nx,
        .gigabyte_pages = input->gigabyte_pages,
    };
    struct mapper builder = {.tables = &tables, .why = why, .direct_map = handover->direct_map};
    handover->root_physical = tables.pool_physical;
    handover->boot_info_virtual = handover->info_virtual;
    handover->gdt_virtual = handover->info_virtual + GDT_OFFSET;
    handover->boot_info = (struct boot_info *)(void *)(memory + handover->info_offset);
    if (!page_tables_begin(&tables, why) || !map_all(input, handover, physical, &builder)) {
        return false;
    }
    if (input->request->recursive_slot != 0) {
        page_tables_set_recursive(&tables, input->request->recursive_slot);
    }
    return boot_info_write(input, handover, why);
}
