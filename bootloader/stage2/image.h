// Reads the image header and its items from the boot drive, with their checksums checked.
#ifndef STAGE2_IMAGE_H
#define STAGE2_IMAGE_H

#include "image_header.h"

#include <stdint.h>

// Reads and checks the image header, or stops with a message.
void image_read_header(struct image_items *items);

// Reads an item's sectors to `destination` (16-byte aligned, as long as the pages they fill) and
// checks them; reads it once more if the checksum is wrong, and stops with a message naming `what`
// if it still is. Of a compressed item (memory_bytes at `destination`) what is read is decompressed
// there and checked, too; the item becomes one that is not compressed. What the item leaves of its
// last page becomes zeros.
void image_read_item(struct image_item *item, void *destination, const char *what);

#endif
