// Physical memory by frames of 4 KiB, from the usable ranges of the loader's memory map. Pure but
// for the direct map, through which it keeps its lists: each range begins with a bitmap of its own
// frames, so there is no limit to ranges or memory.
#ifndef KERNEL_MEMORY_FRAME_ALLOCATOR_H
#define KERNEL_MEMORY_FRAME_ALLOCATOR_H

#include "firstlight/boot_info.h"

#include <stdbool.h>
#include <stdint.h>

#define FRAME_BYTES UINT64_C(4096)

struct frame_region;

struct frame_allocator {
    struct frame_region *regions;
    uint64_t direct_map_offset; // physical address p is at direct_map_offset + p
    uint64_t free;              // frames
};

// Takes over all usable memory that boot_info names. There must be a direct map.
void frames_initialise(struct frame_allocator *allocator, const struct boot_info *info);

// Takes over one more range of page-aligned ends, which nobody else uses: memory of the loader's,
// for example, once it is not needed any more. Of few frames nothing may be left to give.
void frames_add(struct frame_allocator *allocator, uint64_t base, uint64_t length);

// The physical address of so many frames in a row, or 0 when there are none. Their contents are
// left over from whoever had them before.
uint64_t frames_allocate(struct frame_allocator *allocator, uint64_t count);

// Gives back frames, all those of one allocation or some of them. False, and nothing is done, when
// one of them was not given out.
bool frames_free(struct frame_allocator *allocator, uint64_t address, uint64_t count);

#endif
