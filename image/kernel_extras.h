// The program headers beside PT_LOAD that stage 2 needs: relocations, thread-local storage, what
// becomes read-only. Used by kernel_pack.c and
// boot_preview.c.
#ifndef IMAGE_KERNEL_EXTRAS_H
#define IMAGE_KERNEL_EXTRAS_H

#include "elf.h"
#include "message.h"

#include <stdbool.h>
#include <stdint.h>

struct kernel_extras {
    struct elf64_program_header *headers; // from malloc, in the order of the file
    uint32_t count;
};

// Finds PT_DYNAMIC (of a position-independent kernel), PT_TLS and PT_GNU_RELRO, as far as they are
// not empty. False, with a message, when one that takes memory begins in no segment.
bool kernel_extras_collect(const struct elf_kernel *kernel, struct kernel_extras *extras,
                           struct message *why);

// A template for thread-local storage without initial values: linkers give it an address that need
// not be in any segment.
bool kernel_extra_takes_no_memory(const struct elf64_program_header *extra);

// Whether it begins in the segment.
bool kernel_extra_inside(const struct elf64_program_header *extra,
                         const struct elf_segment *segment);

// How many of the segment's bytes in the file have to stay there, zeros or not: relocations,
// dynamic section and symbols are looked up in the file, and thread-local storage keeps its size.
uint64_t kernel_extras_kept(const struct kernel_extras *extras, const struct elf_kernel *kernel,
                            const struct elf_segment *segment);

// How many relocations the dynamic section names, of a kernel that relocate_check has accepted.
uint64_t kernel_relocation_count(const struct elf_kernel *kernel);

void kernel_extras_free(struct kernel_extras *extras);

#endif
