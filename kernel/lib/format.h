// Formatted print without a place to print to: the text goes to a function of the caller's. The
// consoles' kprintf stands on it, and so may a log or a file later.
//
// Understood, with the meaning of C17 section 7.21.6.1:
//     flags        - + space # 0
//     width        a number or *
//     precision    . and a number or *, for integers (digits) and strings (bytes at most)
//     length       hh h l ll z j t
//     conversions  d i u o x X c s p %
// Two things C leaves open: %p prints 0x and hexadecimal digits, %s of a null pointer "(null)".
// %a %e %f %g are refused: "(%f is not supported, use format_double)" and the rest of the format as
// it stands, without reading another argument, since Clang passes a double where va_arg does not
// find it. What else is not understood (%n) is printed as it stands and takes no argument.
#ifndef KERNEL_LIB_FORMAT_H
#define KERNEL_LIB_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

// Receives the text, piece by piece; not terminated.
typedef void format_sink(void *context, const char *text, size_t length);

// Returns the number of bytes given to the sink.
size_t format_list(format_sink *sink, void *context, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

// Writes at most capacity - 1 bytes and a NUL to the buffer (nothing if capacity is 0). Returns
// the length that the whole text has, as snprintf does.
size_t format_buffer(char *buffer, size_t capacity, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
