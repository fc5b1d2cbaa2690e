// Unit tests of bootloader/load/direct_map.c: which pages the direct map has, for hand-made
// machines and random ones.
#include "direct_map.h"
#include "memory_oracle.h"
#include "page_tables.h"
#include "unit.h"

#define GIB        0x40000000ull
#define FOUR_GIB   (4 * GIB)
#define MAX_PIECES 4096u

struct piece {
    uint64_t base, bytes, largest_page;
};

struct pieces {
    struct piece list[MAX_PIECES];
    uint32_t count;
};

static bool collect(uint64_t physical, uint64_t bytes, uint64_t largest_page, void *context)
{
    struct pieces *pieces = context;
    assert_true(pieces->count < MAX_PIECES);
    pieces->list[pieces->count++] = (struct piece){physical, bytes, largest_page};
    return true;
}

static void walk(const struct test_map *map, struct pieces *pieces)
{
    pieces->count = 0;
    assert_true(direct_map_walk(&map->map, collect, pieces));
}

static void assert_pieces(const struct pieces *actual, const struct piece *expected, uint32_t count)
{
    for (uint32_t i = 0; i < count && i < actual->count; i++) {
        assert_int_equal(actual->list[i].base, expected[i].base);
        assert_int_equal(actual->list[i].bytes, expected[i].bytes);
        assert_int_equal(actual->list[i].largest_page, expected[i].largest_page);
    }
    assert_int_equal(actual->count, count);
}

// ---- Hand-made ----------------------------------------------------------------------------

static void a_machine_with_512_mib(void **state)
{
    (void)state;
    static struct pieces pieces;
    struct test_map map;
    test_map_reset(&map, MEMORY_MAP_MAX);
    test_map_add(&map, 0x1000, 0x9E000, BOOT_MEMORY_USABLE);
    test_map_add(&map, 0x9FC00, 0x400, BOOT_MEMORY_RESERVED);
    test_map_add(&map, 0xF0000, 0x10000, BOOT_MEMORY_RESERVED);
    test_map_add(&map, 0x100000, 0x4000000, BOOT_MEMORY_KERNEL);
    test_map_add(&map, 0x4100000, 0x1000000, BOOT_MEMORY_USABLE);
    test_map_add(&map, 0x5100000, 0x1AEE0000, BOOT_MEMORY_LOADER_RECLAIMABLE);
    test_map_add(&map, 0x1FFE0000, 0x20000, BOOT_MEMORY_RESERVED);
    test_map_add(&map, 0xFFFC0000, 0x40000, BOOT_MEMORY_RESERVED);
    test_map_add(&map, 0xFD00000000, 0x300000000, BOOT_MEMORY_RESERVED);
    walk(&map, &pieces);
    const struct piece expected[] = {
        {0, 0x1000, PAGE_SIZE_4K},
        {0x1000, 0x9E000, PAGE_SIZE_4K},
        {0x9F000, 0x1000, PAGE_SIZE_4K}, // absent and reserved share it
        {0xA0000, 0x50000, PAGE_SIZE_4K},
        {0xF0000, 0x10000, PAGE_SIZE_4K},
        {0x100000, 0x100000, PAGE_SIZE_4K}, // up to 2 MiB
        {0x200000, 0x1FDE0000, PAGE_SIZE_1G},
        {0x1FFE0000, 0x20000, PAGE_SIZE_2M},
        {0x20000000, 0xDFFC0000, PAGE_SIZE_1G},
        {0xFFFC0000, 0x40000, PAGE_SIZE_2M},
    };
    assert_pieces(&pieces, expected, sizeof expected / sizeof expected[0]);
    assert_int_equal(direct_map_last_byte(&map.map), FOUR_GIB - 1);
}

static void memory_above_4_gib(void **state)
{
    (void)state;
    static struct pieces pieces;
    struct test_map map;
    test_map_reset(&map, MEMORY_MAP_MAX);
    test_map_add(&map, 0, FOUR_GIB - 0x1000, BOOT_MEMORY_USABLE);
    test_map_add(&map, FOUR_GIB - 0x1000, 0x2000, BOOT_MEMORY_RESERVED); // across 4 GiB
    test_map_add(&map, 5 * GIB, GIB, BOOT_MEMORY_USABLE);
    test_map_add(&map, 6 * GIB, GIB, BOOT_MEMORY_BAD);
    test_map_add(&map, 7 * GIB, 0x1800, BOOT_MEMORY_ACPI_NVS);
    test_map_add(&map, 7 * GIB + 0x1800, 0x10000, BOOT_MEMORY_RESERVED);
    walk(&map, &pieces);
    const struct piece expected[] = {
        {0, 0x200000, PAGE_SIZE_4K},
        {0x200000, FOUR_GIB - 0x201000, PAGE_SIZE_1G},
        {FOUR_GIB - 0x1000, 0x1000, PAGE_SIZE_2M},
        {5 * GIB, GIB, PAGE_SIZE_1G},
        {7 * GIB, 0x1000, PAGE_SIZE_2M},
        {7 * GIB + 0x1000, 0x1000, PAGE_SIZE_4K},
    };
    assert_pieces(&pieces, expected, sizeof expected / sizeof expected[0]);
    assert_int_equal(direct_map_last_byte(&map.map), 7 * GIB + 0x1FFF);
}

static void no_memory_at_all(void **state)
{
    (void)state;
    static struct pieces pieces;
    struct test_map map;
    test_map_reset(&map, MEMORY_MAP_MAX);
    walk(&map, &pieces);
    const struct piece expected[] = {{0, 0x200000, PAGE_SIZE_4K},
                                     {0x200000, FOUR_GIB - 0x200000, PAGE_SIZE_1G}};
    assert_pieces(&pieces, expected, 2);
    test_map_add(&map, UINT64_MAX - 0x10, 0x10, BOOT_MEMORY_ACPI_NVS);
    assert_int_equal(direct_map_last_byte(&map.map), UINT64_MAX);
}

static bool stop_at_third(uint64_t physical, uint64_t bytes, uint64_t largest_page, void *context)
{
    (void)physical;
    (void)bytes;
    (void)largest_page;
    return ++*(uint32_t *)context < 3;
}

static void the_visitor_ends_the_walk(void **state)
{
    (void)state;
    struct test_map map;
    test_map_reset(&map, MEMORY_MAP_MAX);
    for (uint64_t i = 0; i < 20; i++) {
        test_map_add(&map, i * 0x200000, 0x1000, BOOT_MEMORY_USABLE);
    }
    uint32_t calls = 0;
    assert_false(direct_map_walk(&map.map, stop_at_third, &calls));
    assert_int_equal(calls, 3);
}

// ---- Random -------------------------------------------------------------------------------

// Whether anything in the page must be mapped.
static bool wanted(const struct test_map *map, uint64_t page)
{
    if (page < FOUR_GIB) {
        return true;
    }
    uint64_t until = page;
    do {
        if (memory_kind_is_ram(memory_type_at(map, until, &until))) {
            return true;
        }
    } while (until < page + PAGE_SIZE);
    return false;
}

// Nothing of [base, end) may be mapped: no page from the first boundary of types on is wanted.
static void assert_gap(const struct test_map *map, uint64_t base, uint64_t end)
{
    uint64_t until = base;
    while (until < end) {
        assert_false(wanted(map, until & ~(uint64_t)(PAGE_SIZE - 1)));
        memory_type_at(map, until, &until);
    }
}

static void assert_piece(const struct test_map *map, const struct piece *piece)
{
    uint64_t end = piece->base + piece->bytes;
    assert_true(piece->bytes != 0 && (piece->base | end) % PAGE_SIZE == 0);
    assert_true(wanted(map, piece->base) && wanted(map, end - PAGE_SIZE));
    if (piece->largest_page == PAGE_SIZE_4K) {
        // Only where it must be: below 2 MiB, or one page of several types.
        assert_true(end <= PAGE_SIZE_2M || piece->bytes <= 2ull * PAGE_SIZE);
        return;
    }
    uint64_t until;
    uint32_t type = memory_type_at(map, piece->base, &until);
    assert_true(piece->base >= PAGE_SIZE_2M);
    assert_true(is_one_type(map, piece->base, end));
    assert_int_equal(piece->largest_page, type == BOOT_MEMORY_USABLE || type == TYPE_ABSENT
                                              ? PAGE_SIZE_1G
                                              : PAGE_SIZE_2M);
}

static void random_map(struct test_map *map, uint64_t *seed)
{
    struct test_map raw;
    test_map_reset(&raw, MEMORY_MAP_RAW_MAX);
    for (uint64_t count = random_below(seed, 30); count > 0; count--) {
        static const uint64_t units[] = {0x100, 0x1000, 0x1000, 0x200000, GIB};
        uint64_t base = 0;
        uint64_t length = 0;
        for (unsigned i = 0; i < 3; i++) {
            base += random_below(seed, 5) * units[random_below(seed, 5)];
            length += random_below(seed, 3) * units[random_below(seed, 5)];
        }
        uint32_t kind = (uint32_t)(random_chance(seed, 2) ? 1 : 1 + random_below(seed, 7));
        test_map_add(&raw, base, length, kind);
    }
    test_map_normalise(&raw, map);
}

static void random_machines(void **state)
{
    (void)state;
    uint64_t seed = 51;
    static struct pieces pieces;
    struct test_map map;
    for (unsigned round = 0; round < 20000; round++) {
        random_map(&map, &seed);
        walk(&map, &pieces);
        uint64_t end = 0;
        for (uint32_t i = 0; i < pieces.count; i++) {
            const struct piece *piece = &pieces.list[i];
            assert_true(piece->base >= end);
            assert_gap(&map, end, piece->base);
            assert_piece(&map, piece);
            end = piece->base + piece->bytes;
        }
        assert_gap(&map, end, UINT64_MAX);
        assert_int_equal(direct_map_last_byte(&map.map), end - 1);
    }
}

// What the loader claims between plan and building must not change the pieces.
static void claims_do_not_change_the_pieces(void **state)
{
    (void)state;
    uint64_t seed = 52;
    static struct pieces before;
    static struct pieces after;
    struct test_map map;
    struct message why;
    unsigned claimed = 0;
    for (unsigned round = 0; round < 2000; round++) {
        random_map(&map, &seed);
        walk(&map, &before);
        for (uint32_t i = 0; i < 6; i++) {
            uint32_t kind = i % 2 == 0 ? BOOT_MEMORY_KERNEL : BOOT_MEMORY_LOADER_RECLAIMABLE;
            struct memory_wish wish = {.bytes = PAGE_SIZE * (1 + random_below(&seed, 100)),
                                       .alignment = PAGE_SIZE,
                                       .minimum = random_below(&seed, 8 * GIB)};
            uint64_t address;
            if (memory_map_find(&map.map, &wish, &address)) {
                assert_true(memory_map_claim(&map.map, address, wish.bytes, BOOT_MEMORY_USABLE,
                                             kind, &why));
                claimed++;
            }
        }
        walk(&map, &after);
        assert_pieces(&after, before.list, before.count);
    }
    assert_true(claimed > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_machine_with_512_mib), cmocka_unit_test(memory_above_4_gib),
        cmocka_unit_test(no_memory_at_all),       cmocka_unit_test(the_visitor_ends_the_walk),
        cmocka_unit_test(random_machines),        cmocka_unit_test(claims_do_not_change_the_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
