// Stage 2's header and the sums in it. Called by image_layout.c and image_read.c.
#include "stage2_header.h"

#include "checksum.h"
#include "word_sums.h"

#include <string.h>

// The first block's sums cover what follows them, the other fields of the header included.
#define FIRST_BLOCK_SUMMED_OFFSET offsetof(struct stage2_header, rest_sum)

bool stage2_header_read(const uint8_t *stage2, struct stage2_header *header, struct message *why)
{
    memcpy(header, stage2, sizeof(*header));
    if (memcmp(header->signature, STAGE2_SIGNATURE, STAGE2_SIGNATURE_SIZE) != 0) {
        return message_refuse(why,
                              "no Firstlight stage 2 at LBA %u (its signature is missing): "
                              "make the image anew with bootimage create",
                              STAGE2_LBA);
    }
    if (header->first_block_sectors != FIRST_BLOCK_SECTORS ||
        header->stage2_sectors < FIRST_BLOCK_SECTORS ||
        header->stage2_sectors > STAGE2_MAX_SECTORS) {
        return message_refuse(why,
                              "stage 2's header says %u sectors, %u of them its first block, where "
                              "%u is the most and %u the rule: make the image anew with bootimage "
                              "create",
                              (unsigned)header->stage2_sectors,
                              (unsigned)header->first_block_sectors, STAGE2_MAX_SECTORS,
                              FIRST_BLOCK_SECTORS);
    }
    return true;
}

struct word_sums stage2_first_block_sums(const uint8_t *stage2, const struct stage2_header *header)
{
    const size_t first_block_bytes = (size_t)header->first_block_sectors * SECTOR_SIZE;
    struct word_sums sums = {0, 0};

    word_sums_add(&sums, stage2 + FIRST_BLOCK_SUMMED_OFFSET,
                  first_block_bytes - FIRST_BLOCK_SUMMED_OFFSET);
    return sums;
}

uint64_t stage2_rest_sum(const uint8_t *stage2, const struct stage2_header *header)
{
    const size_t first_block_bytes = (size_t)header->first_block_sectors * SECTOR_SIZE;
    struct checksum_state state;

    checksum_begin(&state);
    checksum_add(&state, stage2 + first_block_bytes,
                 (size_t)header->stage2_sectors * SECTOR_SIZE - first_block_bytes);
    const uint64_t sum = state.sum[0] + state.sum[1] + state.weighted[1];
    const uint64_t weighted_sum = state.weighted[0] + state.sum[1];
    return sum + (weighted_sum << STAGE2_REST_SUM_ROTATION |
                  weighted_sum >> (64 - STAGE2_REST_SUM_ROTATION));
}

void stage2_header_patch(uint8_t *stage2, struct stage2_header *header, uint64_t image_header_lba,
                         uint32_t image_header_sectors)
{
    header->image_header_lba = image_header_lba;
    header->image_header_sectors = image_header_sectors;
    header->rest_sum = stage2_rest_sum(stage2, header);
    memcpy(stage2, header, sizeof(*header));

    // Last, because they cover all the other fields.
    header->first_block_sums = stage2_first_block_sums(stage2, header);
    memcpy(stage2, header, sizeof(*header));
}
