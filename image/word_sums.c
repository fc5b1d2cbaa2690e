// The sums that MBR and first block compute over stage 2. Called by stage2_header.c and mbr.c.
#include "word_sums.h"

void word_sums_add(struct word_sums *sums, const void *bytes, size_t size)
{
    const uint8_t *word = bytes;

    for (size_t i = 0; i + WORD_SIZE <= size; i += WORD_SIZE) {
        sums->sum += word[i] | (uint32_t)word[i + 1] << 8 | (uint32_t)word[i + 2] << 16 |
                     (uint32_t)word[i + 3] << 24;
        sums->weighted_sum += sums->sum;
    }
}

bool word_sums_equal(const struct word_sums *a, const struct word_sums *b)
{
    return a->sum == b->sum && a->weighted_sum == b->weighted_sum;
}
