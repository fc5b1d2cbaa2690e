// Mixes random words of unknown quality into 256 bits, and takes bits from them. Called by gather,
// which brings the words, and for a slide that is to be the same again.
//
// A sponge: one word of the pool takes input or gives output, three stay hidden. Its permutation is
// the add-rotate-xor step of the BLAKE2b hash (RFC 7693, section 3.1), which needs neither tables
// nor multiplications: four times, the words changing places, with a constant that no state of
// zeros survives.
#include "entropy.h"

#define STEPS        4u
#define GOLDEN_RATIO 0x9E3779B97F4A7C15u // 2^64 / phi: no pattern in its bits

static uint64_t rotate_right(uint64_t value, unsigned bits)
{
    return value >> bits | value << (64 - bits);
}

static void permute(uint64_t *words)
{
    uint64_t a = words[0];
    uint64_t b = words[1];
    uint64_t c = words[2];
    uint64_t d = words[3];
    for (uint64_t step = 1; step <= STEPS; step++) {
        a += b + step * GOLDEN_RATIO;
        d = rotate_right(d ^ a, 32);
        c += d;
        b = rotate_right(b ^ c, 24);
        a += b;
        d = rotate_right(d ^ a, 16);
        c += d;
        const uint64_t next = rotate_right(b ^ c, 63);
        b = c;
        c = d;
        d = a;
        a = next;
    }
    words[0] = a;
    words[1] = b;
    words[2] = c;
    words[3] = d;
}

void entropy_add(struct entropy_pool *pool, uint64_t word)
{
    pool->words[0] ^= word;
    permute(pool->words);
}

// What was before is added to what is behind: from the pool of later nobody gets back to what was
// taken.
uint64_t entropy_take(struct entropy_pool *pool)
{
    const struct entropy_pool before = *pool;
    permute(pool->words);
    const uint64_t taken = pool->words[0];
    for (unsigned i = 0; i < ENTROPY_WORDS; i++) {
        pool->words[i] += before.words[i];
    }
    return taken;
}

uint64_t entropy_from_seed(uint64_t seed)
{
    struct entropy_pool pool = {{seed}};
    return entropy_take(&pool);
}
