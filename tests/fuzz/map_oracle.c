// What a memory map should say. Called by the targets of memory_map.c.
#include "map_oracle.h"

#include "unit.h"

#define POINTS_PER_RANGE 6u

static uint64_t last_of(const struct boot_memory_range *range)
{
    return range->base + (range->length - 1);
}

uint32_t oracle_raw_kind(const struct boot_memory_range *ranges, uint32_t count, uint64_t address)
{
    uint32_t kind = ORACLE_ABSENT;
    for (uint32_t i = 0; i < count; i++) {
        const bool inside = address >= ranges[i].base && address <= last_of(&ranges[i]);
        const bool known =
            ranges[i].kind >= BOOT_MEMORY_USABLE && ranges[i].kind <= BOOT_MEMORY_BAD;
        const uint32_t its = known ? ranges[i].kind : BOOT_MEMORY_RESERVED;
        if (inside && its > kind) {
            kind = its;
        }
    }
    return kind;
}

// Whether every byte of the page is usable: its kind can change only where a range begins or ends.
static bool page_is_usable(const struct boot_memory_range *ranges, uint32_t count, uint64_t page)
{
    const uint64_t last = page + PAGE_MASK;
    bool usable = oracle_raw_kind(ranges, count, page) == BOOT_MEMORY_USABLE &&
                  oracle_raw_kind(ranges, count, last) == BOOT_MEMORY_USABLE;
    for (uint32_t i = 0; i < count && usable; i++) {
        const uint64_t behind = last_of(&ranges[i]) + 1; // never 0: see memory_map_add
        if (ranges[i].base >= page && ranges[i].base <= last) {
            usable = oracle_raw_kind(ranges, count, ranges[i].base) == BOOT_MEMORY_USABLE;
        }
        if (usable && behind >= page && behind <= last) {
            usable = oracle_raw_kind(ranges, count, behind) == BOOT_MEMORY_USABLE;
        }
    }
    return usable;
}

uint32_t oracle_trimmed_kind(const struct boot_memory_range *ranges, uint32_t count,
                             uint64_t address)
{
    const uint32_t kind = oracle_raw_kind(ranges, count, address);
    const bool trimmed =
        kind == BOOT_MEMORY_USABLE && !page_is_usable(ranges, count, address & ~PAGE_MASK);
    return trimmed ? BOOT_MEMORY_RESERVED : kind;
}

uint32_t oracle_map_kind(const struct memory_map *map, uint64_t address)
{
    for (uint32_t i = 0; i < map->count; i++) {
        if (address >= map->ranges[i].base && address <= last_of(&map->ranges[i])) {
            return map->ranges[i].kind;
        }
    }
    return ORACLE_ABSENT;
}

void oracle_check_form(const struct memory_map *map)
{
    assert_true(map->count <= map->capacity);
    for (uint32_t i = 0; i < map->count; i++) {
        const struct boot_memory_range *range = &map->ranges[i];
        assert_true(range->length != 0 && last_of(range) >= range->base);
        assert_int_equal(range->reserved, 0);
        if (range->kind == BOOT_MEMORY_USABLE) {
            assert_int_equal((range->base | range->length) & PAGE_MASK, 0);
        }
        if (i > 0) {
            const uint64_t before = last_of(range - 1);
            assert_true(range->base > before);
            assert_true(range->base - before > 1 || range->kind != range[-1].kind);
        }
    }
}

static int compare_addresses(const void *a, const void *b)
{
    const uint64_t first = *(const uint64_t *)a;
    const uint64_t second = *(const uint64_t *)b;
    return (first > second) - (first < second);
}

struct oracle_points oracle_points_of(const struct boot_memory_range *ranges, uint32_t count)
{
    struct oracle_points points = {
        .addresses = allocate((1 + (size_t)count * POINTS_PER_RANGE) * sizeof(uint64_t))};
    points.addresses[points.count++] = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t ends[] = {ranges[i].base, last_of(&ranges[i]) + 1};
        for (unsigned j = 0; j < 2; j++) {
            points.addresses[points.count++] = ends[j];
            points.addresses[points.count++] = ends[j] & ~PAGE_MASK;
            points.addresses[points.count++] = (ends[j] & ~PAGE_MASK) + PAGE_BYTES;
        }
    }
    qsort(points.addresses, points.count, sizeof(uint64_t), compare_addresses);
    return points;
}
