// Decodes LZ4, its block format (github.com/lz4/lz4, doc/lz4_Block_format.md). Called by
// decompress.c. Stage 2 has a faster lz4_decode_function that gives the same.
#ifndef LOAD_LZ4_DECODE_H
#define LOAD_LZ4_DECODE_H

#include <stddef.h>
#include <stdint.h>

// A sequence of the format: a token, more bytes of the literals' length, the literals, the match's
// offset, more bytes of its length. A token is the literals' length, times LZ4_TOKEN_HALF, plus the
// match's less LZ4_MATCH_LEAST.
#define LZ4_TOKEN_HALF      16u
#define LZ4_LENGTH_IN_TOKEN (LZ4_TOKEN_HALF - 1) // this value of a half: more bytes follow
#define LZ4_LENGTH_IN_BYTE  255u                 // this value of such a byte: one more follows
#define LZ4_OFFSET_BYTES    2u
#define LZ4_MATCH_LEAST     4u

// What a decoder returns of a block that is none.
#define LZ4_DAMAGED SIZE_MAX

// So that no length that a block can say passes 2^32.
#define LZ4_BLOCK_MAX 0x1000000u

// Decodes one block from `input` to output + start. Returns where in `output` its bytes end, or
// LZ4_DAMAGED: a length or an offset leads out of the input or the output, or the block does not
// end with literals. A block may repeat what lies in front of it in `output`. Nothing is read
// outside of input and output, nothing written outside of output[start .. capacity - 1]; there,
// what lies behind the block's end may be changed.
//
// input_bytes: 0 to LZ4_BLOCK_MAX. start: 0 to capacity. capacity: below 2^63. The two areas do not
// overlap.
typedef size_t lz4_decode_function(const uint8_t *input, size_t input_bytes, uint8_t *output,
                                   size_t start, size_t capacity);

/*@ requires \valid_read(input + (0 .. input_bytes - 1)) && input_bytes <= LZ4_BLOCK_MAX;
    requires \valid(output + (0 .. capacity - 1)) && start <= capacity < 0x8000000000000000;
    requires \separated(input + (0 .. input_bytes - 1), output + (0 .. capacity - 1));
    assigns output[start .. capacity - 1];
    ensures \result == LZ4_DAMAGED || start <= \result <= capacity; */
lz4_decode_function lz4_decode;

#endif
