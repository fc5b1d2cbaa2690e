// What lies in the loader region beside loader memory, and boot_info, which points to it. Called by
// handover.c.
#ifndef LOAD_LOADER_REGION_H
#define LOAD_LOADER_REGION_H

#include "handover.h"

#include <stdbool.h>
#include <stdint.h>

#define LOADER_REGION_BYTES PAGE_TABLE_SLOT_SIZE

// A module, or the symbols, in the loader region. {0} to start with.
struct region_item {
    const struct image_item *item;
    uint64_t offset; // in the loader region
    uint64_t bytes;  // whole pages
    uint32_t cursor; // the next of the image's items
};

// Steps to the next one, in the order of the image; false at the end.
bool region_item_next(struct region_item *item, const struct image_items *items);

// Where the framebuffer lies in the loader region.
uint64_t region_framebuffer_offset(const struct boot_framebuffer *framebuffer);

// Bytes that boot_info takes, with all that lies behind it, for a map of so many ranges.
uint64_t boot_info_bytes(const struct handover_input *input, uint64_t ranges);

// Where the GDT lies from boot_info on.
#define GDT_OFFSET sizeof(struct boot_info)

#endif
