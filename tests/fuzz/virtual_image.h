// What a kernel must find at its virtual addresses: the segments of its ELF file, and the
// relocations of a position-independent one, worked out from the file alone. For the targets that
// load kernels.
#ifndef VIRTUAL_IMAGE_H
#define VIRTUAL_IMAGE_H

#include "elf.h"
#include "kernel_layout.h"

#include <stdbool.h>
#include <stdint.h>

#define VIRTUAL_IMAGE_MOST 0x80000u // bytes of all segments; more takes too long to fuzz

struct virtual_image {
    const struct elf_kernel *elf;
    uint64_t bytes;
    uint8_t *content; // of all segments, one behind the other
};

// Fails unless what elf_parse accepted keeps the rules of elf.h, told from the file's bytes anew.
void virtual_image_check_elf(const struct elf_kernel *elf);

// The segments' bytes, with the slide that the ELF has. False when they are too many.
bool virtual_image_make(struct virtual_image *image, const struct elf_kernel *elf);
void virtual_image_free(struct virtual_image *image);

// Puts `bytes` (8 of a relocation, or fewer) at an address. False when they are in no segment.
bool virtual_image_put(struct virtual_image *image, uint64_t address, uint64_t value,
                       unsigned bytes);

// Applies the relocations. Fails when there is one that relocate_check had to refuse.
void virtual_image_relocate(struct virtual_image *image);

// Fails unless all pieces of the layout are in order, apart, inside kernel memory, none writable
// and executable.
void virtual_image_check_pieces(const struct kernel_layout *layout);

// Fails unless kernel memory, seen through the layout, has what the image has.
void virtual_image_check_memory(const struct virtual_image *image,
                                const struct kernel_layout *layout, const uint8_t *memory);

#endif
