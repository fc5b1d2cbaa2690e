// The sums of the checksum in portable C. For the host tool, the tests and the proofs; stage 2 has
// stage2/checksum.asm in its place.
#include "checksum.h"

#include <string.h>

#define LANES 2

// Four pairs of words; the third is added to the other sum, for sectors of one word to be seen.
/*@ requires \valid(state) && \valid_read(group + (0 .. CHECKSUM_GROUP_SIZE - 1));
    assigns state->sum[0 .. 1], state->weighted[0 .. 1]; */
static void add_group(struct checksum_state *state, const uint8_t *group)
{
    uint64_t words[CHECKSUM_GROUP_SIZE / sizeof(uint64_t)];
    memcpy(words, group, sizeof words);
    /*@ loop invariant 0 <= lane <= LANES;
        loop assigns lane, state->sum[0 .. 1], state->weighted[0 .. 1];
        loop variant LANES - lane; */
    for (unsigned lane = 0; lane < LANES; lane++) {
        const uint64_t sum =
            state->sum[lane] + words[lane] + words[LANES + lane] + words[3 * LANES + lane];
        state->sum[lane] = state->weighted[lane] + words[2 * LANES + lane] + sum;
        state->weighted[lane] = sum;
    }
}

/*@ requires \valid(state) && \valid_read(block + (0 .. CHECKSUM_BLOCK_SIZE - 1));
    assigns state->sum[0 .. 1], state->weighted[0 .. 1]; */
static void add_block(struct checksum_state *state, const uint8_t *block)
{
    /*@ loop invariant 0 <= i <= CHECKSUM_BLOCK_SIZE / CHECKSUM_GROUP_SIZE;
        loop assigns i, state->sum[0 .. 1], state->weighted[0 .. 1];
        loop variant CHECKSUM_BLOCK_SIZE / CHECKSUM_GROUP_SIZE - i; */
    for (unsigned i = 0; i < CHECKSUM_BLOCK_SIZE / CHECKSUM_GROUP_SIZE; i++) {
        add_group(state, block + (size_t)i * CHECKSUM_GROUP_SIZE);
    }
}

void checksum_add(struct checksum_state *state, const void *source, size_t bytes)
{
    const uint8_t *block = source;
    /*@ loop invariant 0 <= done <= bytes && done % CHECKSUM_BLOCK_SIZE == 0;
        loop assigns done, state->sum[0 .. 1], state->weighted[0 .. 1];
        loop variant bytes - done; */
    for (size_t done = 0; done < bytes; done += CHECKSUM_BLOCK_SIZE) {
        add_block(state, block + done);
    }
    state->bytes += bytes;
}

void checksum_copy(struct checksum_state *state, void *destination, const void *source,
                   size_t bytes)
{
    memcpy(destination, source, bytes);
    checksum_add(state, destination, bytes);
}
