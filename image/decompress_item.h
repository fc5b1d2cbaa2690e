// Takes an item of an image that is compressed apart, as stage 2 does. Called by
// image_read_items.c, and by everything else in bootimage that wants what such an item holds.
#ifndef IMAGE_DECOMPRESS_ITEM_H
#define IMAGE_DECOMPRESS_ITEM_H

#include "image_format.h"
#include "message.h"

#include <stdbool.h>
#include <stdint.h>

// Whether the item's sectors hold chunks; not so any more after decompress_item.
bool item_is_compressed(const struct image_item *item);

// Decompresses all the sectors of an item that item_is_compressed and that image_header_parse has
// accepted. Returns memory from malloc, whole sectors; the item becomes what stage 2 makes of it:
// not compressed, with its full size in `bytes`. Null, with a message that goes on from the item's
// name.
uint8_t *decompress_item(struct image_item *item, const uint8_t *sectors, struct message *why);

#endif
