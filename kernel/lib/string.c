// memcpy, memmove, memset, memcmp and strlen, called by the whole kernel and by the compiler.
//
// Written as C loops these would be recognised for what they are and compiled into calls of
// themselves. So the bulk is done by string instructions (DF is clear in all compiled code); those
// that stay loops, and all others, are looked at by a test: no object code calls itself
// (tests/unit/kernel).
#include "lib/string.h"

#include <stdint.h>

#define WORD_BYTES sizeof(uint64_t)

// A word at any address, that may be part of an object of any type.
typedef uint64_t __attribute__((aligned(1), may_alias)) any_word;

static inline void copy_forward(void *destination, const void *source, size_t bytes)
{
    size_t words = bytes / WORD_BYTES;
    size_t rest = bytes % WORD_BYTES;
    __asm__ volatile("rep movsq\n\t"
                     "mov %[rest], %%rcx\n\t"
                     "rep movsb"
                     : "+&D"(destination), "+&S"(source), "+&c"(words)
                     : [rest] "r"(rest)
                     : "memory");
}

// From the end down: the whole words first, then the bytes before them. A plain loop rather than
// string instructions with DF set, which an interrupt handler would inherit.
static inline void copy_backward(unsigned char *destination, const unsigned char *source,
                                 size_t bytes)
{
    while (bytes >= WORD_BYTES) {
        bytes -= WORD_BYTES;
        *(any_word *)(destination + bytes) = *(const any_word *)(source + bytes);
    }
    while (bytes > 0) {
        bytes--;
        destination[bytes] = source[bytes];
    }
}

void *memcpy(void *restrict destination, const void *restrict source, size_t bytes)
{
    copy_forward(destination, source, bytes);
    return destination;
}

void *memmove(void *destination, const void *source, size_t bytes)
{
    // True when the destination starts inside the source. Where it lies below the source, the
    // difference wraps round and is larger than any object.
    if ((uintptr_t)destination - (uintptr_t)source < bytes) {
        copy_backward(destination, source, bytes);
    } else {
        copy_forward(destination, source, bytes);
    }
    return destination;
}

void *memset(void *destination, int value, size_t bytes)
{
    const uint64_t every_byte = 0x0101010101010101u;
    void *end = destination;
    size_t words = bytes / WORD_BYTES;
    size_t rest = bytes % WORD_BYTES;
    __asm__ volatile("rep stosq\n\t"
                     "mov %[rest], %%rcx\n\t"
                     "rep stosb"
                     : "+&D"(end), "+&c"(words)
                     : [rest] "r"(rest), "a"((unsigned char)value * every_byte)
                     : "memory");
    return destination;
}

int memcmp(const void *a, const void *b, size_t bytes)
{
    const unsigned char *left = a;
    const unsigned char *right = b;
    for (size_t i = 0; i < bytes; i++) {
        if (left[i] != right[i]) {
            return left[i] < right[i] ? -1 : 1;
        }
    }
    return 0;
}

size_t strlen(const char *text)
{
    size_t length = 0;
    while (text[length] != '\0') {
        length++;
    }
    return length;
}
