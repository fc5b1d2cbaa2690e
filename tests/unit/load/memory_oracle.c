// Memory maps for the unit tests, and the oracle they are compared with.
#include "memory_oracle.h"

#include "unit.h"

void test_map_reset(struct test_map *test, uint32_t capacity)
{
    test->map = (struct memory_map){.capacity = capacity, .ranges = test->ranges};
}

void test_map_add(struct test_map *test, uint64_t base, uint64_t length, uint32_t kind)
{
    struct message why;
    assert_true(memory_map_add(&test->map, base, length, kind, &why));
}

void test_map_normalise(struct test_map *raw, struct test_map *result)
{
    struct message why = {.text = ""};
    test_map_reset(result, MEMORY_MAP_MAX);
    if (!memory_map_normalise(&raw->map, &result->map, &why)) {
        fail_msg("%s", why.text);
    }
}

void assert_ranges(const struct test_map *actual, const struct boot_memory_range *expected,
                   uint32_t count)
{
    assert_int_equal(actual->map.count, count);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(actual->ranges[i].base, expected[i].base);
        assert_int_equal(actual->ranges[i].length, expected[i].length);
        assert_int_equal(actual->ranges[i].kind, expected[i].kind);
        assert_int_equal(actual->ranges[i].reserved, 0);
    }
}

static uint32_t oracle_kind(uint32_t kind)
{
    return kind >= 1 && kind <= 7 ? kind : BOOT_MEMORY_RESERVED;
}

static void oracle_add(uint32_t *kinds, const struct boot_memory_range *range)
{
    for (uint64_t unit = range->base / UNIT; unit < (range->base + range->length) / UNIT; unit++) {
        if (oracle_kind(range->kind) > kinds[unit]) {
            kinds[unit] = oracle_kind(range->kind);
        }
    }
}

// Pages that are not usable throughout are reserved where they were usable.
static void oracle_trim(uint32_t *kinds)
{
    for (unsigned page = 0; page < UNITS; page += UNITS_PER_PAGE) {
        bool whole = true;
        for (unsigned i = 0; i < UNITS_PER_PAGE; i++) {
            whole &= kinds[page + i] == BOOT_MEMORY_USABLE;
        }
        for (unsigned i = 0; i < UNITS_PER_PAGE && !whole; i++) {
            if (kinds[page + i] == BOOT_MEMORY_USABLE) {
                kinds[page + i] = BOOT_MEMORY_RESERVED;
            }
        }
    }
}

void assert_matches_oracle(const struct memory_map *map, const uint32_t *kinds)
{
    uint32_t next = 0;
    for (unsigned unit = 0; unit < UNITS;) {
        unsigned end = unit;
        while (end < UNITS && kinds[end] == kinds[unit]) {
            end++;
        }
        if (kinds[unit] != 0) {
            assert_true(next < map->count);
            assert_int_equal(map->ranges[next].base, (uint64_t)unit * UNIT);
            assert_int_equal(map->ranges[next].length, (uint64_t)(end - unit) * UNIT);
            assert_int_equal(map->ranges[next].kind, kinds[unit]);
            next++;
        }
        unit = end;
    }
    assert_int_equal(next, map->count);
}

void random_raw_map(struct test_map *raw, uint32_t *kinds, uint64_t *seed)
{
    test_map_reset(raw, MEMORY_MAP_RAW_MAX);
    memset(kinds, 0, UNITS * sizeof kinds[0]);
    uint64_t granularity = random_chance(seed, 2) ? 1 : UNITS_PER_PAGE;
    for (uint64_t count = random_below(seed, 24); count > 0; count--) {
        uint64_t base = random_below(seed, UNITS / granularity) * granularity;
        uint64_t room = UNITS - base;
        uint64_t length = random_below(seed, room / granularity + 1) * granularity;
        length = random_chance(seed, 2) ? length / 8 / granularity * granularity : length;
        uint32_t kind = (uint32_t)(random_chance(seed, 2) ? 1 : random_below(seed, 10));
        struct boot_memory_range range = {
            .base = base * UNIT, .length = length * UNIT, .kind = kind};
        test_map_add(raw, range.base, range.length, range.kind);
        oracle_add(kinds, &range);
    }
    oracle_trim(kinds);
}

uint32_t memory_type_at(const struct test_map *map, uint64_t address, uint64_t *until)
{
    *until = UINT64_MAX;
    for (uint32_t i = 0; i < map->map.count; i++) {
        const struct boot_memory_range *range = &map->ranges[i];
        if (address < range->base) {
            *until = range->base;
            return TYPE_ABSENT;
        }
        if (address - range->base < range->length) {
            *until = range->base + range->length;
            bool loader = range->kind == BOOT_MEMORY_KERNEL || range->kind == BOOT_MEMORY_MODULE ||
                          range->kind == BOOT_MEMORY_LOADER_RECLAIMABLE;
            return loader ? BOOT_MEMORY_USABLE : range->kind;
        }
    }
    return TYPE_ABSENT;
}

bool is_one_type(const struct test_map *map, uint64_t base, uint64_t end)
{
    uint64_t until;
    uint32_t type = memory_type_at(map, base, &until);
    while (until < end) {
        if (memory_type_at(map, until, &until) != type) {
            return false;
        }
    }
    return true;
}
