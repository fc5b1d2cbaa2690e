// Unit tests of bootloader/load/memory_map.c and memory_map_claim.c: how memory is found in a map,
// claimed, and overlaid.
#include "memory_map.h"
#include "memory_oracle.h"
#include "unit.h"

#define TOP UINT64_MAX

// ---- Claiming -----------------------------------------------------------------------------

static void claims_split_and_merge(void **state)
{
    (void)state;
    struct test_map map;
    struct message why;
    test_map_reset(&map, 8);
    test_map_add(&map, 0x1000, 0x9000, BOOT_MEMORY_USABLE);
    assert_true(
        memory_map_claim(&map.map, 0x3000, 0x2000, BOOT_MEMORY_USABLE, BOOT_MEMORY_KERNEL, &why));
    ASSERT_RANGES(&map, {0x1000, 0x2000, BOOT_MEMORY_USABLE, 0},
                  {0x3000, 0x2000, BOOT_MEMORY_KERNEL, 0}, {0x5000, 0x5000, BOOT_MEMORY_USABLE, 0});
    assert_true(
        memory_map_claim(&map.map, 0x5000, 0x1000, BOOT_MEMORY_USABLE, BOOT_MEMORY_KERNEL, &why));
    assert_true(memory_map_claim(&map.map, 0x1000, 0x1000, BOOT_MEMORY_USABLE,
                                 BOOT_MEMORY_LOADER_RECLAIMABLE, &why));
    ASSERT_RANGES(&map, {0x1000, 0x1000, BOOT_MEMORY_LOADER_RECLAIMABLE, 0},
                  {0x2000, 0x1000, BOOT_MEMORY_USABLE, 0}, {0x3000, 0x3000, BOOT_MEMORY_KERNEL, 0},
                  {0x6000, 0x4000, BOOT_MEMORY_USABLE, 0});
    // The rest between two of the kind: all become one.
    assert_true(
        memory_map_claim(&map.map, 0x2000, 0x1000, BOOT_MEMORY_USABLE, BOOT_MEMORY_KERNEL, &why));
    assert_true(memory_map_claim(&map.map, 0x1000, 0x1000, BOOT_MEMORY_LOADER_RECLAIMABLE,
                                 BOOT_MEMORY_KERNEL, &why));
    ASSERT_RANGES(&map, {0x1000, 0x5000, BOOT_MEMORY_KERNEL, 0},
                  {0x6000, 0x4000, BOOT_MEMORY_USABLE, 0});
    // Given back.
    assert_true(
        memory_map_claim(&map.map, 0x1000, 0x5000, BOOT_MEMORY_KERNEL, BOOT_MEMORY_USABLE, &why));
    ASSERT_RANGES(&map, {0x1000, 0x9000, BOOT_MEMORY_USABLE, 0});
    assert_true(
        memory_map_claim(&map.map, 0x2000, 0x1000, BOOT_MEMORY_USABLE, BOOT_MEMORY_USABLE, &why));
    ASSERT_RANGES(&map, {0x1000, 0x9000, BOOT_MEMORY_USABLE, 0});
}

static void claims_do_not_merge_across_gaps(void **state)
{
    (void)state;
    struct test_map map;
    struct message why;
    test_map_reset(&map, 8);
    test_map_add(&map, 0x1000, 0x1000, BOOT_MEMORY_KERNEL);
    test_map_add(&map, 0x3000, 0x1000, BOOT_MEMORY_USABLE);
    test_map_add(&map, 0x5000, 0x1000, BOOT_MEMORY_KERNEL);
    assert_true(
        memory_map_claim(&map.map, 0x3000, 0x1000, BOOT_MEMORY_USABLE, BOOT_MEMORY_KERNEL, &why));
    ASSERT_RANGES(&map, {0x1000, 0x1000, BOOT_MEMORY_KERNEL, 0},
                  {0x3000, 0x1000, BOOT_MEMORY_KERNEL, 0}, {0x5000, 0x1000, BOOT_MEMORY_KERNEL, 0});
}

static void claims_that_are_refused(void **state)
{
    (void)state;
    static const uint64_t wrong[][2] = {
        {0x0000, 0x1000}, {0x0000, 0x2000},         {0x4000, 0x2000}, {0x5000, 0x1000},
        {0x1000, 0},      {0x1800, 0x1000},         {0x1000, 0x800},  {0x2000, 0u - 0x1000ull},
        {0x6000, 0x1000}, {TOP & ~0xFFFull, 0x1000}};
    struct test_map map;
    struct message why;
    test_map_reset(&map, 8);
    test_map_add(&map, 0x1000, 0x4000, BOOT_MEMORY_USABLE);
    test_map_add(&map, 0x6000, 0x1000, BOOT_MEMORY_RESERVED);
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(memory_map_claim(&map.map, wrong[i][0], wrong[i][1], BOOT_MEMORY_USABLE,
                                      BOOT_MEMORY_KERNEL, &why));
        assert_message_has(why.text, "memory to be taken is not free");
        assert_int_equal(map.map.count, 2);
    }
    // No room for a third and fourth range.
    map.map.capacity = 3;
    assert_false(
        memory_map_claim(&map.map, 0x2000, 0x1000, BOOT_MEMORY_USABLE, BOOT_MEMORY_KERNEL, &why));
    assert_message_has(why.text, "more than 3 ranges");
    assert_true(
        memory_map_claim(&map.map, 0x1000, 0x1000, BOOT_MEMORY_USABLE, BOOT_MEMORY_KERNEL, &why));
    assert_int_equal(map.map.count, 3);
}

static void random_claims_match_the_oracle(void **state)
{
    (void)state;
    uint64_t seed = 44;
    static uint32_t kinds[UNITS];
    struct test_map raw;
    struct test_map map;
    struct message why;
    unsigned granted = 0;
    for (unsigned round = 0; round < 2000; round++) {
        random_raw_map(&raw, kinds, &seed);
        test_map_normalise(&raw, &map);
        for (unsigned i = 0; i < 10; i++) {
            uint64_t first = random_below(&seed, UNITS / UNITS_PER_PAGE) * UNITS_PER_PAGE;
            uint64_t count = (1 + random_below(&seed, 4)) * UNITS_PER_PAGE;
            uint32_t from = (uint32_t)(1 + random_below(&seed, 3));
            uint32_t to = (uint32_t)(1 + random_below(&seed, 3));
            bool possible = first + count <= UNITS;
            for (uint64_t unit = first; possible && unit < first + count; unit++) {
                possible = kinds[unit] == from;
            }
            assert_int_equal(memory_map_claim(&map.map, first * UNIT, count * UNIT, from, to, &why),
                             possible);
            for (uint64_t unit = first; possible && unit < first + count; unit++) {
                kinds[unit] = to;
            }
            granted += possible;
            assert_matches_oracle(&map.map, kinds);
        }
    }
    assert_true(granted > 1000);
}

// ---- Laying over --------------------------------------------------------------------------

static bool overlay(struct test_map *map, uint64_t base, uint64_t length)
{
    struct message why = {.text = ""};
    const bool done = memory_map_overlay(&map->map, base, length, BOOT_MEMORY_FRAMEBUFFER, &why);
    if (!done) {
        assert_message_has(why.text, "firmware puts a device at 0x");
    }
    return done;
}

static void lies_over_all_but_the_loaders(void **state)
{
    (void)state;
    struct test_map map;
    test_map_reset(&map, 16);
    test_map_add(&map, 0x1000, 0x1800, BOOT_MEMORY_RESERVED);
    test_map_add(&map, 0x2800, 0x800, BOOT_MEMORY_ACPI_NVS);
    test_map_add(&map, 0x3000, 0x3000, BOOT_MEMORY_USABLE);
    test_map_add(&map, 0x8000, 0x1000, BOOT_MEMORY_KERNEL);
    test_map_add(&map, 0x9000, 0x1000, BOOT_MEMORY_MODULE);
    test_map_add(&map, 0xA000, 0x1000, BOOT_MEMORY_LOADER_RECLAIMABLE);
    assert_true(overlay(&map, 0x2000, 0x2000));
    assert_true(overlay(&map, 0x5000, 0x3000)); // and the hole behind
    ASSERT_RANGES(&map, {0x1000, 0x1000, BOOT_MEMORY_RESERVED, 0},
                  {0x2000, 0x2000, BOOT_MEMORY_FRAMEBUFFER, 0},
                  {0x4000, 0x1000, BOOT_MEMORY_USABLE, 0},
                  {0x5000, 0x3000, BOOT_MEMORY_FRAMEBUFFER, 0},
                  {0x8000, 0x1000, BOOT_MEMORY_KERNEL, 0}, {0x9000, 0x1000, BOOT_MEMORY_MODULE, 0},
                  {0xA000, 0x1000, BOOT_MEMORY_LOADER_RECLAIMABLE, 0});
    for (uint64_t base = 0x7000; base < 0xB000; base += 0x1000) {
        assert_false(overlay(&map, base, 0x2000));
    }
    assert_false(overlay(&map, 0, 0x10000));
    assert_false(overlay(&map, 0xB000, 0));
    assert_false(overlay(&map, 0xB800, 0x1000));
    assert_false(overlay(&map, 0xB000, 0x800));
    assert_false(overlay(&map, 0xFFFFFFFFFFFFF000u, 0x1000));
    assert_int_equal(map.map.count, 7);
    // Beyond all others; what fills the gap becomes one with its neighbours.
    assert_true(overlay(&map, 0xC0000000, 0x1000));
    assert_true(overlay(&map, 0x4000, 0x1000));
    assert_int_equal(map.map.count, 6);
    assert_int_equal(map.ranges[1].length, 0x6000);
    assert_int_equal(map.ranges[5].base, 0xC0000000);
}

static void lies_over_nothing_at_all(void **state)
{
    (void)state;
    struct test_map map;
    struct message why;
    test_map_reset(&map, 1);
    assert_true(overlay(&map, 0xC0000000, 0x300000));
    ASSERT_RANGES(&map, {0xC0000000, 0x300000, BOOT_MEMORY_FRAMEBUFFER, 0});
    assert_false(memory_map_overlay(&map.map, 0x1000, 0x1000, BOOT_MEMORY_FRAMEBUFFER, &why));
    assert_message_has(why.text, "more than 1 ranges");
}

static void random_overlays_match_the_oracle(void **state)
{
    (void)state;
    uint64_t seed = 46;
    static uint32_t kinds[UNITS];
    struct test_map raw;
    struct test_map map;
    unsigned done = 0;
    for (unsigned round = 0; round < 3000; round++) {
        random_raw_map(&raw, kinds, &seed);
        test_map_normalise(&raw, &map);
        for (unsigned i = 0; i < 5; i++) {
            const uint64_t pages = UNITS / UNITS_PER_PAGE;
            const uint64_t first = random_below(&seed, pages);
            const uint64_t count = 1 + random_below(&seed, pages - first);
            const uint64_t begin = first * UNITS_PER_PAGE;
            const uint64_t end = (first + count) * UNITS_PER_PAGE;
            bool possible = true;
            for (uint64_t unit = begin; unit < end; unit++) {
                possible &= kinds[unit] != 2 && kinds[unit] != 3 && kinds[unit] != 8;
            }
            assert_int_equal(overlay(&map, begin * UNIT, (end - begin) * UNIT), possible);
            for (uint64_t unit = begin; possible && unit < end; unit++) {
                kinds[unit] = BOOT_MEMORY_FRAMEBUFFER;
            }
            done += possible;
            assert_matches_oracle(&map.map, kinds);
        }
    }
    assert_true(done > 1000);
}

// ---- Finding ------------------------------------------------------------------------------

static bool oracle_grants(const uint32_t *kinds, uint64_t address, const struct memory_wish *wish)
{
    if (address % wish->alignment != wish->phase || address < wish->minimum ||
        address + wish->bytes > (uint64_t)UNITS * UNIT) {
        return false;
    }
    for (uint64_t unit = address / UNIT; unit < (address + wish->bytes) / UNIT; unit++) {
        const bool avoided = unit * UNIT >= wish->avoid_base && unit * UNIT < wish->avoid_end;
        if (kinds[unit] != BOOT_MEMORY_USABLE || avoided) {
            return false;
        }
    }
    return true;
}

static void random_wishes_match_the_oracle(void **state)
{
    (void)state;
    uint64_t seed = 45;
    static uint32_t kinds[UNITS];
    struct test_map raw;
    struct test_map map;
    for (unsigned round = 0; round < 20000; round++) {
        random_raw_map(&raw, kinds, &seed);
        test_map_normalise(&raw, &map);
        uint64_t alignment = (uint64_t)PAGE_SIZE << random_below(&seed, 4);
        struct memory_wish wish = {
            .bytes = PAGE_SIZE * (1 + random_below(&seed, 6)),
            .alignment = alignment,
            .phase = random_below(&seed, alignment / PAGE_SIZE) * PAGE_SIZE,
            .minimum = random_below(&seed, (uint64_t)UNITS * UNIT / 2),
        };
        if (random_chance(&seed, 2)) {
            wish.avoid_base = random_below(&seed, UNITS) * UNIT;
            wish.avoid_end = wish.avoid_base + random_below(&seed, UNITS) * UNIT;
        }
        uint64_t expected = 0;
        while (expected < (uint64_t)UNITS * UNIT && !oracle_grants(kinds, expected, &wish)) {
            expected += PAGE_SIZE;
        }
        uint64_t address = 0;
        bool found = memory_map_find(&map.map, &wish, &address);
        assert_int_equal(found, expected < (uint64_t)UNITS * UNIT);
        assert_true(!found || address == expected);
    }
}

static void finds_at_the_edges(void **state)
{
    (void)state;
    struct test_map map;
    test_map_reset(&map, 4);
    test_map_add(&map, 0x1000, 0x2000, BOOT_MEMORY_USABLE);
    test_map_add(&map, 0xFFFFFFFFFFFF0000u, 0xF000, BOOT_MEMORY_USABLE);
    struct memory_wish wish = {.bytes = 0x2000, .alignment = 0x1000};
    uint64_t address;
    assert_true(memory_map_find(&map.map, &wish, &address));
    assert_int_equal(address, 0x1000);
    wish.minimum = 0x1001;
    assert_true(memory_map_find(&map.map, &wish, &address));
    assert_int_equal(address, 0xFFFFFFFFFFFF0000u);
    wish.bytes = 0x10000;
    assert_false(memory_map_find(&map.map, &wish, &address));
    wish.bytes = UINT64_MAX & ~0xFFFull;
    assert_false(memory_map_find(&map.map, &wish, &address));
    wish = (struct memory_wish){.bytes = 0x1000, .alignment = 0x1000, .minimum = UINT64_MAX};
    assert_false(memory_map_find(&map.map, &wish, &address));
    wish = (struct memory_wish){.bytes = 0x1000, .alignment = 1ull << 63, .phase = 0x2000};
    assert_true(memory_map_find(&map.map, &wish, &address));
    assert_int_equal(address, 0x2000);
    wish.phase = 0;
    assert_false(memory_map_find(&map.map, &wish, &address));
}

static void avoids_the_isa_hole(void **state)
{
    (void)state;
    struct test_map map;
    uint64_t address;
    test_map_reset(&map, 4);
    test_map_add(&map, 0x100000, 0x1F00000, BOOT_MEMORY_USABLE);
    struct memory_wish wish = {.bytes = 0xE00000,
                               .alignment = 0x1000,
                               .minimum = 0x100000,
                               .avoid_base = 0xF00000,
                               .avoid_end = 0x1000000};
    assert_true(memory_map_find(&map.map, &wish, &address));
    assert_int_equal(address, 0x100000);
    wish.bytes += 0x1000;
    assert_true(memory_map_find(&map.map, &wish, &address));
    assert_int_equal(address, 0x1000000);
    wish.phase = 0x1000;
    wish.alignment = 0x200000;
    assert_true(memory_map_find(&map.map, &wish, &address));
    assert_int_equal(address, 0x1001000);
    wish.bytes = 0xFFF000;
    assert_true(memory_map_find(&map.map, &wish, &address));
    wish.bytes += 0x1000;
    assert_false(memory_map_find(&map.map, &wish, &address));
}

static void largest(void **state)
{
    (void)state;
    struct test_map map;
    test_map_reset(&map, 4);
    test_map_add(&map, 0x1000, 0x8000, BOOT_MEMORY_USABLE);
    test_map_add(&map, 0x9000, 0x100000, BOOT_MEMORY_KERNEL);
    test_map_add(&map, 0x200000, 0x4000, BOOT_MEMORY_USABLE);
    assert_int_equal(memory_map_largest(&map.map, 0), 0x8000);
    assert_int_equal(memory_map_largest(&map.map, 0x3001), 0x5000);
    assert_int_equal(memory_map_largest(&map.map, 0x7000), 0x4000);
    assert_int_equal(memory_map_largest(&map.map, 0x203001), 0);
    assert_int_equal(memory_map_largest(&map.map, UINT64_MAX), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claims_split_and_merge),
        cmocka_unit_test(claims_do_not_merge_across_gaps),
        cmocka_unit_test(claims_that_are_refused),
        cmocka_unit_test(random_claims_match_the_oracle),
        cmocka_unit_test(lies_over_all_but_the_loaders),
        cmocka_unit_test(lies_over_nothing_at_all),
        cmocka_unit_test(random_overlays_match_the_oracle),
        cmocka_unit_test(random_wishes_match_the_oracle),
        cmocka_unit_test(finds_at_the_edges),
        cmocka_unit_test(avoids_the_isa_hole),
        cmocka_unit_test(largest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
