// Unit tests of stage 2's identity_map.c, through the page tables it builds.
#include "identity_map.h"
#include "page_walker.h"
#include "unit.h"

#define PAGE          0x1000u
#define MIB           0x100000ull
#define GIB           0x40000000ull
#define TIB           0x10000000000ull
#define POOL_PHYSICAL 0x30000u
#define TABLES_BEFORE 3u
#define REACH         0x800000000000u // 2^47
#define RANDOM_GIBS   1100u           // more than two entries of the root table cover

struct identity {
    struct identity_map map;
    uint8_t *pool;
    struct page_walker walker;
};

static uint64_t *table(struct identity *identity, unsigned page)
{
    return (uint64_t *)(void *)(identity->pool + (size_t)page * PAGE);
}

// As stage2/real_mode_main.asm leaves it: the first 2 MiB by one page.
static void begin(struct identity *identity, uint32_t pages, bool gigabyte_pages)
{
    identity->pool = allocate_pages((size_t)pages * PAGE);
    memset(identity->pool, 0, (size_t)TABLES_BEFORE * PAGE);
    table(identity, 0)[0] = (POOL_PHYSICAL + PAGE) | 3u;
    table(identity, 1)[0] = (POOL_PHYSICAL + 2 * PAGE) | 3u;
    table(identity, 2)[0] = 0x83u;
    identity->walker = (struct page_walker){.pool = identity->pool,
                                            .pool_physical = POOL_PHYSICAL,
                                            .pool_bytes = (uint64_t)pages * PAGE,
                                            .root_physical = POOL_PHYSICAL};
    identity_map_begin(&identity->map, identity->pool, POOL_PHYSICAL, pages, gigabyte_pages);
}

static void extend(struct identity *identity, uint64_t address, uint64_t bytes)
{
    struct message why = {.text = ""};
    if (!identity_map_extend(&identity->map, address, bytes, &why)) {
        fail_msg("%s", why.text);
    }
}

static void refuses(struct identity *identity, uint64_t address, uint64_t bytes, const char *words)
{
    struct message why = {.text = ""};
    assert_false(identity_map_extend(&identity->map, address, bytes, &why));
    assert_message_has(why.text, words);
}

struct total {
    uint64_t bytes;
    uint64_t large; // of 1 GiB
};

static void add_mapping(const struct mapping *mapping, void *context)
{
    struct total *total = context;
    assert_int_equal(mapping->physical_address, mapping->virtual_address);
    assert_true(mapping->writable && !mapping->no_execute); // stage 2's own code lies in it
    total->bytes += mapping->size;
    total->large += mapping->size == GIB;
}

// How many bytes are mapped, each at its own address; all tables lie in the pool.
static struct total mapped(const struct identity *identity)
{
    struct total total = {0};
    const uint64_t tables = page_walker_visit(&identity->walker, add_mapping, &total);
    assert_int_equal(tables, identity->map.tables.used);
    return total;
}

static bool maps(const struct identity *identity, uint64_t address)
{
    struct mapping mapping;
    return page_walker_find(&identity->walker, address, &mapping);
}

// ---- Growing ------------------------------------------------------------------------------

static void the_first_2_mib_need_nothing(void **state)
{
    (void)state;
    struct identity identity;
    begin(&identity, TABLES_BEFORE, false);
    extend(&identity, 0, 2 * MIB);
    extend(&identity, MIB, MIB);
    extend(&identity, 2 * MIB - 1, 1);
    assert_int_equal(mapped(&identity).bytes, 2 * MIB);
    free_pages(identity.pool);
}

static void the_first_gibibyte_takes_no_table(void **state)
{
    (void)state;
    struct identity identity;
    begin(&identity, TABLES_BEFORE, true);
    extend(&identity, 2 * MIB - 1, 2);
    assert_int_equal(mapped(&identity).bytes, GIB);
    assert_false(maps(&identity, GIB));
    extend(&identity, 0, GIB);
    extend(&identity, 512 * MIB, PAGE);
    assert_int_equal(mapped(&identity).bytes, GIB);
    free_pages(identity.pool);
}

static void it_grows_by_whole_gibibytes(void **state)
{
    (void)state;
    struct identity identity;
    begin(&identity, 8, false);
    extend(&identity, 5 * GIB + 123, 1);
    assert_int_equal(mapped(&identity).bytes, 2 * MIB + GIB);
    assert_true(maps(&identity, 5 * GIB) && maps(&identity, 6 * GIB - 1));
    assert_false(maps(&identity, 5 * GIB - 1) || maps(&identity, 6 * GIB));
    extend(&identity, 7 * GIB - 1, 2); // crosses
    assert_int_equal(mapped(&identity).bytes, 2 * MIB + 3 * GIB);
    assert_true(maps(&identity, 6 * GIB) && maps(&identity, 8 * GIB - 1));
    extend(&identity, 6 * GIB - 1, 2 * GIB); // all there
    assert_int_equal(mapped(&identity).bytes, 2 * MIB + 3 * GIB);
    extend(&identity, 4 * GIB, 2 * GIB); // half of it there
    assert_int_equal(mapped(&identity).bytes, 2 * MIB + 4 * GIB);
    free_pages(identity.pool);
}

static void what_is_mapped_stays_so_whatever_the_order(void **state)
{
    (void)state;
    struct identity identity;
    begin(&identity, 8, false);
    extend(&identity, GIB, GIB);
    extend(&identity, 3 * GIB, 1);
    extend(&identity, 0, 4 * GIB);
    assert_int_equal(mapped(&identity).bytes, 4 * GIB);
    free_pages(identity.pool);
}

// Only above 4 GiB: below, devices may share the gibibyte with memory.
static void pages_of_1_gib(void **state)
{
    (void)state;
    struct identity identity;
    begin(&identity, 5, true);
    extend(&identity, 3 * GIB, 300 * GIB);
    struct total total = mapped(&identity);
    assert_int_equal(total.bytes, 2 * MIB + 300 * GIB);
    assert_int_equal(total.large, 299);
    extend(&identity, TIB, 1); // the one table that was left
    total = mapped(&identity);
    assert_int_equal(total.bytes, 2 * MIB + 301 * GIB);
    free_pages(identity.pool);
}

// ---- Limits -------------------------------------------------------------------------------

// Every gibibyte takes a table, but for the first; nothing that was mapped is lost.
static void the_pool_is_used_up(void **state)
{
    (void)state;
    struct identity identity;
    begin(&identity, 16, false);
    extend(&identity, 0, 14 * GIB);
    assert_int_equal(identity.map.tables.used, 16);
    refuses(&identity, 14 * GIB, 1, "page tables map 14 GiB on a CPU without 1 GiB pages");
    refuses(&identity, TIB, 1, "page tables");
    extend(&identity, 0, 14 * GIB);
    for (uint64_t address = 0; address < 14 * GIB; address += GIB) {
        assert_true(maps(&identity, address) && maps(&identity, address + GIB - 1));
    }
    free_pages(identity.pool);
}

static void out_of_reach(void **state)
{
    (void)state;
    struct identity identity;
    begin(&identity, 6, true);
    extend(&identity, REACH - GIB, GIB);
    assert_true(maps(&identity, REACH - 1));
    const uint64_t before = mapped(&identity).bytes;
    static const char words[] = "out of the loader's reach";
    refuses(&identity, REACH - GIB, GIB + 1, words);
    refuses(&identity, REACH, 1, words);
    refuses(&identity, REACH + 1, 0, words);
    refuses(&identity, UINT64_MAX, 1, words);
    refuses(&identity, 1, UINT64_MAX, words);
    refuses(&identity, UINT64_MAX - GIB, 2 * GIB, words);
    assert_int_equal(mapped(&identity).bytes, before);
    free_pages(identity.pool);
}

static void the_message_names_address_and_cure(void **state)
{
    (void)state;
    struct identity identity;
    begin(&identity, 6, true);
    refuses(&identity, 0x900000001000u, PAGE, "0x900000001000 is out");
    refuses(&identity, 0x900000001000u, PAGE, "below 128 TiB");
    free_pages(identity.pool);
}

// ---- At random ----------------------------------------------------------------------------

static void it_maps_what_was_asked_for_and_nothing_else(void **state)
{
    (void)state;
    uint64_t seed = 3;
    for (unsigned round = 0; round < 40; round++) {
        static bool expected[RANDOM_GIBS];
        memset(expected, 0, sizeof expected);
        struct identity identity;
        begin(&identity, 200, random_chance(&seed, 2));
        uint64_t bytes = 2 * MIB;
        for (unsigned i = 0; i < 30; i++) {
            const uint64_t address = random_below(&seed, (RANDOM_GIBS - 5) * GIB);
            const uint64_t length = 1 + random_below(&seed, 4 * GIB);
            extend(&identity, address, length);
            for (uint64_t gib = address / GIB; gib <= (address + length - 1) / GIB; gib++) {
                bytes += expected[gib] ? 0 : gib == 0 ? GIB - 2 * MIB : GIB;
                expected[gib] = true;
            }
        }
        assert_int_equal(mapped(&identity).bytes, bytes);
        for (uint64_t gib = 0; gib < RANDOM_GIBS; gib++) {
            assert_int_equal(maps(&identity, gib * GIB + 2 * MIB), expected[gib]);
        }
        free_pages(identity.pool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_2_mib_need_nothing),
        cmocka_unit_test(the_first_gibibyte_takes_no_table),
        cmocka_unit_test(it_grows_by_whole_gibibytes),
        cmocka_unit_test(what_is_mapped_stays_so_whatever_the_order),
        cmocka_unit_test(pages_of_1_gib),
        cmocka_unit_test(the_pool_is_used_up),
        cmocka_unit_test(out_of_reach),
        cmocka_unit_test(the_message_names_address_and_cure),
        cmocka_unit_test(it_maps_what_was_asked_for_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
