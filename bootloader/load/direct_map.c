// Cuts physical memory into the pieces of the direct map. Called by handover.c.
#include "direct_map.h"

#include "page_tables.h"

#define SMALL_PAGES_END PAGE_SIZE_2M // fixed-range MTRRs differ below 1 MiB

#define TYPE_ABSENT 0u

struct direct_map_walk {
    direct_map_visitor *visit;
    void *context;
    uint64_t position; // pages below have been visited
    // The piece that grows.
    uint64_t base, end;
    uint32_t type;
};

// What was cut from usable memory by the loader is of one type with the rest of it.
_Static_assert(BOOT_MEMORY_USABLE == 1 && BOOT_MEMORY_LOADER_RECLAIMABLE == 2 &&
                   BOOT_MEMORY_KERNEL == 3,
               "the first three kinds are one type");

static uint32_t type_of_kind(uint32_t kind)
{
    return kind <= BOOT_MEMORY_KERNEL || kind == BOOT_MEMORY_MODULE ? BOOT_MEMORY_USABLE : kind;
}

static bool visit_pages(struct direct_map_walk *walk, uint64_t base, uint64_t end,
                        uint64_t largest_page)
{
    if (base < walk->position) {
        base = walk->position; // a page shared with the piece before
    }
    if (base >= end) {
        return true;
    }
    walk->position = end;
    if (base < SMALL_PAGES_END) {
        uint64_t small_end = end < SMALL_PAGES_END ? end : SMALL_PAGES_END;
        if (!walk->visit(base, small_end - base, PAGE_SIZE_4K, walk->context)) {
            return false;
        }
        base = small_end;
    }
    return base == end || walk->visit(base, end - base, largest_page, walk->context);
}

// Visits the piece that has grown: its whole pages, and alone those that it shares with its
// neighbours.
static bool visit_piece(struct direct_map_walk *walk)
{
    uint64_t end = walk->end;
    if (!memory_kind_is_ram(walk->type) && end > DIRECT_MAP_MINIMUM) {
        end = DIRECT_MAP_MINIMUM;
    }
    if (walk->base >= end) {
        return true;
    }
    const bool may_be_huge = walk->type == BOOT_MEMORY_USABLE || walk->type == TYPE_ABSENT;
    enum { FIRST_WHOLE, END_WHOLE, END, BORDERS };
    const uint64_t borders[BORDERS] = {
        [FIRST_WHOLE] = page_round_up(walk->base),
        [END_WHOLE] = end & ~PAGE_MASK,
        [END] = page_round_up(end),
    };
    uint64_t at = walk->base & ~PAGE_MASK;
    for (unsigned i = 0; i < BORDERS; i++) {
        // What wraps around to 0 is beyond all memory.
        if (borders[i] > at) {
            const uint64_t whole = may_be_huge ? PAGE_SIZE_1G : PAGE_SIZE_2M;
            if (!visit_pages(walk, at, borders[i], i == END_WHOLE ? whole : PAGE_SIZE_4K)) {
                return false;
            }
            at = borders[i];
        }
    }
    return true;
}

// Lets the piece grow up to `end`; what is of another type ends it and begins the next.
static bool grow(struct direct_map_walk *walk, uint64_t end, uint32_t type)
{
    if (end <= walk->end) {
        return true;
    }
    if (type != walk->type) {
        if (!visit_piece(walk)) {
            return false;
        }
        walk->base = walk->end;
        walk->type = type;
    }
    walk->end = end;
    return true;
}

bool direct_map_walk(const struct memory_map *map, direct_map_visitor *visit, void *context)
{
    struct direct_map_walk walk = {.visit = visit, .context = context, .type = TYPE_ABSENT};
    for (uint32_t i = 0; i < map->count; i++) {
        const struct boot_memory_range *range = &map->ranges[i];
        if (!grow(&walk, range->base, TYPE_ABSENT) ||
            !grow(&walk, range->base + range->length, type_of_kind(range->kind))) {
            return false;
        }
    }
    return grow(&walk, DIRECT_MAP_MINIMUM, TYPE_ABSENT) && visit_piece(&walk);
}

uint64_t direct_map_last_byte(const struct memory_map *map)
{
    uint64_t last = DIRECT_MAP_MINIMUM - 1;
    for (uint32_t i = 0; i < map->count; i++) {
        const struct boot_memory_range *range = &map->ranges[i];
        uint64_t range_last = (range->base + (range->length - 1)) | PAGE_MASK;
        if (memory_kind_is_ram(range->kind) && range_last > last) {
            last = range_last;
        }
    }
    return last;
}

uint64_t direct_map_tables(const struct memory_map *map, uint64_t last_byte, bool gigabyte_pages)
{
    // What covers the slots of the root, the gibibytes of which all is mapped, and the first 2 MiB.
    uint64_t tables = last_byte / PAGE_TABLE_SLOT_SIZE + 1 + DIRECT_MAP_MINIMUM / PAGE_SIZE_1G + 1;
    uint64_t edge = 0; // the last 2 MiB in which a range begins or ends
    for (uint32_t i = 0; i < map->count; i++) {
        const struct boot_memory_range *range = &map->ranges[i];
        const uint64_t first = range->base / PAGE_SIZE_2M;
        const uint64_t last = (range->base + range->length) / PAGE_SIZE_2M;
        enum { TABLES = 2 }; // one for these 2 MiB, one for their gibibyte
        tables += (first != edge ? TABLES : 0) + (last != first ? TABLES : 0);
        if (memory_kind_is_ram(range->kind) &&
            (!gigabyte_pages || type_of_kind(range->kind) != BOOT_MEMORY_USABLE)) {
            tables += range->length / PAGE_SIZE_1G;
        }
        edge = last;
    }
    return tables;
}
