// Does with a kernel what stage 2 does, up to its page tables, and checks the outcome byte by byte.
#ifndef LOADED_KERNEL_H
#define LOADED_KERNEL_H

#include "elf_builder.h"
#include "kernel_layout.h"

#include <stdbool.h>
#include <stdint.h>

struct loaded_kernel {
    struct elf_file file; // as it came from the disk
    uint8_t *memory;      // kernel memory, filled
    uint64_t physical;    // where that lies
    struct elf_kernel elf;
    struct kernel_layout layout;
    struct page_tables tables;
    uint64_t mapped[3]; // pages of 4 KiB, 2 MiB, 1 GiB; set by loaded_kernel_check
};

// Takes the file over. A refusal fails the test.
void loaded_kernel_make(struct loaded_kernel *kernel, struct elf_file *file, uint64_t physical);

// Makes the file, too; the entry point is the start of the first executable segment.
void loaded_kernel_load(struct loaded_kernel *kernel, uint64_t physical,
                        const struct elf64_program_header *segments, uint32_t count,
                        uint64_t file_size);

// As loaded_kernel_make; false, and the file freed, when elf_parse refuses it.
bool loaded_kernel_try(struct loaded_kernel *kernel, struct elf_file *file, uint64_t physical);

// Fails the test unless
// - every byte of every segment can be read where it should be, zeros included;
// - exactly the pages of the segments are mapped, with the permissions of all segments in a page,
//   those of RELRO read-only;
// - no page in place shows bytes of another run, and every page is kernel memory of its own;
// - the table count was exact, and layout.contiguous and base_offset tell the truth.
void loaded_kernel_check(struct loaded_kernel *kernel);

void loaded_kernel_free(struct loaded_kernel *kernel);

#endif
