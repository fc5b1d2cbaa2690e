// The formatter behind kprintf: reads the format and fetches the arguments. Pure, so that the unit
// tests compare it with the host's printf.
#include "lib/format.h"

#include "lib/format_conversion.h"
#include "lib/string.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

static intmax_t signed_argument(va_list *arguments, enum length_modifier length)
{
    switch (length) {
    case LENGTH_J:
        return va_arg(*arguments, intmax_t);
    case LENGTH_HH:
        return (signed char)va_arg(*arguments, int);
    case LENGTH_H:
        return (short)va_arg(*arguments, int);
    case LENGTH_L:
        return va_arg(*arguments, long);
    case LENGTH_LL:
        return va_arg(*arguments, long long);
    case LENGTH_Z: // the signed type as wide as size_t, which is ptrdiff_t here
    case LENGTH_T:
        return va_arg(*arguments, ptrdiff_t);
    case LENGTH_LONG_DOUBLE: // of no integer
    case LENGTH_INT:
        break;
    }
    return va_arg(*arguments, int);
}

static uintmax_t unsigned_argument(va_list *arguments, enum length_modifier length)
{
    switch (length) {
    case LENGTH_J:
        return va_arg(*arguments, uintmax_t);
    case LENGTH_HH:
        return (unsigned char)va_arg(*arguments, unsigned);
    case LENGTH_H:
        return (unsigned short)va_arg(*arguments, unsigned);
    case LENGTH_L:
        return va_arg(*arguments, unsigned long);
    case LENGTH_LL:
        return va_arg(*arguments, unsigned long long);
    case LENGTH_Z:
    case LENGTH_T: // the unsigned type as wide as ptrdiff_t, which is size_t here
        return va_arg(*arguments, size_t);
    case LENGTH_LONG_DOUBLE: // of no integer
    case LENGTH_INT:
        break;
    }
    return va_arg(*arguments, unsigned);
}

// Reads digits; a number that is too large stays at the largest.
static int parse_number(const char **format)
{
    int number = 0;
    for (; **format >= '0' && **format <= '9'; (*format)++) {
        const int digit = **format - '0';
        number = number > (INT_MAX - digit) / 10 ? INT_MAX : number * 10 + digit;
    }
    return number;
}

static void parse_flags(const char **format, struct conversion *conversion)
{
    for (;; (*format)++) {
        switch (**format) {
        case '-':
            conversion->left = true;
            break;
        case '+':
            conversion->sign = true;
            break;
        case ' ':
            conversion->space = true;
            break;
        case '#':
            conversion->alternate = true;
            break;
        case '0':
            conversion->zero = true;
            break;
        default:
            return;
        }
    }
}

static void parse_width(const char **format, struct conversion *conversion, va_list *arguments)
{
    if (**format != '*') {
        conversion->width = parse_number(format);
        return;
    }
    (*format)++;
    const int width = va_arg(*arguments, int);
    if (width < 0) { // a negative width is the flag - and a width
        conversion->left = true;
        conversion->width = width == INT_MIN ? INT_MAX : -width;
    } else {
        conversion->width = width;
    }
}

static void parse_precision(const char **format, struct conversion *conversion, va_list *arguments)
{
    conversion->precision = NO_PRECISION;
    if (**format != '.') {
        return;
    }
    (*format)++;
    if (**format != '*') {
        conversion->precision = parse_number(format);
        return;
    }
    (*format)++;
    const int precision = va_arg(*arguments, int);
    if (precision >= 0) { // a negative one counts as absent
        conversion->precision = precision;
    }
}

static void parse_length(const char **format, struct conversion *conversion)
{
    static const struct {
        char text[3];
        enum length_modifier length;
    } modifiers[] = {
        // longer ones first
        {"hh", LENGTH_HH}, {"h", LENGTH_H}, {"ll", LENGTH_LL}, {"l", LENGTH_L},
        {"z", LENGTH_Z},   {"j", LENGTH_J}, {"t", LENGTH_T},   {"L", LENGTH_LONG_DOUBLE},
    };
    for (size_t i = 0; i < sizeof modifiers / sizeof modifiers[0]; i++) {
        const char *text = modifiers[i].text;
        if ((*format)[0] == text[0] && (text[1] == '\0' || (*format)[1] == text[1])) {
            conversion->length = modifiers[i].length;
            *format += strlen(text);
            return;
        }
    }
}

// The conversions of C that take a double. Where the caller put it, and so the arguments behind it,
// cannot be told without SSE: the rest of the format is not to be read.
static bool takes_double(char letter)
{
    static const char letters[] = "aAeEfFgG";
    for (size_t i = 0; i + 1 < sizeof letters; i++) {
        if (letter == letters[i]) {
            return true;
        }
    }
    return false;
}

// Prints what is wrong with it, then the format from there on as it stands.
static void refuse_double(struct output *output, char letter, const char *conversion)
{
    const char name[] = {'%', letter};
    static const char advice[] = " is not supported, use format_double)";
    output_put(output, "(", 1);
    output_put(output, name, sizeof name);
    output_put(output, advice, sizeof advice - 1);
    output_put(output, conversion, strlen(conversion));
}

// Prints one conversion; false when the letter is none of those known.
static bool put_conversion(struct output *output, const struct conversion *conversion, char letter,
                           va_list *arguments)
{
    switch (letter) {
    case 'd':
    case 'i':
        output_signed(output, conversion, signed_argument(arguments, conversion->length));
        return true;
    case 'u':
    case 'o':
    case 'x':
    case 'X':
        output_unsigned(output, conversion, unsigned_argument(arguments, conversion->length),
                        letter);
        return true;
    case 'p':
        output_unsigned(output, conversion, (uintptr_t)va_arg(*arguments, void *), letter);
        return true;
    case 's':
        output_string(output, conversion, va_arg(*arguments, const char *));
        return true;
    case 'c':
        output_character(output, conversion, va_arg(*arguments, int));
        return true;
    case '%':
        output_put(output, "%", 1);
        return true;
    default:
        return false;
    }
}

size_t format_list(format_sink *sink, void *context, const char *format, va_list arguments)
{
    va_list copy;
    va_copy(copy, arguments);
    struct output output = {.sink = sink, .context = context};
    while (*format != '\0') {
        const char *start = format;
        while (*format != '\0' && *format != '%') {
            format++;
        }
        output_put(&output, start, (size_t)(format - start));
        if (*format == '\0') {
            break;
        }
        start = format++;
        struct conversion conversion = {0};
        parse_flags(&format, &conversion);
        parse_width(&format, &conversion, &copy);
        parse_precision(&format, &conversion, &copy);
        parse_length(&format, &conversion);
        const char letter = *format;
        if (takes_double(letter)) {
            refuse_double(&output, letter, start);
            break;
        }
        if (letter != '\0') {
            format++;
        }
        if (!put_conversion(&output, &conversion, letter, &copy)) {
            output_put(&output, start, (size_t)(format - start));
        }
    }
    va_end(copy);
    return output.total;
}

// Where format_buffer's sink keeps what fits; format_list counts the rest.
struct buffer {
    char *text;
    size_t capacity; // without the NUL
    size_t length;
};

static void buffer_sink(void *context, const char *text, size_t length)
{
    struct buffer *buffer = context;
    const size_t room = buffer->capacity - buffer->length;
    const size_t kept = length < room ? length : room;
    if (kept > 0) { // else there may be no buffer at all
        memcpy(buffer->text + buffer->length, text, kept);
        buffer->length += kept;
    }
}

size_t format_buffer(char *buffer, size_t capacity, const char *format, ...)
{
    struct buffer target = {buffer, capacity > 0 ? capacity - 1 : 0, 0};
    va_list arguments;
    va_start(arguments, format);
    const size_t total = format_list(buffer_sink, &target, format, arguments);
    va_end(arguments);
    if (capacity > 0) {
        buffer[target.length] = '\0';
    }
    return total;
}
