// Checks an image header and finds the items in it.
#ifndef LOAD_IMAGE_HEADER_H
#define LOAD_IMAGE_HEADER_H

#include "image_format.h"
#include "message.h"

#include <stdbool.h>
#include <stdint.h>

struct image_items {
    struct image_item kernel;
    bool has_command_line;
    struct image_item command_line;
    uint64_t image_sectors;
};

// Checks magic, version, sizes, checksum, and of every item: kind, flags, position (behind the
// header at `header_lba`, inside the image, in ascending order, overlapping no other), size,
// memory wish; and that there is one kernel and at most one command line. `bytes` is what was
// read, a multiple of SECTOR_SIZE. False, with a message.
bool image_header_parse(const void *header, uint64_t bytes, uint64_t header_lba,
                        struct image_items *items, struct message *why);

// Sectors that an item of so many bytes takes.
uint64_t image_item_sectors(uint64_t bytes);

// The checksum that the header's own field must hold.
struct image_checksum image_header_checksum(const void *header, uint64_t bytes);

#endif
