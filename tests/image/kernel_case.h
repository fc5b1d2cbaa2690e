// A kernel with a boot request and other program headers, on its way through kernel_pack. Shared by
// the unit tests of the kernel item.
#ifndef KERNEL_CASE_H
#define KERNEL_CASE_H

#include "firstlight/boot_request.h"
#include "kernel_check.h"
#include "kernel_pack.h"
#include "test_support.h"

#include <stdbool.h>
#include <stdint.h>

#define BASE        0xFFFFFFFF80000000u
#define MIB         0x100000ull
#define GIB         0x40000000ull
#define CODE_BYTES  64u
#define ET_DYN_BYTE 3

// A kernel whose first segment is code at `base`; the note lies in the file at note_offset.
struct kernel_case {
    struct elf_spec spec;
    struct boot_request_note note;
    uint64_t note_offset; // 0: no note
    bool position_independent;
    uint8_t *file;
    uint64_t size;
    struct packed_kernel packed;
    struct checked_kernel checked; // of the packed one
};

void kernel_begin(struct kernel_case *test, uint64_t base, uint64_t code_bytes);

void add_header(struct kernel_case *test, struct elf64_program_header header);

// The note goes behind all segments.
void kernel_build(struct kernel_case *test);

void pack_kernel(struct kernel_case *test);

void kernel_end(struct kernel_case *test);

void check_kernel_refused(struct kernel_case *test, const char *part_of_message);

// The program header of a type in the packed file; fails the test when there is none, or two.
struct elf64_program_header packed_header(const struct kernel_case *test, uint32_t type);

#endif
