// The sum that self_check.c and verdicts.c compare what was loaded by: FNV-1a, 64 bits.
#ifndef DIGEST_H
#define DIGEST_H

#include <stdint.h>

#define DIGEST_START 0xCBF29CE484222325u
#define DIGEST_PRIME 0x100000001B3u

static inline uint64_t digest_add(uint64_t digest, const void *bytes, uint64_t count)
{
    const uint8_t *byte = bytes;
    for (uint64_t i = 0; i < count; i++) {
        // The analyzer loses sight of numbers that are read by bytes.
        // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult)
        digest = (digest ^ byte[i]) * DIGEST_PRIME;
    }
    return digest;
}

#endif
