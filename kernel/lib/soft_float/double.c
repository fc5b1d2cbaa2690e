// The compiler's functions for `double`: names for what number.c does.
#include "lib/soft_float/number.h"
#include "lib/soft_float/soft_float.h"

static const struct number_format format = {.exponent_bits = 11, .fraction_bits = 52};
static const struct number_format float_format = {.exponent_bits = 8, .fraction_bits = 23};

static struct number unpack(double_bits bits)
{
    return number_unpack(format, bits);
}

static double_bits pack(struct number number)
{
    return number_pack(format, number);
}

double_bits __adddf3(double_bits a, double_bits b)
{
    return pack(number_add(unpack(a), unpack(b)));
}

double_bits __subdf3(double_bits a, double_bits b)
{
    return pack(number_add(unpack(a), number_negate(unpack(b))));
}

double_bits __muldf3(double_bits a, double_bits b)
{
    return pack(number_multiply(unpack(a), unpack(b)));
}

double_bits __divdf3(double_bits a, double_bits b)
{
    return pack(number_divide(unpack(a), unpack(b)));
}

int __eqdf2(double_bits a, double_bits b)
{
    return number_compare(format, a, b, 1);
}

int __nedf2(double_bits a, double_bits b)
{
    return number_compare(format, a, b, 1);
}

int __ltdf2(double_bits a, double_bits b)
{
    return number_compare(format, a, b, 1);
}

int __ledf2(double_bits a, double_bits b)
{
    return number_compare(format, a, b, 1);
}

int __gtdf2(double_bits a, double_bits b)
{
    return number_compare(format, a, b, -1);
}

int __gedf2(double_bits a, double_bits b)
{
    return number_compare(format, a, b, -1);
}

int __unorddf2(double_bits a, double_bits b)
{
    return number_is_nan(format, a) || number_is_nan(format, b);
}

double_bits __extendsfdf2(float_bits a)
{
    return pack(number_unpack(float_format, a));
}

float_bits __truncdfsf2(double_bits a)
{
    return (float_bits)number_pack(float_format, unpack(a));
}

int32_t __fixdfsi(double_bits a)
{
    return (int32_t)number_to_signed(unpack(a), 32);
}

int64_t __fixdfdi(double_bits a)
{
    return number_to_signed(unpack(a), 64);
}

uint32_t __fixunsdfsi(double_bits a)
{
    return (uint32_t)number_to_unsigned(unpack(a), 32);
}

uint64_t __fixunsdfdi(double_bits a)
{
    return number_to_unsigned(unpack(a), 64);
}

double_bits __floatsidf(int32_t value)
{
    return pack(number_from_signed(value));
}

double_bits __floatdidf(int64_t value)
{
    return pack(number_from_signed(value));
}

double_bits __floatunsidf(uint32_t value)
{
    return pack(number_from_unsigned(value));
}

double_bits __floatundidf(uint64_t value)
{
    return pack(number_from_unsigned(value));
}
