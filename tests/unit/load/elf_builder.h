// Makes ELF files in memory for the tests of elf.c, kernel_layout.c and handover.c.
#ifndef ELF_BUILDER_H
#define ELF_BUILDER_H

#include "elf.h"

#include <stdint.h>

// A file in memory of exactly its size, so that a read past its end is an error.
struct elf_file {
    uint8_t *bytes;
    uint64_t size;
};

// A file of `size` bytes whose content is a function of the offset, with ELF header at 0 and the
// program headers at `table_offset`.
struct elf_file elf_file_make(const struct elf64_program_header *segments, uint32_t count,
                              uint64_t table_offset, uint64_t size, uint64_t entry);
void elf_file_free(struct elf_file *file);

// The file's own headers, to be changed.
struct elf64_header *elf_file_header(const struct elf_file *file);
struct elf64_program_header *elf_file_segment(const struct elf_file *file, uint32_t index);

// A loadable segment, p_align 4096.
struct elf64_program_header loadable(uint32_t flags, uint64_t address, uint64_t offset,
                                     uint64_t file_size, uint64_t memory_size);

#endif
