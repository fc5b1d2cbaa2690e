// A double as decimal text, exactly: the digits are those of the number itself, rounded half to
// even at the last one wanted. In place of %f and %e, which kprintf cannot have (lib/format.h).
//
//     char text[32];
//     format_double(text, sizeof text, DOUBLE_BITS(x), 'f', 3);
//     kprintf("x = %10s\n", text);
#ifndef KERNEL_LIB_FORMAT_DOUBLE_H
#define KERNEL_LIB_FORMAT_DOUBLE_H

#include <stddef.h>
#include <stdint.h>

// The bits of a double, or of a float made a double.
#define DOUBLE_BITS(value)                                                                         \
    (((union {                                                                                     \
         double number;                                                                            \
         uint64_t bits;                                                                            \
     }){.number = (value)})                                                                        \
         .bits)

// Writes what printf's %.*f or %.*e would, the style being 'f' or 'e', with so many digits behind
// the point: at most capacity - 1 bytes and a NUL. Returns the length of the whole text.
size_t format_double(char *buffer, size_t capacity, uint64_t bits, char style, unsigned decimals);

#endif
