// The plain decoder of LZ4's block format: a sequence is a token, literals, and a match that
// repeats earlier output. Called by the host tool; stage2/lz4_decode_wide.asm is compared with it.
#include "lz4_decode.h"

#include <stdbool.h>
#include <string.h>

// The end of a length whose beginning, from the token, stands in *length; *next is where its bytes
// begin, then where they end. False when they pass the input.
/*@ requires \valid_read(input + (0 .. input_bytes - 1)) && input_bytes <= LZ4_BLOCK_MAX;
    requires \valid(next) && \valid(length) && \separated(next, length);
    requires \separated(next, input + (0 .. input_bytes - 1));
    requires \separated(length, input + (0 .. input_bytes - 1));
    requires *next <= input_bytes && *length <= LZ4_LENGTH_IN_TOKEN;
    assigns *next, *length;
    ensures \old(*next) <= *next <= input_bytes;
    ensures \old(*length) <= *length <= LZ4_LENGTH_IN_TOKEN + LZ4_LENGTH_IN_BYTE * input_bytes; */
static bool read_length(const uint8_t *input, size_t input_bytes, size_t *next, size_t *length)
{
    bool more = *length == LZ4_LENGTH_IN_TOKEN;
    /*@ loop invariant \at(*next, Pre) <= *next <= input_bytes;
        loop invariant \at(*length, Pre) <= *length;
        loop invariant *length <=
            LZ4_LENGTH_IN_TOKEN + LZ4_LENGTH_IN_BYTE * (*next - \at(*next, Pre));
        loop assigns more, *next, *length;
        loop variant input_bytes - *next + (more ? 1 : 0); */
    while (more) {
        if (*next == input_bytes) {
            return false;
        }
        const uint8_t byte = input[*next];
        *next += 1;
        *length += byte;
        more = byte == LZ4_LENGTH_IN_BYTE;
    }
    return true;
}

// Repeats, at output + at, the bytes that lie `offset` before: one by one, for they may overlap.
/*@ requires \valid(output + (0 .. at + length - 1)) && 1 <= offset <= at;
    requires at + length < 0x8000000000000000;
    assigns output[at .. at + length - 1];
    ensures repeated: \forall integer i; at <= i < at + length ==>
            output[i] == output[i - offset]; */
static void copy_match(uint8_t *output, size_t at, size_t offset, size_t length)
{
    const size_t end = at + length;
    /*@ loop invariant \at(at, Pre) <= at <= end;
        loop invariant \forall integer i; \at(at, Pre) <= i < at ==>
            output[i] == output[i - offset];
        loop assigns at, output[\at(at, Pre) .. end - 1];
        loop variant end - at; */
    for (; at < end; at++) {
        output[at] = output[at - offset];
    }
}

size_t lz4_decode(const uint8_t *input, size_t input_bytes, uint8_t *output, size_t start,
                  size_t capacity)
{
    size_t next = 0;
    size_t at = start;
    /*@ loop invariant 0 <= next <= input_bytes && start <= at <= capacity;
        loop assigns next, at, output[start .. capacity - 1];
        loop variant input_bytes - next; */
    while (next < input_bytes) {
        const uint8_t token = input[next];
        size_t literals = token / LZ4_TOKEN_HALF;
        size_t length = token % LZ4_TOKEN_HALF;
        next++;
        if (!read_length(input, input_bytes, &next, &literals) || literals > input_bytes - next ||
            literals > capacity - at) {
            return LZ4_DAMAGED;
        }
        memcpy(output + at, input + next, literals);
        next += literals;
        at += literals;
        if (next == input_bytes) {
            return at;
        }
        if (input_bytes - next < LZ4_OFFSET_BYTES) {
            return LZ4_DAMAGED;
        }
        const size_t offset = input[next] + 0x100u * input[next + 1];
        next += LZ4_OFFSET_BYTES;
        if (!read_length(input, input_bytes, &next, &length)) {
            return LZ4_DAMAGED;
        }
        length += LZ4_MATCH_LEAST;
        if (offset == 0 || offset > at || length > capacity - at) {
            return LZ4_DAMAGED;
        }
        copy_match(output, at, offset, length);
        at += length;
    }
    return LZ4_DAMAGED;
}
