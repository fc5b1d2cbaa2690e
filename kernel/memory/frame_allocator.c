// First fit over bitmaps; see frame_allocator.h.
#include "memory/frame_allocator.h"

#include "lib/string.h"

#include <stddef.h>

#define WORD_BITS UINT64_C(64)
#define WORD_FULL UINT64_MAX
#define NOT_FOUND UINT64_MAX

// At the start of each range; the frames behind it are those to give.
struct frame_region {
    struct frame_region *next;
    uint64_t first;   // physical address of the first frame to give
    uint64_t count;   // frames
    uint64_t hint;    // no frame below this index is free
    uint64_t taken[]; // a bit for each frame; those behind the last are set, too
};

static uint64_t words_for(uint64_t frames)
{
    return (frames + WORD_BITS - 1) / WORD_BITS;
}

// Frames that a region needs for itself, to keep so many.
static uint64_t overhead(uint64_t frames)
{
    const uint64_t bytes = sizeof(struct frame_region) + words_for(frames) * sizeof(uint64_t);
    return (bytes + FRAME_BYTES - 1) / FRAME_BYTES;
}

static bool is_taken(const struct frame_region *region, uint64_t index)
{
    return (region->taken[index / WORD_BITS] >> index % WORD_BITS & 1) != 0;
}

static void mark(struct frame_region *region, uint64_t index, uint64_t count, bool taken)
{
    for (uint64_t i = index; i < index + count; i++) {
        const uint64_t bit = UINT64_C(1) << i % WORD_BITS;
        uint64_t *word = &region->taken[i / WORD_BITS];
        *word = taken ? *word | bit : *word & ~bit;
    }
}

void frames_add(struct frame_allocator *allocator, uint64_t base, uint64_t length)
{
    const uint64_t frames = length / FRAME_BYTES;
    const uint64_t own = overhead(frames);
    if (own >= frames) {
        return;
    }
    struct frame_region *region = (struct frame_region *)(allocator->direct_map_offset + base);
    region->next = allocator->regions;
    region->first = base + own * FRAME_BYTES;
    region->count = frames - own;
    region->hint = 0;
    const uint64_t words = words_for(region->count);
    memset(region->taken, 0, words * sizeof region->taken[0]);
    mark(region, region->count, words * WORD_BITS - region->count, true);
    allocator->regions = region;
    allocator->free += region->count;
}

void frames_initialise(struct frame_allocator *allocator, const struct boot_info *info)
{
    *allocator = (struct frame_allocator){.direct_map_offset = info->direct_map_offset};
    for (uint64_t i = 0; i < info->memory_map_count; i++) {
        const struct boot_memory_range *range = &info->memory_map[i];
        if (range->kind == BOOT_MEMORY_USABLE) {
            frames_add(allocator, range->base, range->length);
        }
    }
}

// The index of the first of so many free frames in a row. Whole words are passed at once.
static uint64_t find_run(const struct frame_region *region, uint64_t count)
{
    uint64_t run = 0;
    uint64_t index = region->hint;
    while (index < region->count && run < count) {
        const uint64_t word = region->taken[index / WORD_BITS];
        const bool whole = index % WORD_BITS == 0 && (word == 0 || word == WORD_FULL);
        const uint64_t step = whole ? WORD_BITS : 1;
        run = is_taken(region, index) ? 0 : run + step;
        index += step;
    }
    return run >= count ? index - run : NOT_FOUND;
}

uint64_t frames_allocate(struct frame_allocator *allocator, uint64_t count)
{
    if (count == 0 || count > allocator->free) {
        return 0;
    }
    for (struct frame_region *region = allocator->regions; region != NULL; region = region->next) {
        const uint64_t index = find_run(region, count);
        if (index != NOT_FOUND) {
            mark(region, index, count, true);
            allocator->free -= count;
            if (count == 1) { // what lies before it is taken: it was the first
                region->hint = index + 1;
            }
            return region->first + index * FRAME_BYTES;
        }
    }
    return 0;
}

static struct frame_region *region_of(const struct frame_allocator *allocator, uint64_t address)
{
    struct frame_region *region = allocator->regions;
    while (region != NULL &&
           (address < region->first || (address - region->first) / FRAME_BYTES >= region->count)) {
        region = region->next;
    }
    return region;
}

bool frames_free(struct frame_allocator *allocator, uint64_t address, uint64_t count)
{
    struct frame_region *region = region_of(allocator, address);
    if (region == NULL || count == 0 || address % FRAME_BYTES != 0) {
        return false;
    }
    const uint64_t index = (address - region->first) / FRAME_BYTES;
    if (count > region->count - index) {
        return false;
    }
    for (uint64_t i = index; i < index + count; i++) {
        if (!is_taken(region, i)) {
            return false;
        }
    }
    mark(region, index, count, false);
    allocator->free += count;
    region->hint = index < region->hint ? index : region->hint;
    return true;
}
