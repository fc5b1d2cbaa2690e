// Formats one line of text into a fixed buffer. Called by all of `load`, by stage 2 and by the host
// tool; there is no printf where stage 2 runs.
#include "message.h"

#include <stddef.h>

// What stands between '%' and the letter of a number's conversion.
struct number_format {
    unsigned width;
    bool zero_filled;
    bool long_long;
};

static void append_character(struct message *message, char character)
{
    if (message->length < MESSAGE_CAPACITY - 1) {
        message->text[message->length++] = character;
        message->text[message->length] = '\0';
    }
}

static void append_string(struct message *message, const char *text)
{
    while (*text != '\0') {
        append_character(message, *text++);
    }
}

static void append_number(struct message *message, unsigned long long value, unsigned base,
                          const struct number_format *format)
{
    char digits[20]; // 2^64 - 1 in decimal
    unsigned count = 0;
    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);

    for (unsigned column = format->width; column > count; column--) {
        append_character(message, format->zero_filled ? '0' : ' ');
    }
    while (count > 0) {
        append_character(message, digits[--count]);
    }
}

// Reads flag, width and size; returns what follows them.
static const char *parse_number_format(const char *text, struct number_format *format)
{
    format->zero_filled = *text == '0';
    format->width = 0;
    while (*text >= '0' && *text <= '9') {
        if (format->width < MESSAGE_CAPACITY) {
            format->width = format->width * 10 + (unsigned)(*text - '0');
        }
        text++;
    }
    format->long_long = text[0] == 'l' && text[1] == 'l';
    return format->long_long ? text + 2 : text;
}

void message_append_list(struct message *message, const char *format, va_list arguments)
{
    for (; *format != '\0'; format++) {
        if (*format != '%') {
            append_character(message, *format);
            continue;
        }
        struct number_format number;
        const char *letter = parse_number_format(format + 1, &number);
        if (format[1] == 's') {
            append_string(message, va_arg(arguments, const char *));
            format++;
        } else if (format[1] == 'c') {
            append_character(message, (char)va_arg(arguments, int));
            format++;
        } else if (format[1] == '%') {
            append_character(message, '%');
            format++;
        } else if (*letter == 'u' || *letter == 'x') {
            unsigned long long value = number.long_long ? va_arg(arguments, unsigned long long)
                                                        : va_arg(arguments, unsigned);
            append_number(message, value, *letter == 'u' ? 10 : 16, &number);
            format = letter;
        } else {
            append_character(message, '%');
        }
    }
}

static void clear(struct message *message)
{
    message->length = 0;
    message->text[0] = '\0';
}

void message_format(struct message *message, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    clear(message);
    message_append_list(message, format, arguments);
    va_end(arguments);
}

bool message_refuse(struct message *message, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    clear(message);
    message_append_list(message, format, arguments);
    va_end(arguments);
    return false;
}

bool message_defect(struct message *message, const char *what)
{
    return message_refuse(message, "%s: a defect of the loader, please report it", what);
}

void message_append(struct message *message, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    message_append_list(message, format, arguments);
    va_end(arguments);
}
