// Prints integers, strings and characters with sign, base, width and precision; called by format.c.
#include "lib/format_conversion.h"

#include "lib/string.h"

#include <limits.h>

// Octal has the most digits: one for every three bits of the widest integer, rounded up.
#define DIGITS_MAX ((sizeof(uintmax_t) * CHAR_BIT + 2) / 3)

void output_put(struct output *output, const char *text, size_t length)
{
    if (length > 0) {
        output->sink(output->context, text, length);
        output->total += length;
    }
}

static void put_repeated(struct output *output, char character, size_t count)
{
    char piece[16];
    memset(piece, character, sizeof piece);
    while (count > 0) {
        const size_t length = count < sizeof piece ? count : sizeof piece;
        output_put(output, piece, length);
        count -= length;
    }
}

// What is missing to the width when so many bytes will be printed.
static size_t padding(const struct conversion *conversion, size_t length)
{
    const size_t width = (size_t)conversion->width;
    return width > length ? width - length : 0;
}

static void put_text(struct output *output, const struct conversion *conversion, const char *text,
                     size_t length)
{
    const size_t spaces = padding(conversion, length);
    if (!conversion->left) {
        put_repeated(output, ' ', spaces);
    }
    output_put(output, text, length);
    if (conversion->left) {
        put_repeated(output, ' ', spaces);
    }
}

void output_string(struct output *output, const struct conversion *conversion, const char *text)
{
    if (text == NULL) {
        text = "(null)";
    }
    size_t length = 0;
    while ((conversion->precision == NO_PRECISION || length < (size_t)conversion->precision) &&
           text[length] != '\0') {
        length++;
    }
    put_text(output, conversion, text, length);
}

void output_character(struct output *output, const struct conversion *conversion, int character)
{
    const char text = (char)(unsigned char)character;
    put_text(output, conversion, &text, 1);
}

// Prints sign or base, zeros and digits; the digits are those of the value, none for 0.
static void put_digits(struct output *output, const struct conversion *conversion,
                       const char *prefix, const char *digits, size_t digit_count)
{
    const size_t prefix_length = strlen(prefix);
    size_t zeros = digit_count == 0 ? 1 : 0;
    if (conversion->precision != NO_PRECISION) {
        const size_t wanted = (size_t)conversion->precision;
        zeros = wanted > digit_count ? wanted - digit_count : 0;
    } else if (conversion->zero && !conversion->left) {
        zeros += padding(conversion, prefix_length + zeros + digit_count);
    }
    const size_t spaces = padding(conversion, prefix_length + zeros + digit_count);
    if (!conversion->left) {
        put_repeated(output, ' ', spaces);
    }
    output_put(output, prefix, prefix_length);
    put_repeated(output, '0', zeros);
    output_put(output, digits, digit_count);
    if (conversion->left) {
        put_repeated(output, ' ', spaces);
    }
}

// Writes the digits of the value, none for 0, to the end of the array; returns how many.
static size_t make_digits(char digits[DIGITS_MAX], uintmax_t value, unsigned base, char letter_a)
{
    size_t count = 0;
    for (; value != 0; value /= base) {
        const unsigned digit = (unsigned)(value % base);
        count++;
        digits[DIGITS_MAX - count] = (char)(digit < 10 ? '0' + digit : letter_a + (digit - 10));
    }
    return count;
}

void output_unsigned(struct output *output, const struct conversion *conversion, uintmax_t value,
                     char letter)
{
    char digits[DIGITS_MAX];
    struct conversion adjusted = *conversion;
    const char *prefix = "";
    unsigned base = 10;
    if (letter == 'o') {
        base = 8;
    } else if (letter == 'x' || letter == 'X' || letter == 'p') {
        base = 16;
        if (letter == 'p' || (conversion->alternate && value != 0)) {
            prefix = letter == 'X' ? "0X" : "0x";
        }
    }
    const size_t count = make_digits(digits, value, base, letter == 'X' ? 'A' : 'a');
    // # makes an octal number start with 0, by one more digit if need be.
    if (letter == 'o' && conversion->alternate && conversion->precision != NO_PRECISION &&
        (size_t)conversion->precision <= count) {
        adjusted.precision = (int)count + 1;
    } else if (letter == 'o' && conversion->alternate && value != 0 &&
               conversion->precision == NO_PRECISION) {
        prefix = "0";
    }
    put_digits(output, &adjusted, prefix, digits + DIGITS_MAX - count, count);
}

void output_signed(struct output *output, const struct conversion *conversion, intmax_t value)
{
    char digits[DIGITS_MAX];
    const char *prefix = "";
    uintmax_t magnitude = (uintmax_t)value;
    if (value < 0) {
        prefix = "-";
        magnitude = -magnitude;
    } else if (conversion->sign) {
        prefix = "+";
    } else if (conversion->space) {
        prefix = " ";
    }
    const size_t count = make_digits(digits, magnitude, 10, 'a');
    put_digits(output, conversion, prefix, digits + DIGITS_MAX - count, count);
}
