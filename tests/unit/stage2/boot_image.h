// Disk images in memory for the fake machine: a kernel joined with a stand-in for the loader by
// image/, as bootimage does, and ways to change them afterwards.
#ifndef BOOT_IMAGE_H
#define BOOT_IMAGE_H

#include "elf_builder.h"
#include "image_format.h"
#include "image_stream.h"

#include <stdbool.h>
#include <stdint.h>

struct boot_image {
    uint8_t *bytes;
    uint64_t size;
    uint64_t capacity;
};

// An image as bootimage makes it.
void boot_image_make(struct boot_image *image, const struct elf_file *kernel,
                     const char *command_line);

// The same with modules, at most BOOT_IMAGE_MODULES, and a table of symbols (0 bytes: none).
struct boot_image_module {
    const char *name;
    const char *command_line;
    const void *bytes;
    uint64_t size;
};

#define BOOT_IMAGE_MODULES 4

void boot_image_make_with(struct boot_image *image, const struct elf_file *kernel,
                          const struct boot_image_module *modules, uint32_t count,
                          const uint8_t *symbols, size_t symbols_bytes);

// An image whose kernel and modules are compressed where that saves a sector; skips the test where
// the tool has no liblz4.
void boot_image_make_compressed(struct boot_image *image, const struct elf_file *kernel,
                                const struct boot_image_module *modules, uint32_t count);

// An image with the kernel's file as it is, packed by nobody and checked by nobody; it says that
// the kernel needs `memory_bytes`.
void boot_image_make_unpacked(struct boot_image *image, const struct elf_file *kernel,
                              uint64_t memory_bytes);
void boot_image_free(struct boot_image *image);

// The structures on the disk, to be changed.
struct stage2_header *boot_image_stage2(const struct boot_image *image);
struct image_header *boot_image_header(const struct boot_image *image);
struct image_item *boot_image_item(const struct boot_image *image, uint32_t kind);

// The kernel's file, decompressed if it is not stored as it is; to be freed.
struct elf_file boot_image_kernel(const struct boot_image *image);

// Makes the checksums right again after a change: the header's, and with `items` those of all items
// inside the image.
void boot_image_seal(struct boot_image *image, bool items);
void boot_image_seal_item(struct boot_image *image, struct image_item *item);

// Reads the image, for image_read; a read beside it fails the test.
struct image_reader boot_image_reader(struct boot_image *image);

#endif
