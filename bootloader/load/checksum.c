// The checksum of image items: its beginning and end. Called by all that sums; what is between is
// in checksum_portable.c, or in stage 2's checksum.asm.
#include "checksum.h"

#include <string.h>

void checksum_begin(struct checksum_state *state)
{
    memset(state, 0, sizeof *state);
}

struct image_checksum checksum_end(const struct checksum_state *state)
{
    // The odd lane goes one step further, without words: for equal lanes to make a difference.
    const uint64_t odd_sum = state->sum[1] + state->weighted[1];
    const uint64_t odd_weighted = state->sum[1];
    return (struct image_checksum){
        .sum = state->sum[0] + odd_sum * CHECKSUM_LANE_FACTOR,
        .weighted_sum = state->weighted[0] + odd_weighted * CHECKSUM_LANE_FACTOR + state->bytes,
    };
}

bool checksum_equal(const struct image_checksum *a, const struct image_checksum *b)
{
    return a->sum == b->sum && a->weighted_sum == b->weighted_sum;
}
