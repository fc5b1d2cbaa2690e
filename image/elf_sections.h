// The section headers of an ELF file, which only the host looks at: for the kernel's symbols and
// for notes that no segment holds. Used by symbol_table.c and kernel_notes.c.
// Source: System V gABI 4.1 chapter 4, "Sections".
#ifndef IMAGE_ELF_SECTIONS_H
#define IMAGE_ELF_SECTIONS_H

#include "message.h"

#include <stdbool.h>
#include <stdint.h>

struct elf64_section_header {
    uint32_t sh_name;
    uint32_t sh_type;
    uint64_t sh_flags;
    uint64_t sh_addr;
    uint64_t sh_offset;
    uint64_t sh_size;
    uint32_t sh_link;
    uint32_t sh_info;
    uint64_t sh_addralign;
    uint64_t sh_entsize;
};

_Static_assert(sizeof(struct elf64_section_header) == 64, "ELF64 section header is 64 bytes");

enum {
    ELF_SHT_SYMTAB = 2,
    ELF_SHT_STRTAB = 3,
    ELF_SHT_NOBITS = 8,
    ELF_SHN_XINDEX = 0xFFFF, // the true index is elsewhere
};

// The table, checked to lie in the file; count 0 when there is none.
struct elf_sections {
    const uint8_t *file;
    uint64_t file_size;
    uint64_t offset;
    uint64_t count;
    uint64_t names; // index of the section that holds the names
};

// Finds the table in a file that elf_parse has accepted. False, with a message, when it does not
// lie in the file.
bool elf_sections_find(const uint8_t *file, uint64_t size, struct elf_sections *sections,
                       struct message *why);

// The section header of an index below sections->count.
struct elf64_section_header elf_section(const struct elf_sections *sections, uint64_t index);

// Whether all bytes of the section lie in the file.
bool elf_section_in_file(const struct elf_sections *sections,
                         const struct elf64_section_header *section);

// Whether the section has this name. False also when its name cannot be found.
bool elf_section_is_named(const struct elf_sections *sections,
                          const struct elf64_section_header *section, const char *name);

#endif
