// The compiler's functions for `float`: names for what number.c does.
#include "lib/soft_float/number.h"
#include "lib/soft_float/soft_float.h"

static const struct number_format format = {.exponent_bits = 8, .fraction_bits = 23};

static struct number unpack(float_bits bits)
{
    return number_unpack(format, bits);
}

static float_bits pack(struct number number)
{
    return (float_bits)number_pack(format, number);
}

float_bits __addsf3(float_bits a, float_bits b)
{
    return pack(number_add(unpack(a), unpack(b)));
}

float_bits __subsf3(float_bits a, float_bits b)
{
    return pack(number_add(unpack(a), number_negate(unpack(b))));
}

float_bits __mulsf3(float_bits a, float_bits b)
{
    return pack(number_multiply(unpack(a), unpack(b)));
}

float_bits __divsf3(float_bits a, float_bits b)
{
    return pack(number_divide(unpack(a), unpack(b)));
}

int __eqsf2(float_bits a, float_bits b)
{
    return number_compare(format, a, b, 1);
}

int __nesf2(float_bits a, float_bits b)
{
    return number_compare(format, a, b, 1);
}

int __ltsf2(float_bits a, float_bits b)
{
    return number_compare(format, a, b, 1);
}

int __lesf2(float_bits a, float_bits b)
{
    return number_compare(format, a, b, 1);
}

int __gtsf2(float_bits a, float_bits b)
{
    return number_compare(format, a, b, -1);
}

int __gesf2(float_bits a, float_bits b)
{
    return number_compare(format, a, b, -1);
}

int __unordsf2(float_bits a, float_bits b)
{
    return number_is_nan(format, a) || number_is_nan(format, b);
}

int32_t __fixsfsi(float_bits a)
{
    return (int32_t)number_to_signed(unpack(a), 32);
}

int64_t __fixsfdi(float_bits a)
{
    return number_to_signed(unpack(a), 64);
}

uint32_t __fixunssfsi(float_bits a)
{
    return (uint32_t)number_to_unsigned(unpack(a), 32);
}

uint64_t __fixunssfdi(float_bits a)
{
    return number_to_unsigned(unpack(a), 64);
}

float_bits __floatsisf(int32_t value)
{
    return pack(number_from_signed(value));
}

float_bits __floatdisf(int64_t value)
{
    return pack(number_from_signed(value));
}

float_bits __floatunsisf(uint32_t value)
{
    return pack(number_from_unsigned(value));
}

float_bits __floatundisf(uint64_t value)
{
    return pack(number_from_unsigned(value));
}
