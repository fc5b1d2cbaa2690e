// Makes the symbols item of an image: the kernel's functions by address, with their names, so that
// a panic can print them. Called by bootimage and by the unit tests.
#ifndef IMAGE_SYMBOL_TABLE_H
#define IMAGE_SYMBOL_TABLE_H

#include "elf.h"
#include "message.h"

#include <stdbool.h>
#include <stdint.h>

struct symbol_table {
    uint8_t *bytes; // from malloc; zeros from `size` up to the end of its last sector
    uint64_t size;  // of struct symbols_header and all behind it; 0: no table
};

// Takes from the symbol table (.symtab) of a kernel that elf_parse accepted, its slide being 0,
// what lies in an executable segment, less than 4 GiB above the lowest page: functions, and labels
// without a type, as assemblers make them; not absolute ones, not those that begin with ".L". Of
// several at one address one stays: a function before a label, then a global before a weak before
// a local symbol, then the first in order of name. A kernel without any gives a table of no bytes.
// False, with a message, when the symbol table or its names do not lie in the file.
bool symbol_table_make(const struct elf_kernel *kernel, struct symbol_table *table,
                       struct message *why);

void symbol_table_free(struct symbol_table *table);

#endif
