// kernel/lib/soft_float: all pairs of special values, generated operands, and the conversions that
// the FPU does otherwise. Compiled twice: with sanitizers and few cases, and plain with CASES many.
#include "soft_float_check.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#ifndef CASES
#define CASES 1000000u
#endif

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

// Both signs of each are taken.
static const double_bits special_doubles[] = {
    0,                  // zero
    1,                  // the smallest subnormal number
    2,                  //
    0x0008000000000000, // subnormal, half of the smallest normal one
    0x000FFFFFFFFFFFFF, // the largest subnormal one
    0x0010000000000000, // the smallest normal one
    0x0010000000000001, //
    0x001FFFFFFFFFFFFF, //
    0x0020000000000000, //
    0x36A0000000000000, // 2^-149, float's smallest
    0x3690000000000000, // 2^-150, half of it: a tie that rounds to 0
    0x3690000000000001, // just above
    0x380FFFFFC0000000, // float's largest subnormal number
    0x380FFFFFE0000000, // a tie between that and the smallest normal one
    0x3810000000000000, // float's smallest normal number
    0x3CA0000000000000, // 2^-53
    0x3CA0000000000001, //
    0x3CB0000000000000, // 2^-52
    0x3FE0000000000000, // 0.5
    0x3FEFFFFFFFFFFFFF, // just below 1
    0x3FF0000000000000, // 1
    0x3FF0000000000001, // just above 1
    0x3FF0000010000000, // a tie for float, down
    0x3FF0000030000000, // a tie for float, up
    0x3FF8000000000000, // 1.5
    0x4000000000000000, // 2
    0x4008000000000000, // 3
    0x41DFFFFFFFC00000, // 2^31 - 1
    0x41E0000000000000, // 2^31
    0x41EFFFFFFFE00000, // 2^32 - 1
    0x41F0000000000000, // 2^32
    0x433FFFFFFFFFFFFF, // 2^53 - 1
    0x4340000000000000, // 2^53
    0x43DFFFFFFFFFFFFF, // just below 2^63
    0x43E0000000000000, // 2^63
    0x43EFFFFFFFFFFFFF, // just below 2^64
    0x43F0000000000000, // 2^64
    0x47EFFFFFE0000000, // float's largest number
    0x47EFFFFFEFFFFFFF, // rounds to it
    0x47EFFFFFF0000000, // the tie that becomes infinite
    0x7FDFFFFFFFFFFFFF, //
    0x7FE0000000000000, // half of what overflows
    0x7FEFFFFFFFFFFFFF, // the largest number
    0x7FF0000000000000, // infinity
    0x7FF0000000000001, // a signalling NaN
    0x7FF8000000000000, // a quiet one
    0x7FFFFFFFFFFFFFFF, //
};
static const float_bits special_floats[] = {
    0,          1,          2,          0x00400000, 0x007FFFFF, 0x00800000, 0x00800001, 0x00FFFFFF,
    0x01000000, 0x33800000, 0x33800001, 0x34000000, 0x3F000000, 0x3F7FFFFF, 0x3F800000, 0x3F800001,
    0x3FC00000, 0x40000000, 0x40400000, 0x4B7FFFFF, 0x4B800000, 0x4EFFFFFF, 0x4F000000, 0x4F7FFFFF,
    0x4F800000, 0x5EFFFFFF, 0x5F000000, 0x5F7FFFFF, 0x5F800000, 0x7EFFFFFF, 0x7F000000, 0x7F7FFFFF,
    0x7F800000, 0x7F800001, 0x7FC00000, 0x7FFFFFFF,
};

#define DOUBLE_SIGN UINT64_C(0x8000000000000000)
#define FLOAT_SIGN  UINT32_C(0x80000000)

static void special_pairs(void **state)
{
    (void)state;
    for (unsigned signs = 0; signs < 4; signs++) {
        const double_bits left_sign = signs & 1 ? DOUBLE_SIGN : 0;
        const double_bits right_sign = signs & 2 ? DOUBLE_SIGN : 0;
        for (size_t i = 0; i < COUNT(special_doubles); i++) {
            for (size_t j = 0; j < COUNT(special_doubles); j++) {
                assert_true(soft_float_check_double(special_doubles[i] | left_sign,
                                                    special_doubles[j] | right_sign));
            }
        }
        for (size_t i = 0; i < COUNT(special_floats); i++) {
            for (size_t j = 0; j < COUNT(special_floats); j++) {
                assert_true(
                    soft_float_check_float(special_floats[i] | (signs & 1 ? FLOAT_SIGN : 0),
                                           special_floats[j] | (signs & 2 ? FLOAT_SIGN : 0)));
            }
        }
    }
}

// Around every power of two, where rounding changes.
static void special_integers(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) {
        for (unsigned lower = 0; lower <= bit; lower++) {
            for (uint64_t delta = 0; delta < 5; delta++) {
                const uint64_t value = (UINT64_C(1) << bit) + (UINT64_C(1) << lower) + delta - 2;
                assert_true(soft_float_check_integer(value));
                assert_true(soft_float_check_integer(-value));
            }
        }
    }
}

static void generated_cases(void **state)
{
    (void)state;
    struct soft_float_generator generator = {UINT64_C(0x9E3779B97F4A7C15)};
    for (uint64_t i = 0; i < CASES; i++) {
        bool same;
        if (i % 8 == 0) {
            same = soft_float_check_integer(soft_float_generate_integer(&generator));
        } else if (i % 2 == 0) {
            float_bits pair[2];
            soft_float_generate_floats(&generator, pair);
            same = soft_float_check_float(pair[0], pair[1]);
        } else {
            double_bits pair[2];
            soft_float_generate_doubles(&generator, pair);
            same = soft_float_check_double(pair[0], pair[1]);
        }
        if (!same) {
            fail_msg("case %" PRIu64, i);
        }
    }
}

// ---- What C leaves open, and soft_float.h promises ----

static void check_nan(double_bits wide, float_bits narrow)
{
    assert_int_equal(__fixdfsi(wide), 0);
    assert_int_equal(__fixdfdi(wide), 0);
    assert_int_equal(__fixunsdfsi(wide), 0);
    assert_int_equal(__fixunsdfdi(wide), 0);
    assert_int_equal(__fixsfsi(narrow), 0);
    assert_int_equal(__fixsfdi(narrow), 0);
    assert_int_equal(__fixunssfsi(narrow), 0);
    assert_int_equal(__fixunssfdi(narrow), 0);
}

static void nan_becomes_zero(void **state)
{
    (void)state;
    check_nan(0x7FF8000000000000, 0x7FC00000);
    check_nan(0xFFF8000000000000, 0xFFC00000);
    check_nan(0x7FF0000000000001, 0x7F800001);
    check_nan(0xFFFFFFFFFFFFFFFF, 0xFFFFFFFF);
}

struct saturation {
    double_bits wide;
    float_bits narrow;
    int32_t signed_32;
    int64_t signed_64;
    uint32_t unsigned_32;
    uint64_t unsigned_64;
};

static void out_of_range_saturates(void **state)
{
    (void)state;
    const int64_t two_31 = INT64_C(1) << 31;
    const int64_t two_32 = INT64_C(1) << 32;
    static const uint64_t two_63 = UINT64_C(1) << 63;
    const struct saturation cases[] = {
        {0x41E0000000000000, 0x4F000000, INT32_MAX, two_31, 1u << 31, 1u << 31}, // 2^31
        {0xC1E0000000000000, 0xCF000000, INT32_MIN, -two_31, 0, 0},              // -2^31
        {0x41F0000000000000, 0x4F800000, INT32_MAX, two_32, UINT32_MAX, (uint64_t)two_32},
        {0xC1F0000000000000, 0xCF800000, INT32_MIN, -two_32, 0, 0},
        {0x43E0000000000000, 0x5F000000, INT32_MAX, INT64_MAX, UINT32_MAX, two_63}, // 2^63
        {0xC3E0000000000000, 0xDF000000, INT32_MIN, INT64_MIN, 0, 0},
        {0x43F0000000000000, 0x5F800000, INT32_MAX, INT64_MAX, UINT32_MAX, UINT64_MAX},
        {0xC3F0000000000000, 0xDF800000, INT32_MIN, INT64_MIN, 0, 0},
        {0x47EFFFFFE0000000, 0x7F7FFFFF, INT32_MAX, INT64_MAX, UINT32_MAX, UINT64_MAX},
        {0xC7EFFFFFE0000000, 0xFF7FFFFF, INT32_MIN, INT64_MIN, 0, 0},
        {0x7FF0000000000000, 0x7F800000, INT32_MAX, INT64_MAX, UINT32_MAX, UINT64_MAX},
        {0xFFF0000000000000, 0xFF800000, INT32_MIN, INT64_MIN, 0, 0},
        {0xBFF0000000000000, 0xBF800000, -1, -1, 0, 0},
        {0xBFE0000000000000, 0xBF000000, 0, 0, 0, 0}, // -0.5
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct saturation *row = &cases[i];
        assert_int_equal(__fixdfsi(row->wide), row->signed_32);
        assert_int_equal(__fixdfdi(row->wide), row->signed_64);
        assert_int_equal(__fixunsdfsi(row->wide), row->unsigned_32);
        assert_int_equal(__fixunsdfdi(row->wide), row->unsigned_64);
        assert_int_equal(__fixsfsi(row->narrow), row->signed_32);
        assert_int_equal(__fixsfdi(row->narrow), row->signed_64);
        assert_int_equal(__fixunssfsi(row->narrow), row->unsigned_32);
        assert_int_equal(__fixunssfdi(row->narrow), row->unsigned_64);
    }
}

// Where neither < nor > holds, the sign alone decides which branch the compiled code takes.
static void nan_compares_as_nan(void **state)
{
    (void)state;
    const double_bits one = 0x3FF0000000000000;
    const double_bits nan = __divdf3(0, 0);
    assert_true(__unorddf2(nan, nan) != 0 && __unorddf2(nan, one) != 0 &&
                __unorddf2(one, nan) != 0 && __unorddf2(one, one) == 0);
    assert_true(__ltdf2(nan, one) >= 0 && __ledf2(nan, one) > 0 && __gtdf2(nan, one) <= 0 &&
                __gedf2(nan, one) < 0 && __eqdf2(nan, nan) != 0 && __nedf2(nan, nan) != 0);
    const float_bits float_nan = __subsf3(0x7F800000, 0x7F800000);
    assert_true(__unordsf2(float_nan, 0) != 0 && __nesf2(float_nan, float_nan) != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(special_pairs),          cmocka_unit_test(special_integers),
        cmocka_unit_test(generated_cases),        cmocka_unit_test(nan_becomes_zero),
        cmocka_unit_test(out_of_range_saturates), cmocka_unit_test(nan_compares_as_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
