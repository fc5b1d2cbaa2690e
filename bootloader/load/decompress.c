// Decompresses image items chunk by chunk. Called by stage2/image.c and by image/decompress_item.c.
#include "decompress.h"

#include "image_header.h"

#include <string.h>

void decompress_chunk(struct decompression *state, const uint8_t *chunk, size_t bytes,
                      lz4_decode_function *decode)
{
    uint32_t block_bytes;
    if (state->done == 0) {
        memcpy(&state->header, chunk, sizeof state->header);
        chunk += sizeof state->header;
        bytes -= sizeof state->header;
    }
    memcpy(&block_bytes, chunk, sizeof block_bytes);
    if (state->done == LZ4_DAMAGED || block_bytes > bytes - sizeof block_bytes) {
        state->done = LZ4_DAMAGED;
        return;
    }
    size_t end;
    //@ calls lz4_decode;
    end = decode(chunk + sizeof block_bytes, block_bytes, state->output, state->done,
                 state->capacity);
    // No chunk is empty, so that only the first one finds nothing done.
    state->done = end == state->done ? LZ4_DAMAGED : end;
}

const char *decompress_end(const struct decompression *state)
{
    if (state->done == LZ4_DAMAGED || state->done != state->header.bytes) {
        return "LZ4";
    }
    const size_t whole = (size_t)image_item_sectors(state->done) * SECTOR_SIZE;
    memset(state->output + state->done, 0, whole - state->done);
    struct checksum_state sums;
    checksum_begin(&sums);
    checksum_add(&sums, state->output, whole);
    const struct image_checksum found = checksum_end(&sums);
    return checksum_equal(&found, &state->header.checksum) ? NULL
                                                           : "checksum of what it unpacks to";
}
