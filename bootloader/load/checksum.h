// The checksum of image items and of the image header.
//
// Bytes are read as 64-bit little-endian words in two lanes: even words and odd words. Each lane
// has two sums, from zero. For each 64 bytes, of which w[0] to w[3] are the lane's words,
//     sum += w[0] + w[1] + w[3]
//     weighted += w[2]
//     (sum, weighted) = (weighted + sum, sum)
// At the end the odd lane does the last of these once more, and then
//     checksum.sum          = sum[0] + sum[1] * CHECKSUM_LANE_FACTOR
//     checksum.weighted_sum = weighted[0] + weighted[1] * CHECKSUM_LANE_FACTOR + length in bytes
// modulo 2^64. A word weighs a Fibonacci number in sum and the one before it in weighted, never
// both even: any single changed bit changes the one or the other, and so does a sector of one word
// repeated that becomes zeros. Other sectors that are zeroed, stale, missing or exchanged are seen
// but where both sums agree by chance: image/README.md has how often that was in 22.2 million
// sectors. Five additions by SSE2 for 64 bytes, or ten of words: at memory speed on baseline
// x86-64.
#ifndef LOAD_CHECKSUM_H
#define LOAD_CHECKSUM_H

#include "image_format.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHECKSUM_BLOCK_SIZE  SECTOR_SIZE // length is a multiple of this
#define CHECKSUM_GROUP_SIZE  64          // bytes; a block has an even number of them
#define CHECKSUM_LANE_FACTOR 0x9E3779B97F4A7C15u

struct checksum_state {
    uint64_t sum[2];
    uint64_t weighted[2];
    uint64_t bytes;
};

/*@ requires \valid(state);
    assigns *state;
    ensures state->bytes == 0; */
void checksum_begin(struct checksum_state *state);

// Adds `bytes` to the state: whole blocks, for stage 2's routine 16-byte aligned.
/*@ requires \valid(state) && \valid_read((uint8_t *)source + (0 .. bytes - 1));
    requires whole_blocks: bytes % CHECKSUM_BLOCK_SIZE == 0;
    assigns *state;
    ensures state->bytes == (uint64_t)(\old(state->bytes) + bytes); */
void checksum_add(struct checksum_state *state, const void *source, size_t bytes);

// Copies them, too; the destination is aligned like the source, and apart from it.
/*@ requires \valid(state) && whole_blocks: bytes % CHECKSUM_BLOCK_SIZE == 0;
    requires \valid_read((uint8_t *)source + (0 .. bytes - 1));
    requires \valid((uint8_t *)destination + (0 .. bytes - 1));
    requires \separated(state, (uint8_t *)source + (0 .. bytes - 1),
                        (uint8_t *)destination + (0 .. bytes - 1));
    assigns *state, ((uint8_t *)destination)[0 .. bytes - 1];
    ensures \forall integer i; 0 <= i < bytes ==>
            ((uint8_t *)destination)[i] == ((uint8_t *)source)[i]; */
void checksum_copy(struct checksum_state *state, void *destination, const void *source,
                   size_t bytes);

/*@ requires \valid_read(state);
    assigns \nothing; */
struct image_checksum checksum_end(const struct checksum_state *state);

/*@ requires \valid_read(a) && \valid_read(b);
    assigns \nothing;
    ensures \result <==> a->sum == b->sum && a->weighted_sum == b->weighted_sum; */
bool checksum_equal(const struct image_checksum *a, const struct image_checksum *b);

#endif
