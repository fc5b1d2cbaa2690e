// Decimal digits of a double by exact arithmetic on a large integer. Pure; called by whoever prints
// a double.
//
// A double is an integer times a power of two. With a negative power, m / 2^k = m * 5^k / 10^k: an
// integer again, and the place of its decimal point.
#include "lib/format_double.h"

#include "lib/format.h"

#include <limits.h>
#include <stdbool.h>

// The format binary64 of IEEE 754.
#define FRACTION_BITS    52
#define EXPONENT_LIMIT   0x7FF
#define EXPONENT_BIAS    1023
#define SMALLEST_POWER   (1 - EXPONENT_BIAS - FRACTION_BITS) // the number is a multiple of 2^this
#define LEADING_FRACTION (UINT64_C(1) << FRACTION_BITS)

// Limbs of nine digits, the lowest first. The longest number, (2^53 - 1) * 5^1074, has 767 digits.
#define LIMB_BASE   1000000000u
#define LIMB_DIGITS 9u
#define LIMBS_MAX   86u

// The powers multiplied with at once: the largest below 2^32.
#define POWER_OF_5_STEP 13u
#define POWER_OF_5      1220703125u
#define POWER_OF_2_STEP 31u
#define POWER_OF_2      0x80000000u

// The digits of a number, the highest first, no zeros in front; none for 0.
struct decimal {
    char digits[LIMBS_MAX * LIMB_DIGITS];
    int count;
    int point; // digits before the decimal point; may be negative or beyond the last digit
};

struct limbs {
    uint32_t limb[LIMBS_MAX];
    unsigned count;
};

static void multiply(struct limbs *number, uint32_t factor)
{
    uint64_t carry = 0;
    for (unsigned i = 0; i < number->count; i++) {
        carry += (uint64_t)number->limb[i] * factor;
        number->limb[i] = (uint32_t)(carry % LIMB_BASE);
        carry /= LIMB_BASE;
    }
    for (; carry > 0; carry /= LIMB_BASE) {
        number->limb[number->count++] = (uint32_t)(carry % LIMB_BASE);
    }
}

static void multiply_by_power(struct limbs *number, uint32_t base, int power, uint32_t step_factor,
                              int step)
{
    for (; power >= step; power -= step) {
        multiply(number, step_factor);
    }
    for (; power > 0; power--) {
        multiply(number, base);
    }
}

static void to_decimal(struct decimal *decimal, uint64_t significand, int power_of_2)
{
    struct limbs number = {.count = 0};
    for (; significand > 0; significand /= LIMB_BASE) {
        number.limb[number.count++] = (uint32_t)(significand % LIMB_BASE);
    }
    if (power_of_2 >= 0) {
        multiply_by_power(&number, 2, power_of_2, POWER_OF_2, POWER_OF_2_STEP);
    } else {
        multiply_by_power(&number, 5, -power_of_2, POWER_OF_5, POWER_OF_5_STEP);
    }
    decimal->count = 0;
    for (unsigned i = number.count; i-- > 0;) {
        for (uint32_t unit = LIMB_BASE / 10; unit > 0; unit /= 10) {
            const char digit = (char)('0' + number.limb[i] / unit % 10);
            if (digit != '0' || decimal->count > 0) {
                decimal->digits[decimal->count++] = digit;
            }
        }
    }
    decimal->point = decimal->count + (power_of_2 < 0 ? power_of_2 : 0);
}

// Whether the digits from `kept` on are more than half a unit of the digit before, or half of one
// that is odd.
static bool rounds_up(const struct decimal *decimal, int kept)
{
    if (kept < 0 || decimal->digits[kept] != '5') {
        return kept >= 0 && decimal->digits[kept] > '5';
    }
    for (int i = kept + 1; i < decimal->count; i++) {
        if (decimal->digits[i] != '0') {
            return true;
        }
    }
    return kept > 0 && decimal->digits[kept - 1] % 2 != 0;
}

// Keeps so many digits; a negative number of them is none, and too far below to round up.
static void round_to(struct decimal *decimal, int kept)
{
    if (kept >= decimal->count) {
        return;
    }
    const bool up = rounds_up(decimal, kept);
    decimal->count = kept > 0 ? kept : 0;
    if (!up) {
        return;
    }
    int i = decimal->count;
    while (i > 0 && decimal->digits[i - 1] == '9') {
        decimal->digits[--i] = '0';
    }
    if (i > 0) {
        decimal->digits[i - 1]++;
        return;
    }
    // 99.9 becomes 100.0: all are zeros now, and there is one more.
    decimal->digits[0] = '1';
    decimal->count = decimal->count > 0 ? decimal->count : 1;
    decimal->point++;
}

// ---- Text ----

struct text {
    char *buffer;
    size_t capacity;
    size_t length;
};

static void put(struct text *text, char character)
{
    if (text->length + 1 < text->capacity) {
        text->buffer[text->length] = character;
    }
    text->length++;
}

static void put_string(struct text *text, const char *string)
{
    while (*string != '\0') {
        put(text, *string++);
    }
}

static char digit_at(const struct decimal *decimal, int64_t index)
{
    if (index < 0 || index >= decimal->count) {
        return '0';
    }
    return decimal->digits[index];
}

// The digits from `first` on, with a point behind so many of them, and decimals.
static void put_digits(struct text *text, const struct decimal *decimal, int64_t first,
                       int64_t before_point, unsigned decimals)
{
    for (int64_t i = first; i < first + before_point; i++) {
        put(text, digit_at(decimal, i));
    }
    if (decimals > 0) {
        put(text, '.');
    }
    for (int64_t i = 0; i < decimals; i++) {
        put(text, digit_at(decimal, first + before_point + i));
    }
}

static void put_fixed(struct text *text, struct decimal *decimal, unsigned decimals)
{
    if (decimals < (unsigned)INT_MAX - (unsigned)-SMALLEST_POWER) { // else there are not so many
        round_to(decimal, decimal->point + (int)decimals);
    }
    if (decimal->point > 0) {
        put_digits(text, decimal, 0, decimal->point, decimals);
    } else { // 0 before the point, and perhaps behind it
        put_digits(text, decimal, (int64_t)decimal->point - 1, 1, decimals);
    }
}

static void put_scientific(struct text *text, struct decimal *decimal, unsigned decimals)
{
    if (decimals < (unsigned)INT_MAX) {
        round_to(decimal, (int)decimals + 1);
    }
    put_digits(text, decimal, 0, 1, decimals);
    char exponent[8];
    const int value = decimal->count == 0 ? 0 : decimal->point - 1;
    (void)format_buffer(exponent, sizeof exponent, "e%c%02d", value < 0 ? '-' : '+',
                        value < 0 ? -value : value);
    put_string(text, exponent);
}

static void put_number(struct text *text, uint64_t fraction, int exponent, char style,
                       unsigned decimals)
{
    struct decimal decimal;
    const uint64_t significand = exponent == 0 ? fraction : fraction | LEADING_FRACTION;
    to_decimal(&decimal, significand, SMALLEST_POWER + (exponent == 0 ? 0 : exponent - 1));
    if (style == 'e') {
        put_scientific(text, &decimal, decimals);
    } else {
        put_fixed(text, &decimal, decimals);
    }
}

size_t format_double(char *buffer, size_t capacity, uint64_t bits, char style, unsigned decimals)
{
    struct text text = {buffer, capacity, 0};
    const uint64_t fraction = bits & (LEADING_FRACTION - 1);
    const int exponent = (int)(bits >> FRACTION_BITS) & EXPONENT_LIMIT;
    if (bits >> 63 != 0) {
        put(&text, '-');
    }
    if (exponent == EXPONENT_LIMIT) {
        put_string(&text, fraction != 0 ? "nan" : "inf");
    } else {
        put_number(&text, fraction, exponent, style, decimals);
    }
    if (capacity > 0) {
        buffer[text.length < capacity ? text.length : capacity - 1] = '\0';
    }
    return text.length;
}
