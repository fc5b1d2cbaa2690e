// Plays stage 2's decisions through, without a machine. Called by bootimage inspect and by the unit
// tests.
#include "boot_preview.h"

#include "kernel_extras.h"
#include "page.h"

#include <stdlib.h>
#include <string.h>

// The machine: RAM from 1 MiB to 3 GiB. Where in there things lie makes no difference to their
// virtual addresses, but for what large pages need: modulo 2 MiB.
#define RAM_BASE        0x100000u
#define RAM_END         0xC0000000u
#define MAP_RANGES      1u
#define SCREEN_PHYSICAL 0xE0000000u // a multiple of 2 MiB
#define ITEM_PHYSICAL   0x200000u   // the same

// The largest kernel that is mapped: its page tables take memory on the host.
#define MAPPED_MOST 0x1000000000u // 64 GiB

// Of a page table's entry (Intel SDM volume 3A, section 4.5).
#define ENTRY_PRESENT    1u
#define ENTRY_LARGE      0x80u
#define ENTRY_ADDRESS    0x000FFFFFFFFFF000u
#define TABLE_INDEX_BITS 9
#define TABLE_INDEX_MASK 0x1FFu
#define TABLE_LEVELS     4

// Stage 2 notes where it has read modules and symbols to.
static void place_items(const struct image_items *items)
{
    for (uint32_t i = 0; i < items->count; i++) {
        items->all[i].physical_address = ITEM_PHYSICAL + items->all[i].memory_phase;
    }
}

static bool plan_address_space(struct boot_preview *preview, struct message *why)
{
    struct boot_memory_range ranges[MAP_RANGES] = {
        {.base = RAM_BASE, .length = RAM_END - RAM_BASE, .kind = BOOT_MEMORY_USABLE},
    };
    const struct memory_map map = {MAP_RANGES, MAP_RANGES, ranges};
    struct boot_info facts;

    memset(&facts, 0, sizeof(facts));
    if (preview->kernel->request.video != BOOT_VIDEO_TEXT) {
        facts.framebuffer.physical_address = SCREEN_PHYSICAL;
        facts.framebuffer.size = PAGE_BYTES;
    }
    const struct handover_input input = {
        .kernel = &preview->kernel->layout,
        .kernel_physical = preview->kernel->memory_phase,
        .map = &map,
        .request = &preview->kernel->request,
        .items = preview->items,
        .facts = &facts,
        .command_line = "",
        .nx = true,
        .gigabyte_pages = true,
    };
    return handover_plan(&input, &preview->handover, why);
}

// Builds the kernel's page tables as stage 2 will; the tables' own physical address is 0.
static bool map_kernel(struct boot_preview *preview, struct message *why)
{
    const struct kernel_layout *layout = &preview->kernel->layout;
    const uint64_t physical = preview->kernel->memory_phase;
    struct page_tables *tables = &preview->tables;
    const uint64_t tables_most = 1 + kernel_layout_tables(layout);

    if (layout->memory_bytes > MAPPED_MOST) {
        return true;
    }
    *tables = (struct page_tables){
        .pool = tables_most <= SIZE_MAX / PAGE_SIZE_4K ? calloc((size_t)tables_most, PAGE_SIZE_4K)
                                                       : NULL,
        .pool_pages = tables_most,
        .nx = true,
        .gigabyte_pages = true,
    };
    if (tables->pool == NULL) {
        return message_refuse(why, "not enough memory for %llu page tables",
                              (unsigned long long)tables_most);
    }
    return page_tables_begin(tables, why) && kernel_layout_map(layout, physical, tables, why);
}

bool boot_preview_make(struct checked_kernel *kernel, const struct image_items *items,
                       struct boot_preview *preview, struct message *why)
{
    memset(preview, 0, sizeof(*preview));
    preview->kernel = kernel;
    preview->items = items;
    preview->relocation_count = kernel_relocation_count(&kernel->elf);
    if (kernel->elf.position_independent) {
        elf_set_slide(&kernel->elf, kernel->room.unmoved);
    }
    place_items(items);
    if (!plan_address_space(preview, why) || !map_kernel(preview, why)) {
        boot_preview_free(preview);
        return false;
    }
    return true;
}

uint64_t boot_preview_page_size(const struct boot_preview *preview, uint64_t virtual_address)
{
    uint64_t table = 0; // offset in the pool
    unsigned shift = PAGE_SHIFT + TABLE_INDEX_BITS * (TABLE_LEVELS - 1);

    if (preview->tables.pool == NULL) {
        return 0;
    }
    for (;; shift -= TABLE_INDEX_BITS) {
        const uint64_t index = virtual_address >> shift & TABLE_INDEX_MASK;
        uint64_t entry;
        memcpy(&entry, preview->tables.pool + table + index * sizeof(entry), sizeof(entry));
        if ((entry & ENTRY_PRESENT) == 0) {
            return 0;
        }
        if (shift == PAGE_SHIFT || (entry & ENTRY_LARGE) != 0) {
            return (uint64_t)1 << shift;
        }
        table = entry & ENTRY_ADDRESS;
    }
}

void boot_preview_free(struct boot_preview *preview)
{
    free(preview->tables.pool);
    preview->tables.pool = NULL;
}
