// What the tests of whole boots share: ordinary kernels and machines, one call for a boot that must
// succeed and one for a boot that must stop.
#ifndef TEST_BOOT_H
#define TEST_BOOT_H

#include "boot_image.h"
#include "elf_builder.h"
#include "fake_machine.h"

#include <stdint.h>

#define KIB 0x400ull
#define MIB 0x100000ull
#define GIB 0x40000000ull

#define R  ELF_PF_R
#define RX (ELF_PF_R | ELF_PF_X)
#define RW (ELF_PF_R | ELF_PF_W)

#define KERNEL_BASE 0xFFFFFFFF80000000u

struct test_boot {
    struct elf_file kernel;
    const char *command_line;
    struct boot_image image;
    struct fake_machine machine;
};

// Code, constants, and data with .bss, at KERNEL_BASE.
struct elf_file ordinary_kernel(void);

// The ordinary kernel with `bytes` of data (a multiple of 4096).
struct elf_file large_kernel(uint64_t bytes);

// An image of the kernel, which it takes over, in a hard disk of a machine with 64 MiB.
struct test_boot *test_boot_begin(struct elf_file kernel, const char *command_line);

// The same with the image and without memory above 1 MiB.
struct test_boot *test_boot_begin_bare(struct elf_file kernel, struct boot_image image);
void test_boot_end(struct test_boot *boot);

void test_boot_add_memory(struct test_boot *boot, uint64_t base, uint64_t length);

// Boots, and fails the test unless the kernel is entered with everything as it should be.
void test_boot_enters(struct test_boot *boot);

// Boots, and fails the test unless it stops with one whole line that contains the words.
void test_boot_stops(struct test_boot *boot, const char *words);

// The same after the boot.
void test_boot_check_entered(const struct test_boot *boot);
void test_boot_check_stopped(const struct test_boot *boot, const char *words);

#endif
