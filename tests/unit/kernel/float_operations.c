// Every operation of C on double and float that the kernel's flags allow, for
// check_float_calls.cmake: compiled at each optimisation level, it shows which functions the
// compiler calls. Never linked.
#include <stdbool.h>
#include <stdint.h>

#define CONVERSIONS(type, integer)                                                                 \
    integer type##_to_##integer(type a);                                                           \
    integer type##_to_##integer(type a)                                                            \
    {                                                                                              \
        return (integer)a;                                                                         \
    }                                                                                              \
    type type##_from_##integer(integer a);                                                         \
    type type##_from_##integer(integer a)                                                          \
    {                                                                                              \
        return (type)a;                                                                            \
    }

#define TEST(type, name, expression)                                                               \
    bool type##_##name(type a, type b);                                                            \
    bool type##_##name(type a, type b)                                                             \
    {                                                                                              \
        (void)b;                                                                                   \
        return expression;                                                                         \
    }

#define VALUE(type, name, expression)                                                              \
    type type##_##name(type a, type b, type c);                                                    \
    type type##_##name(type a, type b, type c)                                                     \
    {                                                                                              \
        return a + c == c ? (expression) : b;                                                      \
    }

#define OPERATIONS(type)                                                                           \
    VALUE(type, sum, a + b)                                                                        \
    VALUE(type, difference, a - b)                                                                 \
    VALUE(type, product, a *b)                                                                     \
    VALUE(type, quotient, a / b)                                                                   \
    VALUE(type, multiply_and_add, a *b + c)                                                        \
    VALUE(type, opposite, -a)                                                                      \
    VALUE(type, opposite_of_product, -(a * b))                                                     \
    VALUE(type, successor, ++a)                                                                    \
    VALUE(type, predecessor, --a)                                                                  \
    VALUE(type, half, a / 2)                                                                       \
    VALUE(type, larger, a > b ? a : b)                                                             \
    VALUE(type, absolute, a < 0 ? -a : a)                                                          \
    TEST(type, equal, a == b)                                                                      \
    TEST(type, not_equal, a != b)                                                                  \
    TEST(type, less, a < b)                                                                        \
    TEST(type, less_equal, a <= b)                                                                 \
    TEST(type, greater, a > b)                                                                     \
    TEST(type, greater_equal, a >= b)                                                              \
    TEST(type, not_less, !(a < b))                                                                 \
    TEST(type, not_less_equal, !(a <= b))                                                          \
    TEST(type, not_greater, !(a > b))                                                              \
    TEST(type, not_greater_equal, !(a >= b))                                                       \
    TEST(type, nan, a != a)                                                                        \
    TEST(type, unordered, __builtin_isunordered(a, b))                                             \
    TEST(type, less_or_greater, __builtin_islessgreater(a, b))                                     \
    TEST(type, infinite, __builtin_isinf(a))                                                       \
    TEST(type, finite, __builtin_isfinite(a))                                                      \
    CONVERSIONS(type, int8_t)                                                                      \
    CONVERSIONS(type, int16_t)                                                                     \
    CONVERSIONS(type, int32_t)                                                                     \
    CONVERSIONS(type, int64_t)                                                                     \
    CONVERSIONS(type, uint8_t)                                                                     \
    CONVERSIONS(type, uint16_t)                                                                    \
    CONVERSIONS(type, uint32_t)                                                                    \
    CONVERSIONS(type, uint64_t)                                                                    \
    CONVERSIONS(type, bool)

OPERATIONS(double)
OPERATIONS(float)
CONVERSIONS(double, float)
