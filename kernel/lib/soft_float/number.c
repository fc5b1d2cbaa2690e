// Unpacking, rounding and the four operations; see number.h. Pure integer code: it must never need
// itself.
#include "lib/soft_float/number.h"

#include "arch/x86_64/divide.h"

#define SIGNIFICAND_BITS 64
#define LEADING_BIT      (UINT64_C(1) << (SIGNIFICAND_BITS - 1))

static const struct number not_a_number = {.kind = NUMBER_NAN};

// ---- Formats ----

static uint64_t sign_bit(struct number_format format)
{
    return UINT64_C(1) << (format.exponent_bits + format.fraction_bits);
}

// The exponent field of infinities and NaN, all ones; finite numbers are below it.
static int exponent_limit(struct number_format format)
{
    return (1 << format.exponent_bits) - 1;
}

static int bias(struct number_format format)
{
    return exponent_limit(format) >> 1;
}

static uint64_t infinity(struct number_format format)
{
    return (uint64_t)exponent_limit(format) << format.fraction_bits;
}

static uint64_t quiet_nan(struct number_format format)
{
    return infinity(format) | UINT64_C(1) << (format.fraction_bits - 1);
}

// ---- Numbers ----

// A finite number whose significand may have any bit as its highest; 0 becomes zero.
static struct number normalise(bool negative, int exponent, uint64_t significand)
{
    if (significand == 0) {
        return (struct number){.kind = NUMBER_ZERO, .negative = negative};
    }
    const int shift = __builtin_clzll(significand);
    return (struct number){NUMBER_FINITE, negative, exponent - shift, significand << shift};
}

// Shifts right; a last bit that is set stands for all that fell out.
static uint64_t shift_sticky(uint64_t value, unsigned count)
{
    if (count == 0) {
        return value;
    }
    if (count >= SIGNIFICAND_BITS) {
        return value != 0;
    }
    return value >> count | (value << (SIGNIFICAND_BITS - count) != 0);
}

struct number number_unpack(struct number_format format, uint64_t bits)
{
    const bool negative = (bits & sign_bit(format)) != 0;
    const uint64_t fraction = bits & ((UINT64_C(1) << format.fraction_bits) - 1);
    const int field = (int)(bits >> format.fraction_bits) & exponent_limit(format);
    const unsigned unused = SIGNIFICAND_BITS - 1 - format.fraction_bits;
    if (field == exponent_limit(format)) {
        return fraction != 0 ? not_a_number
                             : (struct number){.kind = NUMBER_INFINITE, .negative = negative};
    }
    if (field == 0) { // a subnormal number: the exponent of field 1, without the leading bit
        return normalise(negative, 1 - bias(format), fraction << unused);
    }
    return (struct number){NUMBER_FINITE, negative, field - bias(format),
                           LEADING_BIT | fraction << unused};
}

// Rounds a finite number to nearest, ties to even.
static uint64_t round_magnitude(struct number_format format, struct number number)
{
    int field = number.exponent + bias(format);
    uint64_t significand = number.significand;
    if (field < 1) { // a subnormal result has the exponent of field 1
        significand = shift_sticky(significand, (unsigned)(1 - field));
        field = 1;
    }
    const unsigned dropped = SIGNIFICAND_BITS - 1 - format.fraction_bits;
    const uint64_t half = UINT64_C(1) << (dropped - 1);
    const uint64_t rest = significand & (2 * half - 1);
    significand >>= dropped;
    significand += rest > half || (rest == half && significand % 2 != 0);
    // The leading bit, where there is one, counts as 1 in the exponent's field; so does a carry.
    const uint64_t magnitude = ((uint64_t)(field - 1) << format.fraction_bits) + significand;
    return magnitude < infinity(format) ? magnitude : infinity(format);
}

uint64_t number_pack(struct number_format format, struct number number)
{
    const uint64_t sign = number.negative ? sign_bit(format) : 0;
    switch (number.kind) {
    case NUMBER_ZERO:
        return sign;
    case NUMBER_FINITE:
        return sign | round_magnitude(format, number);
    case NUMBER_INFINITE:
        return sign | infinity(format);
    case NUMBER_NAN:
        break;
    }
    return quiet_nan(format);
}

// ---- Arithmetic ----

struct number number_negate(struct number number)
{
    number.negative = !number.negative;
    return number;
}

// Finite numbers, a's exponent at least b's. Both move down by one bit: the sum has room, and what
// the formats use of 64 bits leaves that one free.
static struct number add_finite(struct number a, struct number b)
{
    const uint64_t larger = a.significand >> 1;
    const uint64_t smaller = shift_sticky(b.significand >> 1, (unsigned)(a.exponent - b.exponent));
    if (a.negative == b.negative) {
        return normalise(a.negative, a.exponent + 1, larger + smaller);
    }
    if (larger == smaller) { // an exact zero is positive
        return (struct number){.kind = NUMBER_ZERO};
    }
    return larger > smaller ? normalise(a.negative, a.exponent + 1, larger - smaller)
                            : normalise(b.negative, a.exponent + 1, smaller - larger);
}

struct number number_add(struct number a, struct number b)
{
    if (a.kind < b.kind || (a.kind == b.kind && a.exponent < b.exponent)) {
        const struct number other = a;
        a = b;
        b = other;
    }
    switch (a.kind) { // the higher kind of the two
    case NUMBER_ZERO:
        return (struct number){.kind = NUMBER_ZERO, .negative = a.negative && b.negative};
    case NUMBER_FINITE:
        return b.kind == NUMBER_ZERO ? a : add_finite(a, b);
    case NUMBER_INFINITE:
        return b.kind == NUMBER_INFINITE && a.negative != b.negative ? not_a_number : a;
    case NUMBER_NAN:
        break;
    }
    return not_a_number;
}

struct number number_multiply(struct number a, struct number b)
{
    const bool negative = a.negative != b.negative;
    if (a.kind == NUMBER_FINITE && b.kind == NUMBER_FINITE) {
        const unsigned __int128 product = (unsigned __int128)a.significand * b.significand;
        const uint64_t high = (uint64_t)(product >> SIGNIFICAND_BITS);
        return normalise(negative, a.exponent + b.exponent + 1, high | ((uint64_t)product != 0));
    }
    const enum number_kind higher = a.kind > b.kind ? a.kind : b.kind;
    const enum number_kind lower = a.kind > b.kind ? b.kind : a.kind;
    if (higher == NUMBER_NAN || (higher == NUMBER_INFINITE && lower == NUMBER_ZERO)) {
        return not_a_number;
    }
    const enum number_kind kind = higher == NUMBER_INFINITE ? NUMBER_INFINITE : NUMBER_ZERO;
    return (struct number){.kind = kind, .negative = negative};
}

struct number number_divide(struct number a, struct number b)
{
    const bool negative = a.negative != b.negative;
    if (a.kind == NUMBER_FINITE && b.kind == NUMBER_FINITE) {
        // Half of a, so that the quotient has at most 64 bits; it has at least 63.
        const struct quotient_and_remainder result =
            divide_wide(a.significand >> 1, a.significand << 63, b.significand);
        return normalise(negative, a.exponent - b.exponent,
                         result.quotient | (result.remainder != 0));
    }
    const bool invalid = a.kind == b.kind; // 0 / 0, infinity / infinity
    if (invalid || a.kind == NUMBER_NAN || b.kind == NUMBER_NAN) {
        return not_a_number;
    }
    const enum number_kind kind = a.kind > b.kind ? NUMBER_INFINITE : NUMBER_ZERO;
    return (struct number){.kind = kind, .negative = negative};
}

// ---- Comparison ----

bool number_is_nan(struct number_format format, uint64_t bits)
{
    return (bits & (sign_bit(format) - 1)) > infinity(format);
}

// Integers in the order of the numbers; both zeros are 0.
static int64_t order(struct number_format format, uint64_t bits)
{
    const int64_t magnitude = (int64_t)(bits & (sign_bit(format) - 1));
    return bits & sign_bit(format) ? -magnitude : magnitude;
}

int number_compare(struct number_format format, uint64_t a, uint64_t b, int unordered)
{
    if (number_is_nan(format, a) || number_is_nan(format, b)) {
        return unordered;
    }
    const int64_t left = order(format, a);
    const int64_t right = order(format, b);
    return (left > right) - (left < right);
}

// ---- Integers ----

struct number number_from_signed(int64_t value)
{
    const uint64_t bits = (uint64_t)value;
    return normalise(value < 0, SIGNIFICAND_BITS - 1, value < 0 ? -bits : bits);
}

struct number number_from_unsigned(uint64_t value)
{
    return normalise(false, SIGNIFICAND_BITS - 1, value);
}

// Without its sign, cut to an integer, at most `limit`.
static uint64_t magnitude_of(struct number number, uint64_t limit)
{
    if (number.kind == NUMBER_ZERO || number.kind == NUMBER_NAN ||
        (number.kind == NUMBER_FINITE && number.exponent < 0)) {
        return 0;
    }
    if (number.kind == NUMBER_INFINITE || number.exponent >= SIGNIFICAND_BITS) {
        return limit;
    }
    const uint64_t magnitude = number.significand >> (SIGNIFICAND_BITS - 1 - number.exponent);
    return magnitude < limit ? magnitude : limit;
}

int64_t number_to_signed(struct number number, unsigned bits)
{
    const uint64_t lowest = UINT64_C(1) << (bits - 1); // the magnitude of it
    if (number.negative) {
        return (int64_t)-magnitude_of(number, lowest);
    }
    return (int64_t)magnitude_of(number, lowest - 1);
}

uint64_t number_to_unsigned(struct number number, unsigned bits)
{
    return number.negative ? 0 : magnitude_of(number, UINT64_MAX >> (64 - bits));
}
