// The sums of the checksum in portable C. For the host tool, the tests and the proofs; stage 2 has
// stage2/checksum.asm in its place.
#include "checksum.h"

#include <string.h>

#define LANES 2

/*@ requires \valid(state) && \valid_read(block + (0 .. CHECKSUM_BLOCK_SIZE - 1));
    assigns state->sum[0 .. 1], state->weighted[0 .. 1]; */
static void add_block(struct checksum_state *state, const uint8_t *block)
{
    uint64_t words[CHECKSUM_BLOCK_SIZE / sizeof(uint64_t)];
    memcpy(words, block, sizeof words);
    /*@ loop invariant 0 <= i <= CHECKSUM_BLOCK_SIZE / 8;
        loop assigns i, state->sum[0 .. 1];
        loop variant CHECKSUM_BLOCK_SIZE / 8 - i; */
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
        state->sum[i % LANES] += words[i];
    }
    /*@ loop invariant 0 <= lane <= LANES;
        loop assigns lane, state->weighted[0 .. 1];
        loop variant LANES - lane; */
    for (unsigned lane = 0; lane < LANES; lane++) {
        state->weighted[lane] += state->sum[lane];
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
