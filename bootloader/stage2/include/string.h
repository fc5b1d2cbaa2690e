// What stage 2 has of <string.h> (stage2/memory.asm), for load's sources, which on the host include
// the real one.
#ifndef STRING_H
#define STRING_H

#include <stddef.h>

void *memcpy(void *restrict destination, const void *restrict source, size_t bytes);
void *memmove(void *destination, const void *source, size_t bytes);
void *memset(void *destination, int value, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);

// The compiler moves a few bytes of a known number in place: smaller and faster than the call.
#define memcpy(destination, source, bytes) __builtin_memcpy(destination, source, bytes)

#endif
