// Formats one line of text into a fixed buffer. Called by all of `load`, by stage 2 and by the host
// tool; there is no printf where stage 2 runs.
#include "message.h"

#include <stddef.h>

// What stands between '%' and the letter of a conversion.
struct number_format {
    unsigned width;
    char filler;
    bool long_long;
};

#define DIGITS_MAX 20 // of 2^64 - 1 in decimal; a width beyond that counts as that

static void append_character(struct message *message, char character)
{
    const uint8_t pair = (uint8_t)(character - MESSAGE_FIRST_CODE);
    if (pair < message_pair_count && message_pairs[pair][0] != 0) {
        append_character(message, (char)message_pairs[pair][0]);
        append_character(message, (char)message_pairs[pair][1]);
        return;
    }
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

// Writes a number before `end`; returns where it begins.
static char *write_number(char *end, unsigned long long value, unsigned base,
                          const struct number_format *format)
{
    const char *fill_to = end - (format->width < DIGITS_MAX ? format->width : DIGITS_MAX);
    do {
        *--end = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    while (end > fill_to) {
        *--end = format->filler;
    }
    return end;
}

// Reads flag, width and size; returns what follows them.
static const char *parse_number_format(const char *text, struct number_format *format)
{
    format->filler = *text == '0' ? '0' : ' ';
    format->width = 0;
    while (*text >= '0' && *text <= '9') {
        format->width = format->width * 10 + (unsigned)(*text++ - '0');
    }
    format->long_long = text[0] == 'l' && text[1] == 'l';
    return format->long_long ? text + 2 : text;
}

void message_append_list(struct message *message, const char *format, va_list arguments)
{
    char buffer[DIGITS_MAX + 1] = {'\0'};
    char *const last = &buffer[DIGITS_MAX - 1];
    for (; *format != '\0'; format++) {
        const char *text = last; // one character, as most are
        *last = *format;
        if (*format == '%') {
            struct number_format number;
            const char *letter = parse_number_format(format + 1, &number);
            if (*letter == 'u' || *letter == 'x') {
                const unsigned long long value = number.long_long
                                                     ? va_arg(arguments, unsigned long long)
                                                     : va_arg(arguments, unsigned);
                text = write_number(last + 1, value, *letter == 'u' ? 10 : 16, &number);
                format = letter;
            } else if (format[1] == 's') {
                text = va_arg(arguments, const char *);
                format++;
            } else if (format[1] == '%') {
                format++;
            }
        }
        append_string(message, text);
    }
}

static void clear(struct message *message)
{
    message->length = 0;
    message->text[0] = '\0';
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
