// What every unit test includes: cmocka with the headers it wants before it, and random numbers
// that are the same in every run.
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// xorshift64*: Marsaglia 2003, Vigna 2016. The state must not be 0.
static inline uint64_t random_next(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545F4914F6CDD1Du;
}

// A number from 0 to bound - 1.
static inline uint64_t random_below(uint64_t *state, uint64_t bound)
{
    return (random_next(state) >> 11) % bound;
}

static inline bool random_chance(uint64_t *state, uint64_t one_in)
{
    return random_below(state, one_in) == 0;
}

// Never null.
static inline void *allocate(size_t bytes)
{
    void *memory = malloc(bytes);
    assert_non_null(memory);
    return memory;
}

// On a page boundary; `bytes` is rounded up to pages. Filled with A5h so that nobody relies on
// zeros. Freed with free_pages.
void *allocate_pages(size_t bytes);
void free_pages(void *memory);

// Fails the test unless the text contains the words.
void assert_message_has(const char *text, const char *words);

#endif
