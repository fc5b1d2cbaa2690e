// Asks the CPU for random words, or else measures how unevenly the machine runs. Called once, by
// main.
#include "entropy_source.h"

#include "clock.h"
#include "cpuid.h"
#include "port.h"

#include <stdbool.h>

// Intel SDM volume 2A, CPUID.
#define LEAF_BASIC     0u
#define LEAF_FEATURES  1u
#define LEAF_EXTENDED  7u
#define FEATURE_RDRAND (1u << 30) // ECX of LEAF_FEATURES
#define FEATURE_RDSEED (1u << 18) // EBX of LEAF_EXTENDED

// Intel's guide asks for 10 tries of RDRAND; RDSEED runs dry more easily.
#define ATTEMPTS 100

#define JITTER_ROUNDS  4u
#define JITTER_SAMPLES 16u // per round
#define JITTER_ROTATE  7
#define PORT_SYSTEM_B  0x61 // on the slow bus: reading takes as long as it takes (RBIL PORTS)

static bool read_rdseed(uint64_t *word)
{
    uint64_t value;
    bool valid;
    __asm__ volatile("rdseed %0" : "=r"(value), "=@ccc"(valid));
    *word = value;
    return valid;
}

static bool read_rdrand(uint64_t *word)
{
    uint64_t value;
    bool valid;
    __asm__ volatile("rdrand %0" : "=r"(value), "=@ccc"(valid));
    *word = value;
    return valid;
}

// Takes as many words as the pool has. False when the instruction fails, or gives the same word
// again: some CPUs return all ones for ever.
static bool add_words(struct entropy_pool *pool, bool (*read)(uint64_t *word))
{
    uint64_t previous = 0;
    for (unsigned i = 0; i < ENTROPY_WORDS; i++) {
        uint64_t word;
        unsigned attempts = ATTEMPTS;
        while (!read(&word) || word == previous) {
            if (--attempts == 0) {
                return false;
            }
        }
        entropy_add(pool, word);
        previous = word;
    }
    return true;
}

static void add_jitter(struct entropy_pool *pool)
{
    for (unsigned round = 0; round < JITTER_ROUNDS; round++) {
        uint64_t word = 0;
        for (unsigned sample = 0; sample < JITTER_SAMPLES; sample++) {
            word = word << JITTER_ROTATE | word >> (64 - JITTER_ROTATE);
            word ^= port_in(PORT_SYSTEM_B) ^ (uint64_t)clock_low() << 8;
        }
        entropy_add(pool, word);
    }
}

uint32_t entropy_gather(struct entropy_pool *pool)
{
    entropy_add(pool, clock_now());
    if (cpuid(LEAF_BASIC).eax >= LEAF_EXTENDED && (cpuid(LEAF_EXTENDED).ebx & FEATURE_RDSEED) &&
        add_words(pool, read_rdseed)) {
        return BOOT_ENTROPY_RDSEED;
    }
    if ((cpuid(LEAF_FEATURES).ecx & FEATURE_RDRAND) != 0 && add_words(pool, read_rdrand)) {
        return BOOT_ENTROPY_RDRAND;
    }
    add_jitter(pool);
    return BOOT_ENTROPY_JITTER;
}
