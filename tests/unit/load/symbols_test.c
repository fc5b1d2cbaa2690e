// Unit tests of bootloader/load/symbols.c: a good table, and each field of it made wrong. Tables
// are blocks of just their size, so that a read past the end is caught.
#include "symbols.h"

#include "firstlight/boot_info.h"
#include "image_format.h"
#include "unit.h"

#define COUNT 3u
#define NAMES "main\0panic\0"

struct table {
    struct symbols_header header;
    struct boot_symbol symbols[COUNT];
    char names[sizeof NAMES];
};

#define TABLE_BYTES (offsetof(struct table, names) + sizeof NAMES)

static struct table good_table(void)
{
    return (struct table){.header = {COUNT, sizeof NAMES},
                          .symbols = {{0, 0}, {0x10, 5}, {0x10, sizeof NAMES - 1}},
                          .names = NAMES};
}

static bool check(const struct table *table, uint64_t bytes)
{
    struct message why = {.text = ""};
    void *item = allocate(bytes != 0 ? (size_t)bytes : 1);
    memcpy(item, table, (size_t)bytes);
    const bool good = symbols_check(item, bytes, &why);
    free(item);
    if (!good) {
        assert_message_has(why.text, "symbols: ");
    }
    return good;
}

static void accepts_a_good_table(void **state)
{
    (void)state;
    const struct table table = good_table();
    assert_true(check(&table, TABLE_BYTES));
}

static void refuses_every_other_size(void **state)
{
    (void)state;
    const struct table table = good_table();
    for (uint64_t bytes = 0; bytes < TABLE_BYTES; bytes++) {
        assert_false(check(&table, bytes));
    }
}

#define ASSERT_REFUSED(change)                                                                     \
    do {                                                                                           \
        struct table table = good_table();                                                         \
        change;                                                                                    \
        assert_false(check(&table, TABLE_BYTES));                                                  \
    } while (0)

static void refuses_wrong_fields(void **state)
{
    (void)state;
    ASSERT_REFUSED(table.header.symbol_count = 0);
    ASSERT_REFUSED(table.header.symbol_count++);
    ASSERT_REFUSED(table.header.symbol_count = UINT32_MAX);
    ASSERT_REFUSED(table.header.symbol_count += 0x20000000); // times 8 is 2^32
    ASSERT_REFUSED(table.header.names_bytes--);
    ASSERT_REFUSED(table.header.names_bytes = UINT32_MAX);
    ASSERT_REFUSED((table.header.names_bytes = 0, table.header.symbol_count = 5));
    ASSERT_REFUSED(table.names[sizeof NAMES - 1] = 'x');
    ASSERT_REFUSED(table.symbols[0].name = sizeof NAMES);
    ASSERT_REFUSED(table.symbols[2].name = UINT32_MAX);
    ASSERT_REFUSED(table.symbols[1].offset = 0x11);
    ASSERT_REFUSED(table.symbols[2].offset = 0xF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_a_good_table),
        cmocka_unit_test(refuses_every_other_size),
        cmocka_unit_test(refuses_wrong_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
