// Packs the sequences of LZ4 blocks into the chunks of a compressed item (image_format.h). Used by
// compress.c only.
#ifndef IMAGE_CHUNK_WRITER_H
#define IMAGE_CHUNK_WRITER_H

#include "image_format.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chunk_writer {
    uint8_t *bytes;     // whole chunks, from malloc; zeros behind `size`
    uint64_t capacity;  // of bytes
    uint64_t most;      // bytes the item may have, or it does not pay
    uint64_t chunk;     // where the open chunk begins, among bytes
    uint64_t block;     // where its block begins
    uint64_t size;      // up to where it is written
    bool out_of_memory; // what ended it
};

// Begins with an item of at most `most` bytes. False: it cannot be had.
bool chunk_writer_begin(struct chunk_writer *writer, uint64_t most);

// Appends the sequences of a block that liblz4 has made of `source`. Of its literals and of those
// in front of it, `*pending` bytes before source, those behind the last match are not written:
// their number comes back in *pending. False: it becomes larger than `most`, or there is not enough
// memory.
bool chunk_writer_add(struct chunk_writer *writer, const uint8_t *block, size_t block_bytes,
                      const uint8_t *source, size_t *pending);

// Writes literals, from the front, until fewer are left than a chunk can hold, or with `all` until
// none are; moves *literals and *count past them. False as above.
bool chunk_writer_literals(struct chunk_writer *writer, const uint8_t **literals, size_t *count,
                           bool all);

// Closes the last chunk and puts the header in front.
void chunk_writer_end(struct chunk_writer *writer, const struct compressed_header *header);

#endif
