// The sums over 32-bit words that guard stage 2 (struct word_sums of image_format.h).
#ifndef IMAGE_WORD_SUMS_H
#define IMAGE_WORD_SUMS_H

#include "image_format.h"

#include <stdbool.h>
#include <stddef.h>

#define WORD_SIZE 4

// Adds bytes (a multiple of WORD_SIZE, any alignment) to the sums, which start at {0, 0}.
void word_sums_add(struct word_sums *sums, const void *bytes, size_t size);

bool word_sums_equal(const struct word_sums *a, const struct word_sums *b);

#endif
