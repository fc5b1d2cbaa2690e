// A floating-point number taken apart, and arithmetic on such numbers. It serves every format with
// at most 62 significant bits: what an operation cannot express in 64 bits is kept as a last bit
// that is set ("sticky"), so that packing, which rounds, rounds once and right. Used by double.c
// and single.c.
#ifndef KERNEL_LIB_SOFT_FLOAT_NUMBER_H
#define KERNEL_LIB_SOFT_FLOAT_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

enum number_kind {
    NUMBER_ZERO,
    NUMBER_FINITE,
    NUMBER_INFINITE,
    NUMBER_NAN,
};

// A finite number is significand / 2^63 * 2^exponent, and bit 63 of the significand is set.
struct number {
    enum number_kind kind;
    bool negative;
    int exponent;
    uint64_t significand;
};

// An interchange format of IEEE 754: sign, biased exponent, fraction, from the top down.
struct number_format {
    unsigned exponent_bits;
    unsigned fraction_bits;
};

struct number number_unpack(struct number_format format, uint64_t bits);
uint64_t number_pack(struct number_format format, struct number number);

struct number number_negate(struct number number);
struct number number_add(struct number a, struct number b);
struct number number_multiply(struct number a, struct number b);
struct number number_divide(struct number a, struct number b);

// -1, 0 or 1 as a is less than, equal to or greater than b; `unordered` when one is a NaN.
int number_compare(struct number_format format, uint64_t a, uint64_t b, int unordered);
bool number_is_nan(struct number_format format, uint64_t bits);

struct number number_from_signed(int64_t value);
struct number number_from_unsigned(uint64_t value);

// To an integer of so many bits: towards 0, the nearest it can hold, 0 for NaN.
int64_t number_to_signed(struct number number, unsigned bits);
uint64_t number_to_unsigned(struct number number, unsigned bits);

#endif
