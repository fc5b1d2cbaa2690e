// Compresses what becomes an item of an image, where that pays. Called by bootimage create and by
// the unit tests.
#ifndef IMAGE_COMPRESS_H
#define IMAGE_COMPRESS_H

#include "image_stream.h"
#include "message.h"

#include <stdbool.h>
#include <stdint.h>

enum compression {
    COMPRESSION_NONE,
    COMPRESSION_AUTO, // what becomes smaller by an eighth and by what a read of the disk brings
    COMPRESSION_LZ4,  // what becomes smaller by a sector
};

// What stands in the image in an item's place.
struct compressed_item {
    uint8_t *bytes; // from malloc, zeros from `size` up to the end of its last sector; null: stored
    uint64_t size;  // as it is
};

// False when this tool was built without liblz4: only COMPRESSION_NONE can be had then.
bool compression_available(void);

// What has more than 1 GiB is never compressed, what has more than 2 MiB less thoroughly, so that
// no item takes more than some seconds. Else reads the source once or twice from the front to the
// back, and compresses it if that pays by `wanted`; the compressed bytes are held in memory, the
// source is not. False, with a message: the reader's, not enough memory, or no liblz4 where
// `wanted` demands it.
bool compress_item(const struct image_reader *source, enum compression wanted,
                   struct compressed_item *item, struct message *why);

// The same of bytes in memory, at least 1.
bool compress_bytes(const uint8_t *bytes, uint64_t size, enum compression wanted,
                    struct compressed_item *item, struct message *why);

void compressed_item_free(struct compressed_item *item);

#endif
