// What the mutators of the targets that read images and kernels have in common: repairs of what
// stands before the parsers, and where the fields are.
#ifndef IMAGE_MUTATION_H
#define IMAGE_MUTATION_H

#include "fuzz.h"

#include <stddef.h>
#include <stdint.h>

// Makes the checksums right: of the items, as far as they lie in `bytes`, of what compressed ones
// unpack to, and of the image header, which `bytes` begins with; that is sector `lba` of the image.
void image_repair_items(uint8_t *bytes, size_t size, uint64_t lba);

// Fields of the image header at `start` of an input, that is sector `lba`, or of a kernel in it.
struct fuzz_area image_fields(const uint8_t *bytes, size_t size, size_t start, uint64_t lba,
                              uint64_t choice);

// Fields of the ELF file that begins at `start`: headers, sections, dynamic section,
// relocations, or any.
struct fuzz_area fuzz_elf_fields(const uint8_t *bytes, size_t size, size_t start, uint64_t choice);

#endif
