// The header at the start of stage 2: checking what the build put into it, filling in what belongs
// to one image, and computing the sums in it. Used by image_layout.c and image_read.c.
#ifndef IMAGE_STAGE2_HEADER_H
#define IMAGE_STAGE2_HEADER_H

#include "image_format.h"
#include "message.h"

#include <stdbool.h>
#include <stdint.h>

// Reads the header from the first sector of stage 2 and checks signature and sizes: the first block
// has FIRST_BLOCK_SECTORS, the whole at least that and at most STAGE2_MAX_SECTORS. False, with a
// message.
bool stage2_header_read(const uint8_t *stage2, struct stage2_header *header, struct message *why);

// The sums as the bytes of stage 2 (header->stage2_sectors long) have them.
struct word_sums stage2_first_block_sums(const uint8_t *stage2, const struct stage2_header *header);
uint64_t stage2_rest_sum(const uint8_t *stage2, const struct stage2_header *header);

// Fills in where the image header lies, and the sums, in a stage 2 whose header was read.
void stage2_header_patch(uint8_t *stage2, struct stage2_header *header, uint64_t image_header_lba,
                         uint32_t image_header_sectors);

#endif
