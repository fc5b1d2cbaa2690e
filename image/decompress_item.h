// Takes an item of an image that is compressed apart, as stage 2 does. Called by
// image_read_items.c, and by everything else in bootimage that wants what such an item holds.
#ifndef IMAGE_DECOMPRESS_ITEM_H
#define IMAGE_DECOMPRESS_ITEM_H

#include "image_format.h"
#include "image_read.h"
#include "image_stream.h"
#include "message.h"

#include <stdbool.h>
#include <stdint.h>

// Whether the item's sectors hold chunks; not so any more after decompress_item.
bool item_is_compressed(const struct image_item *item);

// Decompresses all the sectors of an item that item_is_compressed and that image_header_parse has
// accepted. Returns memory from malloc, whole sectors; the item becomes what stage 2 makes of it:
// not compressed, with full size and checksum. Null, with a message that goes on from the item's
// name.
uint8_t *decompress_item(struct image_item *item, const uint8_t *sectors, struct message *why);

// The same for a part that image_read has found good and compressed (unpacked_bytes is not 0), from
// the image it was read from. Null, with a message.
uint8_t *image_part_unpack(const struct image_reader *reader, const struct image_part *part,
                           struct message *why);

#endif
