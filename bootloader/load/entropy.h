// Stretches and mixes what the machine offers as randomness. Called by gather, which brings the
// words.
#ifndef LOAD_ENTROPY_H
#define LOAD_ENTROPY_H

#include "firstlight/boot_info.h"

#include <stdint.h>

#define ENTROPY_WORDS (BOOT_ENTROPY_SIZE / 8)

struct entropy_pool {
    uint64_t words[ENTROPY_WORDS];
};

// Mixes a word in: every bit of the pool depends on every bit of every word after two more calls.
void entropy_add(struct entropy_pool *pool, uint64_t word);

// Takes 64 bits that do not show the pool's state; changes it.
uint64_t entropy_take(struct entropy_pool *pool);

// 64 bits that depend on all of the seed: the same for the same.
uint64_t entropy_from_seed(uint64_t seed);

#endif
