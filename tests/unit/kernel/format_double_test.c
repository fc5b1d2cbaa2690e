// kernel/lib/format_double.c against the host's snprintf, whose digits are exact, too.
#include "lib/format_double.h"

#include <inttypes.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CAPACITY  2000
#define GENERATED 100000u

static void check(uint64_t bits, unsigned decimals)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    for (unsigned i = 0; i < 2; i++) {
        const char style = "fe"[i];
        char ours[CAPACITY];
        char theirs[CAPACITY];
        const size_t length = format_double(ours, sizeof ours, bits, style, decimals);
        const int their_length =
            snprintf(theirs, sizeof theirs, style == 'f' ? "%.*f" : "%.*e", (int)decimals, value);
        if (strcmp(ours, theirs) != 0 || length != (size_t)their_length) {
            fail_msg("%%.%u%c of %#" PRIx64 ": \"%s\", expected \"%s\"", decimals, style, bits,
                     ours, theirs);
        }
    }
}

static void special_values(void **state)
{
    (void)state;
    static const double values[] = {
        0.0,       1.0,    0.5,       1.5,     2.5,      0.25,   0.75,     0.125, 0.375,      9.5,
        9.4999,    99.5,   0.05,      0.95,    0.995,    0.0001, 0.000099, 10.0,  123456.789, 1e9,
        999999999, 1e10,   1e15,      1e16,    1e17,     1e22,   1e23,     1e100, 1.0 / 3,    1e-5,
        1e-10,     1e-300, 0x1p-1074, 1e308,   0x1p1023, 0.1,    0.2,      0.3,   5e-1,       5e-2,
        5e-3,      0x1p-2, 0x1p-3,    0x1p-20, 0x1p52,   0x1p53, 0x1p-1022};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        for (unsigned decimals = 0; decimals <= 25; decimals++) {
            check(DOUBLE_BITS(values[i]), decimals);
            check(DOUBLE_BITS(-values[i]), decimals);
        }
    }
    check(0x7FF0000000000000, 3); // infinities and NaN
    check(0xFFF0000000000000, 3);
    check(0x7FF8000000000000, 3);
}

// The numbers with the most digits on either side of the point, in full.
static void all_digits(void **state)
{
    (void)state;
    check(0x000FFFFFFFFFFFFF, 1074);
    check(0x0010000000000001, 1074);
    check(0x7FEFFFFFFFFFFFFF, 1100);
    check(1, 1073);
    check(1, 1100);
}

static void generated(void **state)
{
    (void)state;
    uint64_t bits = UINT64_C(0x123456789ABCDEF1);
    for (unsigned i = 0; i < GENERATED; i++) {
        bits ^= bits << 13; // xorshift
        bits ^= bits >> 7;
        bits ^= bits << 17;
        if (i % 4 != 0) { // of ordinary size: -2^64 to 2^64
            bits = (bits & UINT64_C(0x800FFFFFFFFFFFFF)) | (UINT64_C(1023) - 64 + i % 128) << 52;
        }
        if (i % 8 == 2) { // few bits: exact ties
            bits &= UINT64_C(0xFFFF000000000000);
        }
        if ((bits >> 52 & 0x7FF) != 0x7FF) {
            check(bits, i % 23);
        }
    }
}

static void stays_inside_the_buffer(void **state)
{
    (void)state;
    for (size_t capacity = 0; capacity <= 10; capacity++) {
        char ours[12];
        char theirs[12];
        memset(ours, '#', sizeof ours);
        memset(theirs, '#', sizeof theirs);
        assert_int_equal(format_double(ours, capacity, DOUBLE_BITS(-12.345), 'f', 3), 7);
        snprintf(theirs, capacity, "%.3f", -12.345);
        assert_memory_equal(ours, theirs, sizeof ours);
    }
    assert_int_equal(format_double(NULL, 0, DOUBLE_BITS(1.0), 'f', 100000), 100002);
    assert_int_equal(format_double(NULL, 0, DOUBLE_BITS(1.0f), 'e', 0), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(special_values),
        cmocka_unit_test(all_digits),
        cmocka_unit_test(generated),
        cmocka_unit_test(stays_inside_the_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
