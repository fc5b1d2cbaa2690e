// Unit tests of the symbols item with hostile kernels: no section header of theirs is believed.
#include "symbol_case.h"
#include "symbols.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HOSTILE_FILES 4000

static struct elf64_section_header *section_of(struct symbol_case *test, uint32_t index,
                                               struct elf64_section_header *copy)
{
    memcpy(copy, test->file + test->sections + index * sizeof(*copy), sizeof(*copy));
    return copy;
}

static void check_refused(struct symbol_case *test, const char *part_of_message)
{
    struct symbol_table table;
    struct message why;

    assert_false(symbols_make(test, &table, &why));
    if (strstr(why.text, part_of_message) == NULL || strstr(why.text, "--no-symbols") == NULL) {
        fail_msg("'%s' is not about '%s'", why.text, part_of_message);
    }
    assert_null(table.bytes);
    free(test->file);
}

static void make_simple(struct symbol_case *test)
{
    symbols_begin(test);
    add_function(test, "function", BASE);
    symbols_build(test);
}

static void put_section(struct symbol_case *test, uint32_t index,
                        const struct elf64_section_header *section)
{
    memcpy(test->file + test->sections + index * sizeof(*section), section, sizeof(*section));
}

static void refuses_damaged_tables(void **state)
{
    struct symbol_case test;
    struct elf64_section_header section;
    struct elf64_header header;

    (void)state;
    make_simple(&test);
    section_of(&test, SYMTAB_SECTION, &section)->sh_entsize = 16;
    put_section(&test, SYMTAB_SECTION, &section);
    check_refused(&test, "entries of a wrong size");
    make_simple(&test);
    section_of(&test, SYMTAB_SECTION, &section)->sh_size = UINT64_MAX - 15; // a multiple of 24
    put_section(&test, SYMTAB_SECTION, &section);
    check_refused(&test, "passes the end");
    make_simple(&test);
    section_of(&test, SYMTAB_SECTION, &section)->sh_offset = test.size + 1;
    put_section(&test, SYMTAB_SECTION, &section);
    check_refused(&test, "passes the end");
    make_simple(&test);
    section_of(&test, SYMTAB_SECTION, &section)->sh_link = SECTION_COUNT;
    put_section(&test, SYMTAB_SECTION, &section);
    check_refused(&test, "has no names");
    make_simple(&test);
    section_of(&test, SYMTAB_SECTION, &section)->sh_link = SYMTAB_SECTION;
    put_section(&test, SYMTAB_SECTION, &section);
    check_refused(&test, "names that do not lie in the file");
    make_simple(&test);
    section_of(&test, STRTAB_SECTION, &section)->sh_size++; // one byte into the section headers
    section.sh_offset = test.size - section.sh_size + 1;
    put_section(&test, STRTAB_SECTION, &section);
    check_refused(&test, "names that do not lie in the file");
    make_simple(&test);
    section_of(&test, STRTAB_SECTION, &section)->sh_size--; // without the last NUL
    put_section(&test, STRTAB_SECTION, &section);
    check_refused(&test, "a name outside the table");
    make_simple(&test);
    memcpy(&header, test.file, sizeof(header));
    header.e_shnum = SECTION_COUNT + 1;
    memcpy(test.file, &header, sizeof(header));
    check_refused(&test, "section headers are damaged");
}

// More than 65279 sections are counted in the first section header.
static void finds_the_true_number_of_sections(void **state)
{
    struct symbol_case test;
    struct symbol_table table;
    struct elf64_section_header section;
    struct elf64_header header;
    struct message why;

    (void)state;
    make_simple(&test);
    memcpy(&header, test.file, sizeof(header));
    header.e_shnum = 0;
    memcpy(test.file, &header, sizeof(header));
    section_of(&test, 0, &section)->sh_size = SECTION_COUNT;
    put_section(&test, 0, &section);
    assert_true(symbols_make(&test, &table, &why));
    assert_int_not_equal(table.size, 0);
    symbol_table_free(&table);
    section.sh_size = UINT64_MAX;
    put_section(&test, 0, &section);
    check_refused(&test, "section headers are damaged");
}

// Whatever is in symbols, names and section headers: no read outside the file, and what comes out
// is a table that stage 2 accepts.
static void survives_hostile_files(void **state)
{
    static const uint64_t values[] = {0,      1,          2,           0x7F,      0xFFF,
                                      0x1000, 0xFFFFFFFF, 0x100000000, INT64_MAX, UINT64_MAX};
    uint64_t random = 0x5EED;
    uint64_t made = 0;

    (void)state;
    for (int i = 0; i < HOSTILE_FILES; i++) {
        struct symbol_case test;
        struct symbol_table table;
        struct message why;
        symbols_begin(&test);
        add_function(&test, "function", BASE);
        add_function(&test, "other_function", BASE + 7);
        add_symbol(&test, "label", BASE + 9, NOTYPE, LOCAL, 1);
        symbols_build(&test);
        const uint64_t start = test.sections - test.names_bytes - 4ull * SYMBOL_BYTES;
        for (uint64_t changes = 1 + random_below(&random, 3); changes != 0; changes--) {
            const uint64_t value = values[random_below(&random, 10)] + random_below(&random, 3);
            const uint64_t place = start + random_below(&random, test.size - start - 7);
            memcpy(test.file + place, &value, 1 + random_below(&random, 8));
        }
        if (symbols_make(&test, &table, &why) && table.size != 0) {
            assert_true(symbols_check(table.bytes, table.size, &why));
            symbol_table_free(&table);
            made++;
        }
        free(test.file);
    }
    assert_in_range(made, HOSTILE_FILES / 10, HOSTILE_FILES - HOSTILE_FILES / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_damaged_tables),
        cmocka_unit_test(finds_the_true_number_of_sections),
        cmocka_unit_test(survives_hostile_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
