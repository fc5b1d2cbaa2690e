// The CPU's division of 128 bits by 64, which C cannot say without a function of the compiler's
// library.
#ifndef KERNEL_ARCH_X86_64_DIVIDE_H
#define KERNEL_ARCH_X86_64_DIVIDE_H

#include <stdint.h>

struct quotient_and_remainder {
    uint64_t quotient;
    uint64_t remainder;
};

// (high * 2^64 + low) / divisor. `high` must be less than the divisor: else the CPU raises a divide
// error.
static inline struct quotient_and_remainder divide_wide(uint64_t high, uint64_t low,
                                                        uint64_t divisor)
{
    struct quotient_and_remainder result;
    __asm__("divq %[divisor]"
            : "=a"(result.quotient), "=d"(result.remainder)
            : "a"(low), "d"(high), [divisor] "r"(divisor)
            : "cc");
    return result;
}

#endif
