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

// Maps the parts of the address space.
struct mapper {
    struct page_tables *tables;
    struct message *why;
    uint64_t direct_map;
};

static bool map(struct mapper *mapper, uint64_t virtual_address, uint64_t physical, uint64_t bytes,
                uint32_t permissions, uint64_t largest_page)
{
    return page_tables_map(mapper->tables, virtual_address, physical, bytes, permissions,
                           largest_page, mapper->why);
}

static bool map_direct(uint64_t physical, uint64_t bytes, uint64_t largest_page, void *context)
{
    struct mapper *mapper = context;
    return map(mapper, mapper->direct_map + physical, physical, bytes, PAGE_WRITE, largest_page);
}

static bool map_items(const struct handover_input *input, const struct handover *handover,
                      struct mapper *mapper)
{
    struct region_item at = {0};
    while (region_item_next(&at, input->items)) {
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
    return (!handover->vga_text_mapped || map(mapper, VGA_TEXT_ADDRESS, VGA_TEXT_ADDRESS,
                                              VGA_TEXT_BYTES, PAGE_WRITE, PAGE_SIZE_4K)) &&
           kernel_layout_map(input->kernel, input->kernel_physical, mapper->tables, mapper->why) &&
           (handover->direct_map_size == 0 || direct_map_walk(input->map, map_direct, mapper)) &&
           map_loader_region(input, handover, physical, mapper);
}

// ---- Plan and build -----------------------------------------------------------------------

// Room for the tables of map_all: more than it will use, for a walk over all pieces only to count
// them would cost as much as the one that maps them. False, with a message, when the modules do not
// fit into the loader region.
static bool plan_tables(const struct handover_input *input, struct handover *handover,
                        struct message *why)
{
    const uint64_t loader_bytes =
        handover->info_virtual + handover->info_bytes - handover->loader_region;
    uint64_t tables = 1 + page_tables_at_most(VGA_TEXT_BYTES) +
                      kernel_layout_tables(input->kernel) + page_tables_at_most(loader_bytes) +
                      page_tables_at_most(input->facts->framebuffer.size + PAGE_BYTES);
    if (handover->direct_map_size != 0) {
        tables +=
            direct_map_tables(input->map, handover->direct_map_size - 1, input->gigabyte_pages);
    }
    struct region_item at = {0};
    uint64_t items_offset = 0; // of the first; they follow one another
    uint64_t items_bytes = 0;
    while (region_item_next(&at, input->items)) {
        if (at.bytes > LOADER_REGION_BYTES || at.offset + at.bytes > LOADER_REGION_BYTES) {
            return message_refuse(why, "the modules need more than the 504 GiB of address space "
                                       "there is for them: leave some out");
        }
        items_offset = items_offset == 0 ? at.offset : items_offset;
        items_bytes = at.offset + at.bytes - items_offset;
    }
    tables += page_tables_at_most(items_bytes);
    handover->tables_bytes = tables * PAGE_BYTES;
    return true;
}

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

    if (!plan_tables(input, handover, why)) {
        return false;
    }
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
    handover->tables_bytes = tables.used * PAGE_BYTES;
    handover->memory_bytes = handover->tables_offset + handover->tables_bytes;
    return true;
}
