// Reads the image header and its items from the boot drive, with their checksums checked.
#ifndef STAGE2_IMAGE_H
#define STAGE2_IMAGE_H

#include "image_header.h"
#include "memory_map.h"

#include <stdint.h>

// Reads and checks the image header, or stops with a message.
void image_read_header(struct image_items *items);

// Reads an item's sectors to `destination` (16-byte aligned, as long as the pages they fill) and
// checks them; reads it once more if the checksum is wrong, and stops with a message naming `what`
// if it still is. Of a compressed item (memory_bytes at `destination`) what is read is decompressed
// there and checked, too; the item becomes one that is not compressed. What the item leaves of its
// last page becomes zeros.
void image_read_item(struct image_item *item, void *destination, const char *what);

// Claims the memory that an item wants, as `kind`, notes in the item where that is, reads the item
// there, and returns where. Stops with a message, naming `what`, when there is no such memory.
void *image_load_item(struct image_item *item, struct memory_map *map, uint32_t kind,
                      const char *what);

#endif
