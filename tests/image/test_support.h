// What the unit tests of image/ share: a builder of small ELF files, a made-up loader, writers and
// readers of images in memory, and random numbers that are the same in every run.
#ifndef TEST_SUPPORT_H
#define TEST_SUPPORT_H

#include "elf.h"
#include "image_layout.h"
#include "image_read.h"

#include <stdint.h>

#define TEST_PAGE 4096ull

#define ELF_SPEC_SEGMENTS 16

// Loadable segments to build an ELF file of.
struct elf_spec {
    uint64_t entry;
    uint32_t count;
    struct elf64_program_header segments[ELF_SPEC_SEGMENTS];
};

// A file from malloc with these program headers behind the ELF header, and bytes that depend on
// `seed` and are not zero, up to the highest end of a segment.
uint8_t *elf_build(const struct elf_spec *spec, uint8_t seed, uint64_t *size);

// One executable segment and one writable with .bss, at the start of the higher half's top 2 GiB.
void elf_spec_simple(struct elf_spec *spec);

// xorshift64*
uint64_t random_next(uint64_t *state);
uint64_t random_below(uint64_t *state, uint64_t limit);

// An MBR and a stage 2 of `stage2_sectors` as a build might make them, into the caller's memory.
void make_loader(uint8_t mbr[SECTOR_SIZE], uint8_t *stage2, uint16_t stage2_sectors,
                 uint16_t first_block_sectors);

// An image in memory, growing as it is written.
struct memory_image {
    uint8_t *bytes;
    uint64_t size;
    uint64_t refuse_at; // writes that pass this size fail
};

// Where a sector of it begins.
uint8_t *sector_of(const struct memory_image *image, uint64_t lba);

bool memory_image_write(void *context, const void *bytes, size_t size, struct message *why);
bool memory_image_read(void *context, uint64_t offset, void *buffer, size_t size,
                       struct message *why);

// Where make_image puts things when there is a command line.
#define HEADER_LBA       21ull
#define COMMAND_LINE_LBA 22ull
#define KERNEL_LBA       23ull
#define KERNEL_SECTORS   30ull // 3 pages and 3000 bytes
#define PADDING_LBA      (KERNEL_LBA + KERNEL_SECTORS)
#define IMAGE_SECTORS    3024ull

// Writes an image of the kernel of elf_spec_simple; 20 sectors of stage 2, 8 of them its first
// block. `command_line` may be empty. The bytes are from malloc.
void make_image(struct memory_image *image, const char *command_line);

// Writes an image of these parts, whose loader and kernel it fills in as make_image does.
void make_image_of(struct memory_image *image, struct image_parts *parts);

// Reads the image back; the report is the caller's to free.
void read_image(struct memory_image *image, struct image_report *report);

// Reads the image back; one of the problems that the reader reports must say this.
void check_problem(struct memory_image *image, const char *part_of_message);

#endif
