// Shared by the unit tests of the symbols item.
#include "symbol_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void symbols_begin(struct symbol_case *test)
{
    memset(test, 0, sizeof(*test));
    test->count = 1; // the first symbol is none
    test->names_bytes = 1;
}

void add_symbol(struct symbol_case *test, const char *name, uint64_t value, unsigned type,
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

void add_function(struct symbol_case *test, const char *name, uint64_t value)
{
    add_symbol(test, name, value, FUNC, GLOBAL, 1);
}

void symbols_build(struct symbol_case *test)
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

bool symbols_make(const struct symbol_case *test, struct symbol_table *table, struct message *why)
{
    struct elf_kernel kernel;

    assert_true(elf_parse(test->file, test->size, &kernel, why));
    return symbol_table_make(&kernel, table, why);
}
