// Formats one line of text into a fixed buffer. Called by all of `load`, by stage 2 and by the host
// tool; there is no printf where stage 2 runs.
#include "message.h"

#include <stddef.h>

#define DIGITS_MAX 20 // of 2^64 - 1 in decimal; a width beyond that counts as that

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

// Writes a number's digits, at least `width`, before `end`; returns where they begin.
static char *write_number(char *end, unsigned long long value, unsigned base, unsigned width,
                          char filler)
{
    const char *fill_to = end - (width < DIGITS_MAX ? width : DIGITS_MAX);
    do {
        *--end = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    while (end > fill_to) {
        *--end = filler;
    }
    return end;
}

void message_append_list(struct message *message, const char *format, va_list arguments)
{
    char buffer[DIGITS_MAX + 1] = {'\0'};
    for (; *format != '\0'; format++) {
        char *const last = &buffer[DIGITS_MAX - 1];
        const char *text = last; // one character, as most are
        *last = *format;
        if (*format == '%') {
            const char *letter = format + 1;
            const char filler = *letter == '0' ? '0' : ' ';
            unsigned width = 0;
            for (; *letter >= '0' && *letter <= '9'; letter++) {
                width = width * 10 + (unsigned)(*letter - '0');
            }
            const bool plain = letter == format + 1;
            const bool long_long = letter[0] == 'l' && letter[1] == 'l';
            letter += long_long ? 2 : 0;
            if (*letter == 'u' || *letter == 'x') {
                const unsigned long long value =
                    long_long ? va_arg(arguments, unsigned long long) : va_arg(arguments, unsigned);
                text = write_number(last + 1, value, *letter == 'u' ? 10 : 16, width, filler);
                format = letter;
            } else if (plain && *letter == 's') {
                text = va_arg(arguments, const char *);
                format = letter;
            } else if (plain && *letter == 'c') {
                *last = (char)va_arg(arguments, int);
                format = letter;
            } else if (plain && *letter == '%') {
                format = letter;
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
