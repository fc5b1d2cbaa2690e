// Unit tests of bootloader/load/page_tables.c: what is built is read back by page_walker.c.
#include "page_tables.h"
#include "page_walker.h"
#include "unit.h"

#define POOL_PAGES    64u
#define POOL_PHYSICAL 0x12345000u
#define HIGH          0xFFFF800000000000u
#define TOP           0xFFFFFFFF80000000u
#define BEYOND_4G     0x4000000000u

static struct page_tables make_tables(uint64_t pages, bool nx, bool gigabyte_pages)
{
    struct page_tables tables = {.pool = allocate_pages(pages * 4096),
                                 .pool_physical = POOL_PHYSICAL,
                                 .pool_pages = pages,
                                 .nx = nx,
                                 .gigabyte_pages = gigabyte_pages};
    struct message why;
    assert_true(page_tables_begin(&tables, &why));
    assert_int_equal(tables.used, 1);
    return tables;
}

static struct page_walker walker_of(const struct page_tables *tables)
{
    return (struct page_walker){.pool = tables->pool,
                                .pool_physical = tables->pool_physical,
                                .pool_bytes = tables->used * 4096,
                                .root_physical = tables->pool_physical};
}

static void map(struct page_tables *tables, uint64_t virtual_address, uint64_t physical,
                uint64_t bytes, uint32_t permissions, uint64_t largest)
{
    struct message why = {.text = ""};
    if (!page_tables_map(tables, virtual_address, physical, bytes, permissions, largest, &why)) {
        fail_msg("%s", why.text);
    }
}

static void assert_maps(const struct page_tables *tables, uint64_t virtual_address,
                        uint64_t physical, uint64_t size, bool writable, bool no_execute)
{
    struct page_walker walker = walker_of(tables);
    struct mapping mapping;
    assert_true(page_walker_find(&walker, virtual_address, &mapping));
    assert_true(page_tables_maps(tables, virtual_address));
    assert_int_equal(mapping.physical_address + (virtual_address - mapping.virtual_address),
                     physical);
    assert_int_equal(mapping.size, size);
    assert_int_equal(mapping.writable, writable);
    assert_int_equal(mapping.no_execute, no_execute);
}

static bool is_mapped(const struct page_tables *tables, uint64_t virtual_address)
{
    struct page_walker walker = walker_of(tables);
    struct mapping mapping;
    bool mapped = page_walker_find(&walker, virtual_address, &mapping);
    assert_int_equal(page_tables_maps(tables, virtual_address), mapped);
    return mapped;
}

// ---- One mapping at a time ----------------------------------------------------------------

static void one_small_page(void **state)
{
    (void)state;
    struct page_tables tables = make_tables(POOL_PAGES, true, true);
    map(&tables, TOP + 0x5000, 0x7000, 0x1000, 0, PAGE_SIZE_1G);
    assert_int_equal(tables.used, 4);
    assert_maps(&tables, TOP + 0x5000, 0x7000, PAGE_SIZE_4K, false, true);
    assert_maps(&tables, TOP + 0x5FFF, 0x7FFF, PAGE_SIZE_4K, false, true);
    assert_false(is_mapped(&tables, TOP + 0x4FFF));
    assert_false(is_mapped(&tables, TOP + 0x6000));
    assert_false(is_mapped(&tables, 0));
    free_pages(tables.pool);
}

static void permissions(void **state)
{
    (void)state;
    for (unsigned nx = 0; nx < 2; nx++) {
        struct page_tables tables = make_tables(POOL_PAGES, nx, false);
        map(&tables, 0x1000, 0x1000, 0x1000, 0, PAGE_SIZE_4K);
        map(&tables, 0x2000, 0x2000, 0x1000, PAGE_WRITE, PAGE_SIZE_4K);
        map(&tables, 0x3000, 0x3000, 0x1000, PAGE_EXECUTE, PAGE_SIZE_4K);
        map(&tables, 0x200000, 0x200000, 0x200000, PAGE_WRITE, PAGE_SIZE_2M);
        assert_maps(&tables, 0x1000, 0x1000, PAGE_SIZE_4K, false, nx);
        assert_maps(&tables, 0x2000, 0x2000, PAGE_SIZE_4K, true, nx);
        assert_maps(&tables, 0x3000, 0x3000, PAGE_SIZE_4K, false, false);
        assert_maps(&tables, 0x345678, 0x345678, PAGE_SIZE_2M, true, nx);
        free_pages(tables.pool);
    }
}

static void largest_pages_where_addresses_allow(void **state)
{
    (void)state;
    struct page_tables tables = make_tables(POOL_PAGES, true, true);
    // 4 KiB, then 2 MiB, then two of 1 GiB, then 2 MiB, then 4 KiB.
    uint64_t from = HIGH + PAGE_SIZE_1G - PAGE_SIZE_2M - PAGE_SIZE_4K;
    uint64_t bytes = 2ull * PAGE_SIZE_1G + 2ull * PAGE_SIZE_2M + 2ull * PAGE_SIZE_4K;
    map(&tables, from, from - HIGH, bytes, PAGE_WRITE, PAGE_SIZE_1G);
    // Root, one table of 1 GiB, two of 2 MiB, two of 4 KiB.
    assert_int_equal(tables.used, 6);
    assert_false(is_mapped(&tables, from - 1));
    assert_maps(&tables, from, from - HIGH, PAGE_SIZE_4K, true, true);
    assert_maps(&tables, HIGH + PAGE_SIZE_1G - 1, PAGE_SIZE_1G - 1, PAGE_SIZE_2M, true, true);
    assert_maps(&tables, HIGH + PAGE_SIZE_1G, PAGE_SIZE_1G, PAGE_SIZE_1G, true, true);
    assert_maps(&tables, HIGH + 3ull * PAGE_SIZE_1G - 1, 3ull * PAGE_SIZE_1G - 1, PAGE_SIZE_1G,
                true, true);
    assert_maps(&tables, HIGH + 3ull * PAGE_SIZE_1G, 3ull * PAGE_SIZE_1G, PAGE_SIZE_2M, true, true);
    assert_maps(&tables, from + bytes - 1, from - HIGH + bytes - 1, PAGE_SIZE_4K, true, true);
    assert_false(is_mapped(&tables, from + bytes));
    free_pages(tables.pool);
}

static void smaller_pages_where_told(void **state)
{
    (void)state;
    struct page_tables tables = make_tables(1100, true, true);
    map(&tables, HIGH, 0, PAGE_SIZE_1G, 0, PAGE_SIZE_2M);
    assert_maps(&tables, HIGH + 0x12345678, 0x12345678, PAGE_SIZE_2M, false, true);
    map(&tables, HIGH + PAGE_SIZE_1G, 0, PAGE_SIZE_1G, 0, PAGE_SIZE_4K);
    assert_maps(&tables, HIGH + PAGE_SIZE_1G + 0x12345678, 0x12345678, PAGE_SIZE_4K, false, true);
    // Addresses that differ modulo 2 MiB.
    map(&tables, HIGH + 2ull * PAGE_SIZE_1G, 0x1000, PAGE_SIZE_1G, 0, PAGE_SIZE_1G);
    assert_maps(&tables, HIGH + 2ull * PAGE_SIZE_1G, 0x1000, PAGE_SIZE_4K, false, true);
    free_pages(tables.pool);

    tables = make_tables(POOL_PAGES, true, false); // the CPU has none of 1 GiB
    map(&tables, HIGH, 0, PAGE_SIZE_1G, 0, PAGE_SIZE_1G);
    assert_maps(&tables, HIGH + 0x12345678, 0x12345678, PAGE_SIZE_2M, false, true);
    free_pages(tables.pool);
}

static void the_end_of_the_address_space(void **state)
{
    (void)state;
    struct page_tables tables = make_tables(POOL_PAGES, true, false);
    map(&tables, 0u - 0x3000ull, BEYOND_4G, 0x3000, PAGE_EXECUTE, PAGE_SIZE_1G);
    assert_maps(&tables, UINT64_MAX, BEYOND_4G + 0x2FFF, PAGE_SIZE_4K, false, false);
    map(&tables, 0u - 2ull * PAGE_SIZE_2M, BEYOND_4G, PAGE_SIZE_2M, 0, PAGE_SIZE_1G);
    assert_maps(&tables, 0u - 2ull * PAGE_SIZE_2M, BEYOND_4G, PAGE_SIZE_2M, false, true);
    assert_false(is_mapped(&tables, 0));
    free_pages(tables.pool);
}

// ---- Refusals -----------------------------------------------------------------------------

static void refuses_what_is_mapped(void **state)
{
    (void)state;
    struct page_tables tables = make_tables(POOL_PAGES, true, true);
    struct message why;
    map(&tables, 0x400000, 0, PAGE_SIZE_2M, 0, PAGE_SIZE_2M);
    map(&tables, 0x605000, 0, 0x1000, 0, PAGE_SIZE_2M);
    static const struct {
        uint64_t address, bytes;
    } hits[] = {{0x400000, PAGE_SIZE_2M},         // the same large page
                {0x401000, 0x1000},               // a small one inside it
                {0x5FF000, 0x1000},               //
                {0x605000, 0x1000},               // the same small page
                {0x601000, 0x5000},               // a run that reaches it
                {0x600000, PAGE_SIZE_2M},         // a large page over the table it is in
                {0, PAGE_SIZE_1G},                // a larger one over that
                {0x3FF000, 0x2000},               // in a table not there yet, then the large page
                {0x200000, 2ull * PAGE_SIZE_2M}}; // a run of large pages that reaches it
    for (unsigned i = 0; i < sizeof hits / sizeof hits[0]; i++) {
        assert_false(page_tables_map(&tables, hits[i].address, 0x40000000, hits[i].bytes,
                                     PAGE_WRITE, PAGE_SIZE_1G, &why));
        assert_message_has(why.text, "would be mapped twice");
        assert_maps(&tables, 0x400000, 0, PAGE_SIZE_2M, false, true);
        assert_maps(&tables, 0x605000, 0, PAGE_SIZE_4K, false, true);
    }
    free_pages(tables.pool);
}

static void refuses_when_the_pool_is_used_up(void **state)
{
    (void)state;
    struct message why = {.text = ""};
    struct page_tables none = {.pool = NULL, .pool_pages = 0};
    assert_false(page_tables_begin(&none, &why));
    assert_message_has(why.text, "too few pages set aside for page tables: a defect of the loader");
    for (uint64_t pages = 1; pages < 5; pages++) {
        struct page_tables tables = make_tables(pages, true, true);
        bool mapped = page_tables_map(&tables, HIGH + 0x1000, 0, 0x1000, 0, PAGE_SIZE_4K, &why);
        assert_int_equal(mapped, pages >= 4);
        assert_int_equal(tables.used, pages < 4 ? pages : 4);
        free_pages(tables.pool);
    }
}

static void nothing_to_map(void **state)
{
    (void)state;
    struct page_tables tables = make_tables(1, true, true);
    map(&tables, HIGH, 0, 0, PAGE_WRITE, PAGE_SIZE_1G);
    assert_int_equal(tables.used, 1);
    free_pages(tables.pool);
}

// ---- Random sequences ---------------------------------------------------------------------

struct request {
    uint64_t virtual_address, physical, bytes, largest;
    uint32_t permissions;
};

// A size with an interesting number of zero bits.
static uint64_t random_size(uint64_t *seed)
{
    static const uint64_t units[] = {PAGE_SIZE_4K, PAGE_SIZE_4K, PAGE_SIZE_2M, PAGE_SIZE_1G};
    uint64_t size = 0;
    for (unsigned i = 0; i < 2; i++) {
        size += random_below(seed, 4) * units[random_below(seed, 4)];
    }
    return size;
}

static struct request random_request(uint64_t *seed, uint64_t at)
{
    static const uint64_t page_sizes[] = {PAGE_SIZE_4K, PAGE_SIZE_2M, PAGE_SIZE_1G};
    struct request request = {
        .virtual_address = at + random_size(seed),
        .bytes = PAGE_SIZE_4K + random_size(seed),
        .permissions = (uint32_t)random_below(seed, 3),
        .largest = page_sizes[random_below(seed, 3)],
    };
    uint64_t alignment = page_sizes[random_below(seed, 3)];
    request.physical = (random_below(seed, 1000) * PAGE_SIZE_1G & ~(alignment - 1)) |
                       (request.virtual_address & (alignment - 1));
    if (request.largest == PAGE_SIZE_4K || alignment == PAGE_SIZE_4K) {
        request.bytes &= 0x7FFFFFFu; // the tables would take gigabytes
        request.bytes += PAGE_SIZE_4K;
    }
    return request;
}

struct expected {
    const struct request *requests;
    uint64_t count, index;
    uint64_t position; // next address of the current request
    bool gigabyte_pages;
};

static bool could_be_larger(const struct expected *expected, const struct request *request,
                            const struct mapping *mapping, uint64_t size)
{
    uint64_t start = mapping->virtual_address & ~(size - 1);
    uint64_t physical = mapping->physical_address & ~(size - 1);
    return mapping->size < size && request->largest >= size &&
           (size < PAGE_SIZE_1G || expected->gigabyte_pages) && start >= request->virtual_address &&
           start - request->virtual_address + size <= request->bytes &&
           mapping->virtual_address - start == mapping->physical_address - physical;
}

static void compare_with_requests(const struct mapping *mapping, void *context)
{
    struct expected *expected = context;
    assert_true(expected->index < expected->count);
    const struct request *request = &expected->requests[expected->index];
    if (expected->position == 0) {
        expected->position = request->virtual_address;
    }
    assert_int_equal(mapping->virtual_address, expected->position);
    assert_int_equal(mapping->physical_address,
                     request->physical + (expected->position - request->virtual_address));
    assert_true(mapping->size <= request->largest);
    assert_int_equal(mapping->writable, (request->permissions & PAGE_WRITE) != 0);
    assert_int_equal(mapping->no_execute, (request->permissions & PAGE_EXECUTE) == 0);
    assert_false(could_be_larger(expected, request, mapping, PAGE_SIZE_2M));
    assert_false(could_be_larger(expected, request, mapping, PAGE_SIZE_1G));
    expected->position += mapping->size;
    if (expected->position == request->virtual_address + request->bytes) {
        expected->index++;
        expected->position = 0;
    }
}

static void random_sequences(void **state)
{
    (void)state;
    uint64_t seed = 31;
    for (unsigned round = 0; round < 400; round++) {
        struct request requests[8];
        uint64_t at = random_chance(&seed, 2) ? HIGH : 0x1000;
        bool gigabyte_pages = random_chance(&seed, 2);
        uint64_t pages = 1;
        for (unsigned i = 0; i < 8; i++) {
            requests[i] = random_request(&seed, at);
            at = requests[i].virtual_address + requests[i].bytes;
            pages += page_tables_at_most(requests[i].bytes);
        }
        struct page_tables tables = make_tables(pages, true, gigabyte_pages);
        for (unsigned i = 0; i < 8; i++) {
            const struct request *r = &requests[i];
            map(&tables, r->virtual_address, r->physical, r->bytes, r->permissions, r->largest);
        }
        struct page_walker walker = walker_of(&tables);
        struct expected expected = {
            .requests = requests, .count = 8, .gigabyte_pages = gigabyte_pages};
        assert_int_equal(page_walker_visit(&walker, compare_with_requests, &expected), tables.used);
        assert_int_equal(expected.index, 8);
        free_pages(tables.pool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_small_page),
        cmocka_unit_test(permissions),
        cmocka_unit_test(largest_pages_where_addresses_allow),
        cmocka_unit_test(smaller_pages_where_told),
        cmocka_unit_test(the_end_of_the_address_space),
        cmocka_unit_test(refuses_what_is_mapped),
        cmocka_unit_test(refuses_when_the_pool_is_used_up),
        cmocka_unit_test(nothing_to_map),
        cmocka_unit_test(random_sequences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
