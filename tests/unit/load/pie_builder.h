// Makes position-independent kernels with relocations in memory, for the tests of relocate.c.
#ifndef PIE_BUILDER_H
#define PIE_BUILDER_H

#include "elf_builder.h"

#include <stdint.h>

// As in the file (System V gABI 4.1, chapters 4 and 5).
struct pie_relocation {
    uint64_t offset;
    uint64_t info; // symbol << 32 | type
    uint64_t addend;
};

struct pie_symbol {
    uint32_t name;
    uint8_t info; // binding << 4 | type
    uint8_t other;
    uint16_t section;
    uint64_t value;
    uint64_t size;
};

struct pie_dynamic {
    uint64_t tag;
    uint64_t value;
};

enum {
    PIE_TAG_NEEDED = 1,
    PIE_TAG_PLTRELSZ = 2,
    PIE_TAG_SYMTAB = 6,
    PIE_TAG_RELA = 7,
    PIE_TAG_RELASZ = 8,
    PIE_TAG_RELAENT = 9,
    PIE_TAG_SYMENT = 11,
    PIE_TAG_REL = 17,
    PIE_TAG_PLTREL = 20,
    PIE_TAG_TEXTREL = 22,
    PIE_TAG_JMPREL = 23,
    PIE_TAG_RELR = 36,
    PIE_TYPE_NONE = 0,
    PIE_TYPE_64 = 1,
    PIE_TYPE_RELATIVE = 8,
};

// Where the parts are; linked addresses are file offsets but for the data when it is displaced.
enum {
    PIE_TABLE = 0x40,           // program headers
    PIE_SYMBOLS = 0x400,        // the symbol table, to PIE_RELOCATIONS
    PIE_RELOCATIONS = 0x800,    // to PIE_TEXT
    PIE_TEXT = 0x2000,          // one page of code
    PIE_DATA = 0x3000,          // data and .bss
    PIE_DYNAMIC = 0x3000,       // the dynamic section begins the data
    PIE_DATA_FILE_END = 0x5234, // where .bss begins
    PIE_END = 0x8000,
    PIE_FILE_SIZE = 0x6000,
    PIE_SYMBOLS_MAX = (PIE_RELOCATIONS - PIE_SYMBOLS) / 24,
    PIE_RELOCATIONS_MAX = (PIE_TEXT - PIE_RELOCATIONS) / 24,
    PIE_DYNAMIC_MAX = 16,
};

// A kernel linked at 0 with these relocations and no symbols. `displaced` moves the data in the
// file so that it cannot be mapped in place. Freed with elf_file_free.
struct elf_file pie_make(const struct pie_relocation *relocations, uint32_t count, bool displaced);

// Its parts, to be changed. The dynamic section ends with zeros; pie_set changes or appends a tag.
struct pie_symbol *pie_symbols(const struct elf_file *file);
struct pie_relocation *pie_relocations(const struct elf_file *file);
void pie_set(const struct elf_file *file, uint64_t tag, uint64_t value);

#endif
