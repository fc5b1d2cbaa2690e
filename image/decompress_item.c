// Decompresses a whole item by load's code. Called by image_read_items.c.
#include "decompress_item.h"

#include "decompress.h"
#include "image_header.h"

#include <stdlib.h>
#include <string.h>

// No byte of a block gives more of them.
#define YIELD_MOST  LZ4_LENGTH_IN_BYTE
#define CHUNK_BYTES ((size_t)COMPRESSED_CHUNK_BYTES)

bool item_is_compressed(const struct image_item *item)
{
    return (item->flags & IMAGE_ITEM_LZ4) != 0;
}

// How much memory the item takes: what its header says, as far as that can be.
static size_t output_bytes(const struct image_item *item, const uint8_t *sectors)
{
    struct compressed_header header;

    memcpy(&header, sectors, sizeof(header));
    if (header.bytes == 0 || header.bytes > item->memory_bytes ||
        header.bytes / YIELD_MOST > item->bytes || header.bytes > SIZE_MAX / 2 - SECTOR_SIZE) {
        return 0;
    }
    return (size_t)(image_item_sectors(header.bytes) * SECTOR_SIZE);
}

uint8_t *decompress_item(struct image_item *item, const uint8_t *sectors, struct message *why)
{
    const uint64_t size = image_item_sectors(item->bytes) * SECTOR_SIZE;
    struct decompression state = {.capacity = output_bytes(item, sectors)};
    const char *fault = "LZ4";

    if (state.capacity != 0) {
        state.output = malloc(state.capacity);
        if (state.output == NULL) {
            (void)message_refuse(why,
                                 "takes %llu bytes of memory when it is decompressed, which "
                                 "cannot be had",
                                 (unsigned long long)state.capacity);
            return NULL;
        }
        for (uint64_t at = 0; at < size; at += CHUNK_BYTES) {
            const uint64_t left = size - at;
            decompress_chunk(&state, sectors + at, left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES,
                             lz4_decode);
        }
        fault = decompress_end(&state);
    }
    if (fault != NULL) {
        free(state.output);
        (void)message_refuse(why, "is damaged (%s): make the image anew", fault);
        return NULL;
    }
    item->bytes = state.header.bytes;
    item->checksum = state.header.checksum;
    item->flags &= ~IMAGE_ITEM_LZ4;
    return state.output;
}

uint8_t *image_part_unpack(const struct image_reader *reader, const struct image_part *part,
                           struct message *why)
{
    const uint64_t size = image_item_sectors(part->bytes) * SECTOR_SIZE;
    struct image_item item = *part->item;
    uint8_t *bytes = NULL;

    item.flags |= IMAGE_ITEM_LZ4;
    item.bytes = part->bytes;
    uint8_t *sectors = size <= SIZE_MAX ? malloc((size_t)size) : NULL;
    if (sectors == NULL) {
        (void)message_refuse(why, "not enough memory for %llu bytes", (unsigned long long)size);
        return NULL;
    }
    if (reader->read(reader->context, part->lba * SECTOR_SIZE, sectors, (size_t)size, why)) {
        bytes = decompress_item(&item, sectors, why);
    }
    free(sectors);
    if (bytes != NULL && (item.bytes != part->unpacked_bytes ||
                          !checksum_equal(&item.checksum, &part->item->checksum))) {
        free(bytes);
        (void)message_refuse(why, "the image changed while it was read: try again");
        return NULL;
    }
    return bytes;
}
