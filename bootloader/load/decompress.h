// Turns the chunks of a compressed image item (struct compressed_header) into what was compressed,
// and checks that. Called by stage 2 while it reads, and by the host tool.
#ifndef LOAD_DECOMPRESS_H
#define LOAD_DECOMPRESS_H

#include "checksum.h"
#include "image_format.h"
#include "lz4_decode.h"

#include <stddef.h>
#include <stdint.h>

struct decompression {
    uint8_t *output;                 // where the item goes
    size_t capacity;                 // bytes there: a multiple of SECTOR_SIZE below 2^63
    size_t done;                     // bytes there so far; LZ4_DAMAGED: no more will come
    struct compressed_header header; // of the item, from its first chunk
};

/*@ predicate begun(struct decompression *state) =
        \valid(state) && \valid(state->output + (0 .. state->capacity - 1)) &&
        state->capacity % SECTOR_SIZE == 0 && state->capacity < 0x8000000000000000 &&
        (state->done == LZ4_DAMAGED || state->done <= state->capacity) &&
        \separated(state, state->output + (0 .. state->capacity - 1));
*/

// Decodes one chunk behind those before it. `bytes`: whole sectors, of all chunks but the last
// COMPRESSED_CHUNK_BYTES, in all but a damaged item; at least a sector. `decode` is a decoder.
/*@ requires begun(state) && SECTOR_SIZE <= bytes <= COMPRESSED_CHUNK_BYTES;
    requires \valid_read(chunk + (0 .. bytes - 1)) && decode == &lz4_decode;
    requires \separated(chunk + (0 .. bytes - 1), state);
    requires \separated(chunk + (0 .. bytes - 1), state->output + (0 .. state->capacity - 1));
    assigns state->done, state->header, state->output[0 .. state->capacity - 1];
    ensures begun(state); */
void decompress_chunk(struct decompression *state, const uint8_t *chunk, size_t bytes,
                      lz4_decode_function *decode);

// Once all chunks are decoded: fills the output's last sector up with zeros and checks its
// checksum. Null; or what is damaged, in a few words.
/*@ requires begun(state);
    assigns state->output[0 .. state->capacity - 1];
    ensures whole: \result == \null ==> state->done == state->header.bytes; */
const char *decompress_end(const struct decompression *state);

#endif
