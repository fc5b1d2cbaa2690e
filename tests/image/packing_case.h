// One kernel on its way through kernel_pack and stage 2, and the checks of what came out. Shared by
// the unit tests of the kernel item.
#ifndef PACKING_CASE_H
#define PACKING_CASE_H

#include "kernel_layout.h"
#include "kernel_pack.h"
#include "test_support.h"

#include <stdint.h>

struct packing_case {
    struct elf_spec spec;
    uint8_t *file;
    uint64_t file_size;
    struct elf_kernel source;
    struct packed_kernel packed;
    struct elf_kernel kernel; // as the packed file has it
    struct kernel_layout layout;
    uint8_t *memory; // as stage 2 leaves it
};

// Parses the file, packs it, and does what stage 2 does with the packed one.
void pack_file(struct packing_case *test);

// Builds the file of `spec`, then the same.
void pack(struct packing_case *test, uint8_t seed);

// That the kernel finds every byte of every segment, by the rules of the ELF alone.
void check_memory(const struct packing_case *test);

// That addresses, sizes, permissions and entry point are those of the original.
void check_rights(const struct packing_case *test);

// That no run is copied, and that memory goes on where the addresses do.
void check_in_place(const struct packing_case *test);

void free_case(struct packing_case *test);

#endif
