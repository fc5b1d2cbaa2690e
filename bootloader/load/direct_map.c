// Cuts physical memory into the pieces of the direct map. Called by handover.c, once to count page
// tables and once to build them.
#include "direct_map.h"

#include "page_tables.h"

#define SMALL_PAGES_END PAGE_SIZE_2M // fixed-range MTRRs differ below 1 MiB

#define TYPE_ABSENT 0u

struct direct_map_walk {
    direct_map_visitor *visit;
    void *context;
    uint64_t position; // pages below have been visited
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

// Visits one piece: its whole pages, and alone those that it shares with its neighbours.
static bool visit_piece(struct direct_map_walk *walk, const struct boot_memory_range *piece)
{
    uint64_t end = piece->base + piece->length;
    if (!memory_kind_is_ram(piece->kind) && end > DIRECT_MAP_MINIMUM) {
        end = DIRECT_MAP_MINIMUM;
    }
    if (piece->base >= end) {
        return true;
    }
    // Page numbers: the end of the highest page is beyond 64 bits.
    uint64_t first_page = piece->base / PAGE_SIZE_4K;
    uint64_t end_page = (end - 1) / PAGE_SIZE_4K + 1;
    uint64_t first_whole = first_page + ((piece->base & PAGE_MASK) != 0);
    uint64_t end_whole = end_page - ((end & PAGE_MASK) != 0);
    bool may_be_huge = piece->kind == BOOT_MEMORY_USABLE || piece->kind == TYPE_ABSENT;
    if (first_whole >= end_whole) {
        return visit_pages(walk, first_page * PAGE_SIZE_4K, end_page * PAGE_SIZE_4K, PAGE_SIZE_4K);
    }
    return visit_pages(walk, first_page * PAGE_SIZE_4K, first_whole * PAGE_SIZE_4K, PAGE_SIZE_4K) &&
           visit_pages(walk, first_whole * PAGE_SIZE_4K, end_whole * PAGE_SIZE_4K,
                       may_be_huge ? PAGE_SIZE_1G : PAGE_SIZE_2M) &&
           visit_pages(walk, end_whole * PAGE_SIZE_4K, end_page * PAGE_SIZE_4K, PAGE_SIZE_4K);
}

// Ends the piece that grew and begins one of another type at `base`.
static bool next_piece(struct direct_map_walk *walk, struct boot_memory_range *growing,
                       uint64_t base, uint32_t type)
{
    bool go_on = visit_piece(walk, growing);
    *growing = (struct boot_memory_range){.base = base, .kind = type};
    return go_on;
}

bool direct_map_walk(const struct memory_map *map, direct_map_visitor *visit, void *context)
{
    struct direct_map_walk walk = {.visit = visit, .context = context};
    struct boot_memory_range growing = {.kind = TYPE_ABSENT};
    uint64_t end = 0; // of what `growing` and the pieces before it cover
    for (uint32_t i = 0; i < map->count; i++) {
        const struct boot_memory_range *range = &map->ranges[i];
        if (range->base > end) {
            if (growing.kind != TYPE_ABSENT && !next_piece(&walk, &growing, end, TYPE_ABSENT)) {
                return false;
            }
            growing.length += range->base - end;
        }
        uint32_t type = type_of_kind(range->kind);
        if (type != growing.kind && !next_piece(&walk, &growing, range->base, type)) {
            return false;
        }
        growing.length += range->length;
        end = range->base + range->length;
    }
    if (end < DIRECT_MAP_MINIMUM) {
        if (growing.kind != TYPE_ABSENT && !next_piece(&walk, &growing, end, TYPE_ABSENT)) {
            return false;
        }
        growing.length += DIRECT_MAP_MINIMUM - end;
    }
    return visit_piece(&walk, &growing);
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
