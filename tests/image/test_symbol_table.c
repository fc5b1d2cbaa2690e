// Unit tests of the symbols item: which symbols go into it, in which order, and that no section
// header of a hostile file is believed.
#include "elf_sections.h"
#include "firstlight/boot_info.h"
#include "symbol_table.h"
#include "symbols.h"
#include "test_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BASE           0xFFFFFFFF80000000u // of elf_spec_simple: 5000 bytes of code
#define DATA           (BASE + 0x2000)
#define SYMBOL_BYTES   24
#define MOST_SYMBOLS   16
#define NAMES_BYTES    512
#define HOSTILE_FILES  4000
#define SECTION_COUNT  3
#define SYMTAB_SECTION 1
#define STRTAB_SECTION 2

enum { LOCAL, GLOBAL, WEAK };
enum { NOTYPE, OBJECT, FUNC, SECTION, FILE_NAME };

// An ELF file of elf_spec_simple with .symtab and .strtab behind it.
struct symbol_case {
    uint8_t *file;
    uint64_t size;
    uint64_t sections; // offset of the section headers
    uint8_t symbols[MOST_SYMBOLS * SYMBOL_BYTES];
    uint32_t count;
    char names[NAMES_BYTES];
    uint32_t names_bytes;
};

static void begin(struct symbol_case *test)
{
    memset(test, 0, sizeof(*test));
    test->count = 1; // the first symbol is none
    test->names_bytes = 1;
}

static void add_symbol(struct symbol_case *test, const char *name, uint64_t value, unsigned type,
                       unsigned binding, uint16_t section)
{
    uint8_t *symbol = test->symbols + (size_t)test->count++ * SYMBOL_BYTES;

    assert_true(test->count <= MOST_SYMBOLS);
    memcpy(symbol, &test->names_bytes, sizeof(uint32_t));
    symbol[4] = (uint8_t)(binding << 4 | type);
    memcpy(symbol + 6, &section, sizeof(section));
    memcpy(symbol + 8, &value, sizeof(value));
    memcpy(test->names + test->names_bytes, name, strlen(name) + 1);
    test->names_bytes += (uint32_t)strlen(name) + 1;
}

static void add_function(struct symbol_case *test, const char *name, uint64_t value)
{
    add_symbol(test, name, value, FUNC, GLOBAL, 1);
}

// The file, whose last byte is the last of its memory, so that the sanitizer sees a read behind it.
static void build(struct symbol_case *test)
{
    struct elf_spec spec;
    uint64_t plain;

    elf_spec_simple(&spec);
    uint8_t *kernel = elf_build(&spec, 1, &plain);
    const uint64_t symbols = plain;
    const uint64_t names = symbols + (uint64_t)test->count * SYMBOL_BYTES;
    const struct elf64_section_header headers[SECTION_COUNT] = {
        [SYMTAB_SECTION] = {.sh_type = ELF_SHT_SYMTAB,
                            .sh_offset = symbols,
                            .sh_size = names - symbols,
                            .sh_link = STRTAB_SECTION,
                            .sh_entsize = SYMBOL_BYTES},
        [STRTAB_SECTION] = {.sh_type = ELF_SHT_STRTAB,
                            .sh_offset = names,
                            .sh_size = test->names_bytes},
    };
    struct elf64_header header;

    test->sections = names + test->names_bytes;
    test->size = test->sections + sizeof(headers);
    test->file = realloc(kernel, test->size);
    assert_non_null(test->file);
    memcpy(test->file + symbols, test->symbols, (size_t)(names - symbols));
    memcpy(test->file + names, test->names, test->names_bytes);
    memcpy(test->file + test->sections, headers, sizeof(headers));
    memcpy(&header, test->file, sizeof(header));
    header.e_shoff = test->sections;
    header.e_shentsize = sizeof(struct elf64_section_header);
    header.e_shnum = SECTION_COUNT;
    memcpy(test->file, &header, sizeof(header));
}

static bool make(const struct symbol_case *test, struct symbol_table *table, struct message *why)
{
    struct elf_kernel kernel;

    assert_true(elf_parse(test->file, test->size, &kernel, why));
    return symbol_table_make(&kernel, table, why);
}

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

    build(test);
    if (!make(test, table, &why)) {
        fail_msg("refused: %s", why.text);
    }
    free(test->file);
}

static void sorts_by_address(void **state)
{
    struct symbol_case test;
    struct symbol_table table;

    (void)state;
    begin(&test);
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
    begin(&test);
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
    begin(&test);
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
    begin(&test);
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
    begin(&test);
    for (unsigned i = 0; i < 4; i++) {
        add_function(&test, names[i], BASE + i / 2);
    }
    make_good(&test, &forward);
    begin(&test);
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
    begin(&test);
    make_good(&test, &table);
    assert_int_equal(table.size, 0);
    begin(&test);
    add_symbol(&test, "data", DATA, OBJECT, GLOBAL, 1);
    make_good(&test, &table);
    assert_int_equal(table.size, 0);
    assert_null(table.bytes);
}

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

    assert_false(make(test, &table, &why));
    if (strstr(why.text, part_of_message) == NULL || strstr(why.text, "--no-symbols") == NULL) {
        fail_msg("'%s' is not about '%s'", why.text, part_of_message);
    }
    assert_null(table.bytes);
    free(test->file);
}

static void make_simple(struct symbol_case *test)
{
    begin(test);
    add_function(test, "function", BASE);
    build(test);
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
    assert_true(make(&test, &table, &why));
    check_symbol(&table, 0, 0, "function");
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
        begin(&test);
        add_function(&test, "function", BASE);
        add_function(&test, "other_function", BASE + 7);
        add_symbol(&test, "label", BASE + 9, NOTYPE, LOCAL, 1);
        build(&test);
        const uint64_t start = test.sections - test.names_bytes - 4ull * SYMBOL_BYTES;
        for (uint64_t changes = 1 + random_below(&random, 3); changes != 0; changes--) {
            const uint64_t value = values[random_below(&random, 10)] + random_below(&random, 3);
            const uint64_t place = start + random_below(&random, test.size - start - 7);
            memcpy(test.file + place, &value, 1 + random_below(&random, 8));
        }
        if (make(&test, &table, &why) && table.size != 0) {
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
        cmocka_unit_test(sorts_by_address),
        cmocka_unit_test(takes_functions_and_labels_in_code_only),
        cmocka_unit_test(keeps_the_best_of_several_at_one_address),
        cmocka_unit_test(shares_names),
        cmocka_unit_test(same_bytes_whatever_the_order),
        cmocka_unit_test(no_symbols_make_no_table),
        cmocka_unit_test(refuses_damaged_tables),
        cmocka_unit_test(finds_the_true_number_of_sections),
        cmocka_unit_test(survives_hostile_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
