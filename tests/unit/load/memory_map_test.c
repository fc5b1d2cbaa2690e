// Unit tests of bootloader/load/memory_map.c: how a map is made, from hand-made and random reports.
#include "memory_map.h"
#include "memory_oracle.h"
#include "unit.h"

#define TOP UINT64_MAX

// ---- Adding -------------------------------------------------------------------------------

static void add_skips_and_cuts(void **state)
{
    (void)state;
    struct test_map test;
    test_map_reset(&test, 4);
    test_map_add(&test, 0x1000, 0, BOOT_MEMORY_USABLE);
    test_map_add(&test, TOP, 5, BOOT_MEMORY_USABLE);
    assert_int_equal(test.map.count, 0);
    test_map_add(&test, TOP - 10, 100, BOOT_MEMORY_USABLE);
    test_map_add(&test, 0, TOP, BOOT_MEMORY_USABLE);
    test_map_add(&test, 1, TOP, BOOT_MEMORY_USABLE);
    ASSERT_RANGES(&test, {TOP - 10, 10, BOOT_MEMORY_USABLE, 0}, {0, TOP, BOOT_MEMORY_USABLE, 0},
                  {1, TOP - 1, BOOT_MEMORY_USABLE, 0});
}

static void add_refuses_beyond_capacity(void **state)
{
    (void)state;
    struct test_map test;
    struct message why;
    test_map_reset(&test, 2);
    test_map_add(&test, 0, 1, BOOT_MEMORY_USABLE);
    test_map_add(&test, 1, 1, BOOT_MEMORY_USABLE);
    assert_false(memory_map_add(&test.map, 2, 1, BOOT_MEMORY_USABLE, &why));
    assert_message_has(why.text, "more than 2 ranges");
    assert_true(memory_map_add(&test.map, 2, 0, BOOT_MEMORY_USABLE, &why));
    assert_int_equal(test.map.count, 2);
}

// ---- Normalising --------------------------------------------------------------------------

static void an_ordinary_pc(void **state)
{
    (void)state;
    struct test_map raw;
    struct test_map map;
    test_map_reset(&raw, MEMORY_MAP_RAW_MAX);
    test_map_add(&raw, 0, 0x9FC00, BOOT_MEMORY_USABLE);
    test_map_add(&raw, 0x9FC00, 0x400, BOOT_MEMORY_RESERVED);
    test_map_add(&raw, 0xF0000, 0x10000, BOOT_MEMORY_RESERVED);
    test_map_add(&raw, 0x100000, 0x1FEE0000, BOOT_MEMORY_USABLE);
    test_map_add(&raw, 0x1FFE0000, 0x20000, BOOT_MEMORY_RESERVED);
    test_map_add(&raw, 0xFFFC0000, 0x40000, BOOT_MEMORY_RESERVED);
    test_map_add(&raw, 0xFD00000000, 0x300000000, BOOT_MEMORY_RESERVED);
    test_map_add(&raw, 0, 0x1000, BOOT_MEMORY_RESERVED); // interrupt vectors
    test_map_normalise(&raw, &map);
    ASSERT_RANGES(
        &map, {0, 0x1000, BOOT_MEMORY_RESERVED, 0}, {0x1000, 0x9E000, BOOT_MEMORY_USABLE, 0},
        {0x9F000, 0x1000, BOOT_MEMORY_RESERVED, 0}, {0xF0000, 0x10000, BOOT_MEMORY_RESERVED, 0},
        {0x100000, 0x1FEE0000, BOOT_MEMORY_USABLE, 0},
        {0x1FFE0000, 0x20000, BOOT_MEMORY_RESERVED, 0},
        {0xFFFC0000, 0x40000, BOOT_MEMORY_RESERVED, 0},
        {0xFD00000000, 0x300000000, BOOT_MEMORY_RESERVED, 0});
}

static void the_more_restrictive_kind_wins(void **state)
{
    (void)state;
    for (uint32_t low = BOOT_MEMORY_USABLE; low < BOOT_MEMORY_BAD; low++) {
        for (uint32_t high = low + 1; high <= BOOT_MEMORY_BAD; high++) {
            for (unsigned order = 0; order < 2; order++) {
                struct test_map raw;
                struct test_map map;
                test_map_reset(&raw, MEMORY_MAP_RAW_MAX);
                test_map_add(&raw, 0x1000, 0x4000, order == 0 ? low : high);
                test_map_add(&raw, 0x3000, 0x4000, order == 0 ? high : low);
                test_map_normalise(&raw, &map);
                ASSERT_RANGES(&map,
                              {0x1000, order == 0 ? 0x2000 : 0x4000, order == 0 ? low : high, 0},
                              {order == 0 ? 0x3000 : 0x5000, order == 0 ? 0x4000 : 0x2000,
                               order == 0 ? high : low, 0});
            }
        }
    }
}

static void a_hole_in_the_middle(void **state)
{
    (void)state;
    struct test_map raw;
    struct test_map map;
    test_map_reset(&raw, MEMORY_MAP_RAW_MAX);
    test_map_add(&raw, 0x3000, 0x1000, BOOT_MEMORY_BAD);
    test_map_add(&raw, 0x1000, 0x8000, BOOT_MEMORY_USABLE);
    test_map_add(&raw, 0x3000, 0x1000, BOOT_MEMORY_USABLE);
    test_map_normalise(&raw, &map);
    ASSERT_RANGES(&map, {0x1000, 0x2000, BOOT_MEMORY_USABLE, 0},
                  {0x3000, 0x1000, BOOT_MEMORY_BAD, 0}, {0x4000, 0x5000, BOOT_MEMORY_USABLE, 0});
}

static void unknown_kinds_are_reserved(void **state)
{
    (void)state;
    static const uint32_t unknown[] = {0, 8, 12, 0xF0000000u, UINT32_MAX};
    struct test_map raw;
    struct test_map map;
    for (unsigned i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        test_map_reset(&raw, MEMORY_MAP_RAW_MAX);
        test_map_add(&raw, 0x1000, 0x3000, BOOT_MEMORY_USABLE);
        test_map_add(&raw, 0x2000, 0x1000, unknown[i]);
        test_map_add(&raw, 0x4000, 0x1000, BOOT_MEMORY_BAD);
        test_map_normalise(&raw, &map);
        ASSERT_RANGES(&map, {0x1000, 0x1000, BOOT_MEMORY_USABLE, 0},
                      {0x2000, 0x1000, BOOT_MEMORY_RESERVED, 0},
                      {0x3000, 0x1000, BOOT_MEMORY_USABLE, 0},
                      {0x4000, 0x1000, BOOT_MEMORY_BAD, 0});
    }
}

static void usable_ranges_shrink_to_pages(void **state)
{
    (void)state;
    struct test_map raw;
    struct test_map map;
    test_map_reset(&raw, MEMORY_MAP_RAW_MAX);
    test_map_add(&raw, 0x1001, 0x3FFE, BOOT_MEMORY_USABLE); // to 4FFFh
    test_map_add(&raw, 0x6100, 0x200, BOOT_MEMORY_USABLE);  // less than a page
    test_map_add(&raw, 0x8000, 0x800, BOOT_MEMORY_USABLE);  // together a page
    test_map_add(&raw, 0x8800, 0x800, BOOT_MEMORY_USABLE);
    test_map_add(&raw, 0xA800, 0x1000, BOOT_MEMORY_USABLE); // no whole page
    test_map_add(&raw, 0xB800, 0x10, BOOT_MEMORY_ACPI_NVS);
    test_map_add(&raw, TOP - 0x2800, 0x2800, BOOT_MEMORY_USABLE);
    test_map_normalise(&raw, &map);
    ASSERT_RANGES(
        &map, {0x1001, 0xFFF, BOOT_MEMORY_RESERVED, 0}, {0x2000, 0x2000, BOOT_MEMORY_USABLE, 0},
        {0x4000, 0xFFF, BOOT_MEMORY_RESERVED, 0}, {0x6100, 0x200, BOOT_MEMORY_RESERVED, 0},
        {0x8000, 0x1000, BOOT_MEMORY_USABLE, 0}, {0xA800, 0x1000, BOOT_MEMORY_RESERVED, 0},
        {0xB800, 0x10, BOOT_MEMORY_ACPI_NVS, 0}, {TOP - 0x2800, 0x801, BOOT_MEMORY_RESERVED, 0},
        {TOP - 0x1FFF, 0x1000, BOOT_MEMORY_USABLE, 0},
        {TOP - 0xFFF, 0xFFF, BOOT_MEMORY_RESERVED, 0});
}

static void nothing_reported(void **state)
{
    (void)state;
    struct test_map raw;
    struct test_map map;
    test_map_reset(&raw, MEMORY_MAP_RAW_MAX);
    test_map_normalise(&raw, &map);
    assert_int_equal(map.map.count, 0);
    assert_int_equal(memory_map_largest(&map.map, 0), 0);
}

static void as_many_as_firmware_may_report(void **state)
{
    (void)state;
    struct test_map raw;
    struct test_map map;
    test_map_reset(&raw, MEMORY_MAP_RAW_MAX);
    for (uint64_t i = MEMORY_MAP_RAW_MAX; i-- > 0;) { // backwards, all apart
        test_map_add(&raw, i * 0x2000, 0x1000, BOOT_MEMORY_USABLE);
    }
    test_map_normalise(&raw, &map);
    assert_int_equal(map.map.count, MEMORY_MAP_RAW_MAX);

    // Holes in one large range: the most pieces that so many ranges can make.
    test_map_reset(&raw, MEMORY_MAP_RAW_MAX);
    test_map_add(&raw, 0, 0x10000000, BOOT_MEMORY_USABLE);
    for (uint64_t i = 1; i < MEMORY_MAP_RAW_MAX; i++) {
        test_map_add(&raw, i * 0x2000, 0x1000, BOOT_MEMORY_RESERVED);
    }
    test_map_normalise(&raw, &map);
    assert_int_equal(map.map.count, 2 * MEMORY_MAP_RAW_MAX - 1);

    struct message why;
    test_map_reset(&raw, MEMORY_MAP_RAW_MAX);
    for (uint64_t i = 0; i < MEMORY_MAP_RAW_MAX; i++) {
        test_map_add(&raw, i * 0x4000 + 1, 0x3000, BOOT_MEMORY_USABLE); // three pieces each
    }
    test_map_reset(&map, MEMORY_MAP_MAX);
    assert_false(memory_map_normalise(&raw.map, &map.map, &why));
    assert_message_has(why.text, "more than 1088 ranges");
}

// ---- Against the oracle -------------------------------------------------------------------

static void random_maps_match_the_oracle(void **state)
{
    (void)state;
    uint64_t seed = 41;
    static uint32_t kinds[UNITS];
    struct test_map raw;
    struct test_map map;
    for (unsigned round = 0; round < 20000; round++) {
        random_raw_map(&raw, kinds, &seed);
        test_map_normalise(&raw, &map);
        assert_matches_oracle(&map.map, kinds);
    }
}

static void normalising_again_changes_nothing(void **state)
{
    (void)state;
    uint64_t seed = 42;
    static uint32_t kinds[UNITS];
    struct test_map raw;
    struct test_map map;
    struct test_map again;
    for (unsigned round = 0; round < 1000; round++) {
        random_raw_map(&raw, kinds, &seed);
        test_map_normalise(&raw, &map);
        test_map_normalise(&map, &again);
        assert_ranges(&again, map.ranges, map.map.count);
    }
}

// Ranges anywhere in 64 bits: sorted, apart, trimmed, and no usable byte that nobody reported.
static void random_wild_maps_are_sound(void **state)
{
    (void)state;
    uint64_t seed = 43;
    struct test_map raw;
    struct test_map map;
    for (unsigned round = 0; round < 5000; round++) {
        test_map_reset(&raw, MEMORY_MAP_RAW_MAX);
        for (unsigned i = 0; i < 40; i++) {
            uint64_t base = random_next(&seed) >> random_below(&seed, 64);
            uint64_t length = random_next(&seed) >> random_below(&seed, 64);
            test_map_add(&raw, random_chance(&seed, 4) ? 0 - base : base, length,
                         (uint32_t)random_below(&seed, 9));
        }
        test_map_normalise(&raw, &map);
        uint64_t end = 0;
        for (uint32_t i = 0; i < map.map.count; i++) {
            const struct boot_memory_range *range = &map.ranges[i];
            assert_true(range->length != 0 && range->length <= TOP - range->base);
            assert_true(range->base >= end);
            assert_true(i == 0 || range->base > end || range->kind != range[-1].kind);
            end = range->base + range->length;
            if (range->kind != BOOT_MEMORY_USABLE) {
                continue;
            }
            assert_int_equal((range->base | end) % PAGE_SIZE, 0);
            for (uint32_t r = 0; r < raw.map.count; r++) {
                const struct boot_memory_range *other = &raw.ranges[r];
                assert_true(other->kind == BOOT_MEMORY_USABLE || other->base >= end ||
                            other->base + other->length <= range->base);
            }
        }
    }
}

static void kinds_of_ram(void **state)
{
    (void)state;
    for (uint32_t kind = 0; kind < 20; kind++) {
        assert_int_equal(memory_kind_is_ram(kind),
                         (kind >= 1 && kind <= 5) || kind == BOOT_MEMORY_MODULE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(add_skips_and_cuts),
        cmocka_unit_test(add_refuses_beyond_capacity),
        cmocka_unit_test(an_ordinary_pc),
        cmocka_unit_test(the_more_restrictive_kind_wins),
        cmocka_unit_test(a_hole_in_the_middle),
        cmocka_unit_test(unknown_kinds_are_reserved),
        cmocka_unit_test(usable_ranges_shrink_to_pages),
        cmocka_unit_test(nothing_reported),
        cmocka_unit_test(as_many_as_firmware_may_report),
        cmocka_unit_test(random_maps_match_the_oracle),
        cmocka_unit_test(normalising_again_changes_nothing),
        cmocka_unit_test(random_wild_maps_are_sound),
        cmocka_unit_test(kinds_of_ram),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
