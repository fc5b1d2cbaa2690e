// A kernel with a symbol table, to be built and taken apart. Shared by the unit tests of the
// symbols item.
#ifndef SYMBOL_CASE_H
#define SYMBOL_CASE_H

#include "elf_sections.h"
#include "symbol_table.h"
#include "test_support.h"

#include <stdbool.h>
#include <stdint.h>

#define BASE           0xFFFFFFFF80000000u // of elf_spec_simple: 5000 bytes of code
#define DATA           (BASE + 0x2000)
#define SYMBOL_BYTES   24
#define MOST_SYMBOLS   16
#define NAMES_BYTES    512
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

void symbols_begin(struct symbol_case *test);

void add_symbol(struct symbol_case *test, const char *name, uint64_t value, unsigned type,
                unsigned binding, uint16_t section);

void add_function(struct symbol_case *test, const char *name, uint64_t value);

// The file, whose last byte is the last of its memory, so that the sanitizer sees a read behind it.
void symbols_build(struct symbol_case *test);

bool symbols_make(const struct symbol_case *test, struct symbol_table *table, struct message *why);

#endif
