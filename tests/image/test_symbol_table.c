// Unit tests of the symbols item: which symbols go into it, in which order, under which names.
#include "firstlight/boot_info.h"
#include "symbol_case.h"
#include "symbols.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// One of the table's symbols.
static void check_symbol(const struct symbol_table *table, uint32_t index, uint32_t offset,
                         const char *name)
{
    struct symbols_header header;
    struct boot_symbol symbol;

    memcpy(&header, table->bytes, sizeof(header));
    assert_true(index < header.symbol_count);
    memcpy(&symbol, table->bytes + sizeof(header) + index * sizeof(symbol), sizeof(symbol));
    assert_int_equal(symbol.offset, offset);
    assert_true(symbol.name < header.names_bytes);
    assert_string_equal((const char *)table->bytes + sizeof(header) +
                            header.symbol_count * sizeof(symbol) + symbol.name,
                        name);
}

static void check_counts(const struct symbol_table *table, uint32_t symbols, uint32_t names_bytes)
{
    struct symbols_header header;
    struct message why;

    assert_true(symbols_check(table->bytes, table->size, &why));
    memcpy(&header, table->bytes, sizeof(header));
    assert_int_equal(header.symbol_count, symbols);
    assert_int_equal(header.names_bytes, names_bytes);
    for (uint64_t i = table->size; i % SECTOR_SIZE != 0; i++) {
        assert_int_equal(table->bytes[i], 0);
    }
}

static void make_good(struct symbol_case *test, struct symbol_table *table)
{
    struct message why;

    symbols_build(test);
    if (!symbols_make(test, table, &why)) {
        fail_msg("refused: %s", why.text);
    }
    free(test->file);
}

static void sorts_by_address(void **state)
{
    struct symbol_case test;
    struct symbol_table table;

    (void)state;
    symbols_begin(&test);
    add_function(&test, "third", BASE + 4999);
    add_function(&test, "first", BASE);
    add_function(&test, "second", BASE + 17);
    make_good(&test, &table);
    check_counts(&table, 3, 6 + 6 + 7);
    check_symbol(&table, 0, 0, "first");
    check_symbol(&table, 1, 17, "second");
    check_symbol(&table, 2, 4999, "third");
    symbol_table_free(&table);
    assert_null(table.bytes);
}

static void takes_functions_and_labels_in_code_only(void **state)
{
    struct symbol_case test;
    struct symbol_table table;

    (void)state;
    symbols_begin(&test);
    add_symbol(&test, "label", BASE + 8, NOTYPE, LOCAL, 1);
    add_symbol(&test, "absolute_function", BASE + 9, FUNC, GLOBAL, ELF_SHN_ABS);
    add_symbol(&test, "number", BASE + 10, NOTYPE, GLOBAL, ELF_SHN_ABS);
    add_symbol(&test, "missing", BASE + 11, FUNC, GLOBAL, ELF_SHN_UNDEF);
    add_symbol(&test, "table", BASE + 12, OBJECT, GLOBAL, 1);
    add_symbol(&test, ".text", BASE + 13, SECTION, LOCAL, 1);
    add_symbol(&test, "main.c", BASE + 14, FILE_NAME, LOCAL, ELF_SHN_ABS);
    add_symbol(&test, ".Llocal", BASE + 15, NOTYPE, LOCAL, 1);
    add_symbol(&test, "", BASE + 16, FUNC, GLOBAL, 1);
    add_symbol(&test, "behind", BASE + 5000, FUNC, GLOBAL, 1);
    add_symbol(&test, "data", DATA, FUNC, GLOBAL, 1);
    add_symbol(&test, "before", BASE - 1, FUNC, GLOBAL, 1);
    make_good(&test, &table);
    check_counts(&table, 2, 6 + 18);
    check_symbol(&table, 0, 8, "label");
    check_symbol(&table, 1, 9, "absolute_function");
    symbol_table_free(&table);
}

static void keeps_the_best_of_several_at_one_address(void **state)
{
    struct symbol_case test;
    struct symbol_table table;

    (void)state;
    symbols_begin(&test);
    add_symbol(&test, "local", BASE, FUNC, LOCAL, 1);
    add_symbol(&test, "weak", BASE, FUNC, WEAK, 1);
    add_symbol(&test, "start_of_text", BASE, NOTYPE, GLOBAL, 1);
    add_symbol(&test, "global", BASE, FUNC, GLOBAL, 1);
    add_symbol(&test, "weak_b", BASE + 1, FUNC, WEAK, 1);
    add_symbol(&test, "weak_a", BASE + 1, FUNC, WEAK, 1);
    add_symbol(&test, "local_2", BASE + 1, FUNC, LOCAL, 1);
    add_symbol(&test, "label", BASE + 2, NOTYPE, GLOBAL, 1);
    add_symbol(&test, "local_3", BASE + 2, FUNC, LOCAL, 1);
    make_good(&test, &table);
    check_counts(&table, 3, 7 + 7 + 8);
    check_symbol(&table, 0, 0, "global");
    check_symbol(&table, 1, 1, "weak_a");
    check_symbol(&table, 2, 2, "local_3");
    symbol_table_free(&table);
}

// Equal names, and names that are the end of another.
static void shares_names(void **state)
{
    struct symbol_case test;
    struct symbol_table table;

    (void)state;
    symbols_begin(&test);
    add_function(&test, "init", BASE);
    add_function(&test, "console_init", BASE + 1);
    add_function(&test, "init", BASE + 2);
    add_function(&test, "t", BASE + 3);
    add_function(&test, "exit", BASE + 4);
    add_function(&test, "it", BASE + 5);
    make_good(&test, &table);
    check_counts(&table, 6, sizeof("console_init") + sizeof("exit"));
    check_symbol(&table, 0, 0, "init");
    check_symbol(&table, 1, 1, "console_init");
    check_symbol(&table, 2, 2, "init");
    check_symbol(&table, 3, 3, "t");
    check_symbol(&table, 4, 4, "exit");
    check_symbol(&table, 5, 5, "it");
    symbol_table_free(&table);
}

// The order of .symtab is the linker's affair.
static void same_bytes_whatever_the_order(void **state)
{
    static const char *const names[] = {"a", "b", "ab", "c"};
    struct symbol_case test;
    struct symbol_table forward;
    struct symbol_table backward;

    (void)state;
    symbols_begin(&test);
    for (unsigned i = 0; i < 4; i++) {
        add_function(&test, names[i], BASE + i / 2);
    }
    make_good(&test, &forward);
    symbols_begin(&test);
    for (unsigned i = 4; i-- != 0;) {
        add_function(&test, names[i], BASE + i / 2);
    }
    make_good(&test, &backward);
    assert_int_equal(forward.size, backward.size);
    assert_memory_equal(forward.bytes, backward.bytes, forward.size);
    symbol_table_free(&forward);
    symbol_table_free(&backward);
}

static void no_symbols_make_no_table(void **state)
{
    struct symbol_case test;
    struct symbol_table table;

    (void)state;
    symbols_begin(&test);
    make_good(&test, &table);
    assert_int_equal(table.size, 0);
    symbols_begin(&test);
    add_symbol(&test, "data", DATA, OBJECT, GLOBAL, 1);
    make_good(&test, &table);
    assert_int_equal(table.size, 0);
    assert_null(table.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorts_by_address),
        cmocka_unit_test(takes_functions_and_labels_in_code_only),
        cmocka_unit_test(keeps_the_best_of_several_at_one_address),
        cmocka_unit_test(shares_names),
        cmocka_unit_test(same_bytes_whatever_the_order),
        cmocka_unit_test(no_symbols_make_no_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
