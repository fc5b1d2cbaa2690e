// Runs the decoders of LZ4 in memory that ends at pages which cannot be touched: assembly is not
// seen by the sanitizers.
#ifndef DECODERS_H
#define DECODERS_H

#include "lz4_decode.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What is decoded, and where to.
struct decoding {
    const uint8_t *input;
    size_t input_bytes;
    const uint8_t *before; // what stands in front of the block's output
    size_t start;          // so many bytes
    size_t capacity;       // room, with those
};

// Whether stage 2's decoder runs here.
bool has_wide_decoder(void);

// Decodes by the plain decoder, and by stage 2's if it runs here; with input and output up against
// the end and up against the beginning of their pages. All must give the same; the bytes in front
// of `start` must stay. Returns what they return and, in *output (from malloc), all up to there;
// null for LZ4_DAMAGED.
size_t decode_by_all(const struct decoding *decoding, uint8_t **output);

#endif
