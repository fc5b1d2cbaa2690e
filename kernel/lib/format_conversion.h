// One conversion of a format, and the printing of it. Used by format.c only.
#ifndef KERNEL_LIB_FORMAT_CONVERSION_H
#define KERNEL_LIB_FORMAT_CONVERSION_H

#include "lib/format.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NO_PRECISION (-1)

// C's length modifiers; the names are theirs.
enum length_modifier {
    LENGTH_INT,
    LENGTH_HH,
    LENGTH_H,
    LENGTH_L,
    LENGTH_LL,
    LENGTH_Z,
    LENGTH_J,
    LENGTH_T,
    LENGTH_LONG_DOUBLE,
};

// One conversion of the format, between its % and its letter.
struct conversion {
    bool left;      // -
    bool sign;      // +
    bool space;     // space
    bool alternate; // #
    bool zero;      // 0
    int width;      // 0 when absent
    int precision;  // NO_PRECISION when absent
    enum length_modifier length;
};

// Where the text goes.
struct output {
    format_sink *sink;
    void *context;
    size_t total; // bytes so far
};

// Prints the bytes as they are.
void output_put(struct output *output, const char *text, size_t length);

// Print one value as a conversion wants it: `letter` is one of o, u, x, X, p.
void output_signed(struct output *output, const struct conversion *conversion, intmax_t value);
void output_unsigned(struct output *output, const struct conversion *conversion, uintmax_t value,
                     char letter);
void output_string(struct output *output, const struct conversion *conversion, const char *text);
void output_character(struct output *output, const struct conversion *conversion, int character);

#endif
