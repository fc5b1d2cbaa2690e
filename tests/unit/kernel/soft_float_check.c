// Compares each function with the operation of C that it stands for, as the host's FPU does it.
#include "soft_float_check.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static double to_double(double_bits bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static double_bits from_double(double value)
{
    double_bits bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float to_float(float_bits bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float_bits from_float(float value)
{
    float_bits bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static bool differs(const char *function, uint64_t a, uint64_t b, uint64_t ours, uint64_t theirs)
{
    fprintf(stderr, "%s(%#" PRIx64 ", %#" PRIx64 ") is %#" PRIx64 ", expected %#" PRIx64 "\n",
            function, a, b, ours, theirs);
    return false;
}

static bool same_double(double_bits ours, double theirs)
{
    return ours == from_double(theirs) || (isnan(to_double(ours)) && isnan(theirs));
}

static bool same_float(float_bits ours, float theirs)
{
    return ours == from_float(theirs) || (isnan(to_float(ours)) && isnan(theirs));
}

// These return from the caller with what differs.
#define CHECK_DOUBLE(function, theirs, ...)                                                        \
    do {                                                                                           \
        const double_bits ours = function(__VA_ARGS__);                                            \
        if (!same_double(ours, theirs)) {                                                          \
            return differs(#function, a, b, ours, from_double(theirs));                            \
        }                                                                                          \
    } while (0)
#define CHECK_FLOAT(function, theirs, ...)                                                         \
    do {                                                                                           \
        const float_bits ours = function(__VA_ARGS__);                                             \
        if (!same_float(ours, theirs)) {                                                           \
            return differs(#function, a, b, ours, from_float(theirs));                             \
        }                                                                                          \
    } while (0)
#define CHECK_COMPARISON(function, operation)                                                      \
    do {                                                                                           \
        const int ours = function(a, b);                                                           \
        if ((ours operation 0) != (left operation right)) {                                        \
            return differs(#function, a, b, (uint64_t)ours, left operation right);                 \
        }                                                                                          \
    } while (0)
#define CHECK_TO_INTEGER(function, type, low, high)                                                \
    do {                                                                                           \
        if (left > (low) && left < (high)) {                                                       \
            const type ours = function(a);                                                         \
            if (ours != (type)left) {                                                              \
                return differs(#function, a, b, (uint64_t)ours, (uint64_t)(type)left);             \
            }                                                                                      \
        }                                                                                          \
    } while (0)

bool soft_float_check_double(double_bits a, double_bits b)
{
    const double left = to_double(a);
    const double right = to_double(b);
    CHECK_DOUBLE(__adddf3, left + right, a, b);
    CHECK_DOUBLE(__subdf3, left - right, a, b);
    CHECK_DOUBLE(__muldf3, left * right, a, b);
    CHECK_DOUBLE(__divdf3, left / right, a, b);
    CHECK_COMPARISON(__eqdf2, ==);
    CHECK_COMPARISON(__nedf2, !=);
    CHECK_COMPARISON(__ltdf2, <);
    CHECK_COMPARISON(__ledf2, <=);
    CHECK_COMPARISON(__gtdf2, >);
    CHECK_COMPARISON(__gedf2, >=);
    if ((__unorddf2(a, b) != 0) != (isnan(left) || isnan(right))) {
        return differs("__unorddf2", a, b, 0, 0);
    }
    CHECK_FLOAT(__truncdfsf2, (float)left, a);
    CHECK_TO_INTEGER(__fixdfsi, int32_t, -0x1.00000002p31, 0x1p31);
    CHECK_TO_INTEGER(__fixdfdi, int64_t, -0x1.0000000000001p63, 0x1p63);
    CHECK_TO_INTEGER(__fixunsdfsi, uint32_t, -1.0, 0x1p32);
    CHECK_TO_INTEGER(__fixunsdfdi, uint64_t, -1.0, 0x1p64);
    return true;
}

bool soft_float_check_float(float_bits a, float_bits b)
{
    const float left = to_float(a);
    const float right = to_float(b);
    CHECK_FLOAT(__addsf3, left + right, a, b);
    CHECK_FLOAT(__subsf3, left - right, a, b);
    CHECK_FLOAT(__mulsf3, left * right, a, b);
    CHECK_FLOAT(__divsf3, left / right, a, b);
    CHECK_COMPARISON(__eqsf2, ==);
    CHECK_COMPARISON(__nesf2, !=);
    CHECK_COMPARISON(__ltsf2, <);
    CHECK_COMPARISON(__lesf2, <=);
    CHECK_COMPARISON(__gtsf2, >);
    CHECK_COMPARISON(__gesf2, >=);
    if ((__unordsf2(a, b) != 0) != (isnan(left) || isnan(right))) {
        return differs("__unordsf2", a, b, 0, 0);
    }
    CHECK_DOUBLE(__extendsfdf2, (double)left, a);
    CHECK_TO_INTEGER(__fixsfsi, int32_t, -0x1.000002p31f, 0x1p31f);
    CHECK_TO_INTEGER(__fixsfdi, int64_t, -0x1.000002p63f, 0x1p63f);
    CHECK_TO_INTEGER(__fixunssfsi, uint32_t, -1.0f, 0x1p32f);
    CHECK_TO_INTEGER(__fixunssfdi, uint64_t, -1.0f, 0x1p64f);
    return true;
}

bool soft_float_check_integer(uint64_t value)
{
    const uint64_t a = value;
    const uint64_t b = 0;
    CHECK_DOUBLE(__floatsidf, (double)(int32_t)value, (int32_t)value);
    CHECK_DOUBLE(__floatdidf, (double)(int64_t)value, (int64_t)value);
    CHECK_DOUBLE(__floatunsidf, (double)(uint32_t)value, (uint32_t)value);
    CHECK_DOUBLE(__floatundidf, (double)value, value);
    CHECK_FLOAT(__floatsisf, (float)(int32_t)value, (int32_t)value);
    CHECK_FLOAT(__floatdisf, (float)(int64_t)value, (int64_t)value);
    CHECK_FLOAT(__floatunsisf, (float)(uint32_t)value, (uint32_t)value);
    CHECK_FLOAT(__floatundisf, (float)value, value);
    return true;
}

// ---- Operands ----

// Marsaglia's xorshift with 64 bits (Journal of Statistical Software 8(14), 2003).
static uint64_t next(struct soft_float_generator *generator)
{
    generator->state ^= generator->state << 13;
    generator->state ^= generator->state >> 7;
    generator->state ^= generator->state << 17;
    return generator->state;
}

// Bits with long runs of zeros or ones, of at most `width` bits.
static uint64_t sparse(uint64_t random, unsigned width)
{
    const unsigned low = (unsigned)(random % width);
    const unsigned high = (unsigned)(random >> 8) % width;
    const uint64_t runs = (UINT64_C(1) << low) ^ ((UINT64_C(1) << high) - (random >> 16 & 3));
    return runs & ((UINT64_C(1) << width) - 1);
}

// A pair of a format with these bits in exponent and fraction. The first operand has any exponent,
// or one near an end; the second is free, near the first, or such that product or quotient lies
// near an end of the format.
static void generate(struct soft_float_generator *generator, unsigned exponent_bits,
                     unsigned fraction_bits, uint64_t pair[2])
{
    const uint64_t limit = (UINT64_C(1) << exponent_bits) - 1;
    const uint64_t fraction_mask = (UINT64_C(1) << fraction_bits) - 1;
    const uint64_t choice = next(generator);
    const uint64_t near = (choice >> 32) % (2 * fraction_bits + 8) - (fraction_bits + 4);
    uint64_t exponents[2] = {next(generator), next(generator)};
    uint64_t fractions[2] = {next(generator), next(generator)};
    if ((choice & 7) == 0) {
        exponents[0] = near;
    }
    switch (choice >> 3 & 7) {
    case 0:
    case 1: // sums that cancel or lie in each other's last bits
        exponents[1] = exponents[0] + near;
        break;
    case 2: // products near the smallest normal number
        exponents[1] = (limit >> 1) - exponents[0] + near;
        break;
    case 3: // products and quotients near the largest
        exponents[1] = (limit >> 1) + limit - exponents[0] + near;
        break;
    case 4: // quotients near the smallest
        exponents[1] = exponents[0] + (limit >> 1) + near;
        break;
    case 5: // integers that just fit in 32 or 64 bits
        exponents[0] = (limit >> 1) + (choice & 1 ? 63 : 31) + near % 4;
        break;
    default:
        break;
    }
    for (unsigned i = 0; i < 2; i++) {
        if ((choice >> (6 + i) & 1) != 0) {
            fractions[i] = sparse(fractions[i], fraction_bits);
        }
        const uint64_t sign = choice >> (8 + i) & 1;
        pair[i] = (sign << exponent_bits | (exponents[i] & limit)) << fraction_bits |
                  (fractions[i] & fraction_mask);
    }
    if ((choice >> 10 & 15) == 0) { // nearly the same number
        pair[1] = pair[0] ^ (choice >> 14 & 3);
    }
}

void soft_float_generate_doubles(struct soft_float_generator *generator, double_bits pair[2])
{
    generate(generator, 11, 52, pair);
}

void soft_float_generate_floats(struct soft_float_generator *generator, float_bits pair[2])
{
    uint64_t wide[2];
    generate(generator, 8, 23, wide);
    pair[0] = (float_bits)wide[0];
    pair[1] = (float_bits)wide[1];
}

uint64_t soft_float_generate_integer(struct soft_float_generator *generator)
{
    const uint64_t random = next(generator);
    const uint64_t bits = random & 1 ? next(generator) : sparse(random >> 8, 63);
    const uint64_t value = bits >> (random >> 1 & 63);
    return random >> 7 & 1 ? -value : value;
}
