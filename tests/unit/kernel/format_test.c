// kernel/lib/format.c against the host's snprintf, which has the same specification.
#include "lib/format.h"

#include <inttypes.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CAPACITY 512

// Formats with both and compares text and length.
#define check(...)                                                                                 \
    do {                                                                                           \
        char ours[CAPACITY];                                                                       \
        char theirs[CAPACITY];                                                                     \
        const size_t our_length = format_buffer(ours, sizeof ours, __VA_ARGS__);                   \
        const int their_length = snprintf(theirs, sizeof theirs, __VA_ARGS__);                     \
        assert_string_equal(ours, theirs);                                                         \
        assert_int_equal(our_length, their_length);                                                \
    } while (0)

static void plain_text(void **state)
{
    (void)state;
    check("%s", "");
    check("no conversion");
    check("100%%");
    check("%%%d%%", 5);
}

static void characters_and_strings(void **state)
{
    (void)state;
    check("[%c][%3c][%-3c]", 'a', 'b', 'c');
    check("%c%c", 0xE9, 200);
    check("[%s][%6s][%-6s][%2s]", "abc", "abc", "abc", "abc");
    check("[%.2s][%.0s][%.s][%.9s]", "abc", "abc", "abc", "abc");
    check("[%6.2s][%-6.2s][%*.*s]", "abc", "abc", 7, 1, "abc");
    check("[%*s][%.*s]", -6, "abc", -1, "abc");
    // Without a NUL a string is safe up to its precision.
    const char unterminated[3] = {'x', 'y', 'z'};
    check("%.3s", unterminated);
}

static void pointers(void **state)
{
    (void)state;
    check("%p", (void *)0x1);
    check("[%20p][%-20p]", (void *)0xFFFFFFFF80200000u, (void *)0xB8000);
    char text[CAPACITY];
    format_buffer(text, sizeof text, "%p", NULL);
    assert_string_equal(text, "0x0");
    const char *volatile nothing = NULL;
    format_buffer(text, sizeof text, "%s", nothing);
    assert_string_equal(text, "(null)");
}

static const char *const lengths[] = {"hh", "h", "", "l", "ll", "j", "z", "t"};

// Prints one value with one format by both; the argument's type follows the length modifier.
static void check_integer(const char *format, const char *length, uint64_t value)
{
    char ours[CAPACITY];
    char theirs[CAPACITY];
    size_t our_length;
    int their_length;
    if (length[0] == 'h' || length[0] == '\0') {
        our_length = format_buffer(ours, sizeof ours, format, (int)value);
        their_length = snprintf(theirs, sizeof theirs, format, (int)value);
    } else { // all the others are 64 bits wide here
        our_length = format_buffer(ours, sizeof ours, format, value);
        their_length = snprintf(theirs, sizeof theirs, format, value);
    }
    if (strcmp(ours, theirs) != 0 || our_length != (size_t)their_length) {
        fail_msg("format \"%s\", value %#" PRIx64 ": \"%s\", expected \"%s\"", format, value, ours,
                 theirs);
    }
}

// Every subset of the flags, in the order of their bits.
static void make_flags(char flags[6], unsigned subset)
{
    static const char all[] = "-+ #0";
    size_t count = 0;
    for (size_t bit = 0; all[bit] != '\0'; bit++) {
        if (subset & 1u << bit) {
            flags[count++] = all[bit];
        }
    }
    flags[count] = '\0';
}

static void check_integer_values(const char *format, const char *length)
{
    static const uint64_t values[] = {
        0,          1,          7,          8,         42,       0x7F,
        0x80,       0xFF,       0x7FFF,     0x8000,    0xFFFF,   0x12345678,
        INT32_MAX,  0x80000000, UINT32_MAX, INT64_MAX, 1u << 30, 0x8000000000000000,
        UINT64_MAX,
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        check_integer(format, length, values[i]);
    }
}

// All flags with all widths, precisions, lengths and letters: 8192 formats and more.
static void integers(void **state)
{
    (void)state;
    static const char *const widths[] = {"", "1", "9", "30"};
    static const char *const precisions[] = {"", ".", ".0", ".1", ".3", ".25"};
    for (unsigned subset = 0; subset < 32; subset++) {
        char flags[6];
        make_flags(flags, subset);
        for (unsigned i = 0; i < 4 * 6 * 8 * 6; i++) {
            const char *length = lengths[i / 24 % 8];
            char format[32];
            snprintf(format, sizeof format, "<%%%s%s%s%s%c>", flags, widths[i % 4],
                     precisions[i / 4 % 6], length, "diuoxX"[i / (24 * 8)]);
            check_integer_values(format, length);
        }
    }
}

static void arguments_in_a_row(void **state)
{
    (void)state;
    check("%hhd %hd %d %ld %lld %jd %zd %td %s %c", (signed char)-1, (short)-2, -3, -4L, -5LL,
          (intmax_t)-6, (size_t)7, (ptrdiff_t)-8, "nine", 'X');
    check("%hhu %hu %u %lu %llu %ju %zu %x", (unsigned char)255, (unsigned short)65535, UINT_MAX,
          ULONG_MAX, ULLONG_MAX, UINTMAX_MAX, SIZE_MAX, 0xABCDEFu);
    check("%*d|%-*d|%0*d|%.*d", 5, 1, 5, 2, 5, 3, 5, 4);
    check("%*d|%.*d", -5, 1, -5, 4);
}

static void unknown_stands_as_it_is(void **state)
{
    (void)state;
    // Not literals in the calls: the compiler would rightly refuse them.
    static const char *const formats[] = {"%q", "%", "a%", "%-5", "%ll", "%n", "%08"};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        char text[CAPACITY];
        const size_t length = format_buffer(text, sizeof text, formats[i], 0);
        assert_string_equal(text, formats[i]);
        assert_int_equal(length, strlen(formats[i]));
    }
}

static void takes_no_argument_for_unknown(void **state)
{
    (void)state;
    const char *volatile format = "%y%d";
    char text[CAPACITY];
    format_buffer(text, sizeof text, format, 7);
    assert_string_equal(text, "%y7");
}

// By name; what follows is not formatted, for its arguments cannot be found.
static void refuses_floating_point(void **state)
{
    (void)state;
    static const struct {
        const char *format;
        const char *text;
    } cases[] = {
        {"%d%f", "7(%f is not supported, use format_double)%f"},
        {"x%-08.3e|%s %d\n", "x(%e is not supported, use format_double)%-08.3e|%s %d\n"},
        {"%g%g", "(%g is not supported, use format_double)%g%g"},
        {"%lf", "(%f is not supported, use format_double)%lf"},
        {"%Lf", "(%f is not supported, use format_double)%Lf"},
        {"%a", "(%a is not supported, use format_double)%a"},
        {"%E", "(%E is not supported, use format_double)%E"},
        {"%F", "(%F is not supported, use format_double)%F"},
        {"%G", "(%G is not supported, use format_double)%G"},
        {"%A", "(%A is not supported, use format_double)%A"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[CAPACITY];
        format_buffer(text, sizeof text, cases[i].format, 7);
        assert_string_equal(text, cases[i].text);
    }
}

// ---- Generated formats ----

#define GENERATED 50000u

static uint64_t random_state = UINT64_C(0x2545F4914F6CDD1D);

// Marsaglia's xorshift; a number below `limit`.
static unsigned random_below(unsigned limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state >> 33) % limit;
}

// Appends %, some of the flags, and width and precision if the kind has one: as numbers or as *.
static void append_conversion(char *format, const char *flags, bool precision, bool stars,
                              const char *letter)
{
    char *end = format + strlen(format);
    end += sprintf(end, "%.*s%%", (int)random_below(3), "<>");
    for (; *flags != '\0'; flags++) {
        if (random_below(2) == 1) {
            *end++ = *flags;
        }
    }
    end += stars ? sprintf(end, "*") : sprintf(end, "%.*u", (int)random_below(3), random_below(40));
    if (precision) {
        end += stars ? sprintf(end, ".*") : sprintf(end, ".%u", random_below(40));
    }
    sprintf(end, "%s", letter);
}

// Four conversions in a row, of an integer, a string, a character and a pointer.
static void generated_formats(void **state)
{
    (void)state;
    static const char *const integers[] = {"lld", "li", "ju", "zo", "llx", "lX"};
    static const char text[] = "a string of the kernel's";
    for (unsigned i = 0; i < GENERATED; i++) {
        const bool stars = random_below(2) == 1;
        char format[128] = "";
        append_conversion(format, "-+ #0", true, stars, integers[random_below(6)]);
        append_conversion(format, "-", true, stars, "s");
        append_conversion(format, "-", false, stars, "c");
        append_conversion(format, "-", false, stars, "p");
        const uint64_t value = random_state >> random_below(64);
        const void *pointer = (void *)(random_state | 1);
        const char *string = text + random_below(sizeof text);
        const int a = (int)random_below(80) - 40;
        const int b = (int)random_below(50) - 10;
        char ours[CAPACITY];
        char theirs[CAPACITY];
        if (stars) {
            format_buffer(ours, CAPACITY, format, a, b, value, b, a, string, a, 'x', b, pointer);
            snprintf(theirs, CAPACITY, format, a, b, value, b, a, string, a, 'x', b, pointer);
        } else {
            format_buffer(ours, CAPACITY, format, value, string, 'x', pointer);
            snprintf(theirs, CAPACITY, format, value, string, 'x', pointer);
        }
        if (strcmp(ours, theirs) != 0) {
            fail_msg("format %s: \"%s\", expected \"%s\"", format, ours, theirs);
        }
    }
}

static void stays_inside_the_buffer(void **state)
{
    (void)state;
    for (size_t capacity = 0; capacity <= 12; capacity++) {
        char ours[16];
        char theirs[16];
        memset(ours, '#', sizeof ours);
        memset(theirs, '#', sizeof theirs);
        const size_t length = format_buffer(ours, capacity, "%s-%05d", "abc", 42);
        assert_int_equal(length, snprintf(theirs, capacity, "%s-%05d", "abc", 42));
        assert_memory_equal(ours, theirs, sizeof ours);
    }
    assert_int_equal(format_buffer(NULL, 0, "%d", 12345), 5);
}

static void width_beyond_an_int_is_cut(void **state)
{
    (void)state;
    const char *volatile format = "%.99999999999s|";
    char text[CAPACITY];
    format_buffer(text, sizeof text, format, "abc");
    assert_string_equal(text, "abc|");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text),
        cmocka_unit_test(characters_and_strings),
        cmocka_unit_test(pointers),
        cmocka_unit_test(integers),
        cmocka_unit_test(arguments_in_a_row),
        cmocka_unit_test(unknown_stands_as_it_is),
        cmocka_unit_test(takes_no_argument_for_unknown),
        cmocka_unit_test(refuses_floating_point),
        cmocka_unit_test(generated_formats),
        cmocka_unit_test(stays_inside_the_buffer),
        cmocka_unit_test(width_beyond_an_int_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
