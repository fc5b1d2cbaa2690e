// Checks an image header and finds the items in it.
#ifndef LOAD_IMAGE_HEADER_H
#define LOAD_IMAGE_HEADER_H

#include "image_format.h"
#include "message.h"

#include <stdbool.h>
#include <stdint.h>

// Pointers into the header, which must stay where it is.
struct image_items {
    struct image_item *kernel;
    struct image_item *command_line; // null when there is none
    struct image_item *symbols;      // null when there are none
    struct image_item *all;          // in order of LBA
    uint32_t count;                  // of all
    uint32_t module_count;
    uint64_t modules_text_bytes; // of all names and command lines, with their NULs
    const char *text_base;       // text_offset counts from here
    uint64_t image_sectors;
};

// Checks magic, version, sizes, checksum, and of every item: kind, flags, position (behind the
// header at `header_lba`, inside the image, in ascending order, overlapping no other), size,
// memory wish, texts; and that there is one kernel, at most one command line, at most one table of
// symbols. `header` is 8-byte aligned, `bytes` what was read, a multiple of SECTOR_SIZE. False,
// with a message.
bool image_header_parse(void *header, uint64_t bytes, uint64_t header_lba,
                        struct image_items *items, struct message *why);

// Steps through the modules in order: start with *cursor 0; null at the end.
struct image_item *image_items_next_module(const struct image_items *items, uint32_t *cursor);

// A module's name, ending with NUL; its command line follows behind that.
const char *image_item_text(const struct image_items *items, const struct image_item *module);

// Sectors that an item of so many bytes takes.
uint64_t image_item_sectors(uint64_t bytes);

// The checksum that the header's own field must hold.
struct image_checksum image_header_checksum(const void *header, uint64_t bytes);

#endif
