// Makes a disk image from its parts: where everything lies, what the fields of MBR, stage 2 and
// image header say, and the bytes in order. Pure: bytes in, bytes out through a writer.
// Called by bootimage and by the unit tests.
#ifndef IMAGE_LAYOUT_H
#define IMAGE_LAYOUT_H

#include "geometry.h"
#include "image_format.h"
#include "kernel_pack.h"
#include "message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What an image is made of.
struct image_parts {
    const uint8_t *mbr; // as the build made it, SECTOR_SIZE bytes
    size_t mbr_bytes;
    const uint8_t *stage2; // as the build made it, whole sectors
    size_t stage2_bytes;
    const struct packed_kernel *kernel;
    const char *command_line; // without NUL; none in the image when empty
    size_t command_line_bytes;
};

// Where the parts lie.
struct image_plan {
    uint64_t header_lba;
    uint32_t header_sectors;
    uint32_t item_count;
    uint64_t command_line_lba; // 0: none
    uint64_t kernel_lba;
    uint64_t used_sectors;    // up to the end of the last item
    struct geometry geometry; // of the image, padding included
};

// Takes bytes in order; false, with a message, ends the writing.
struct image_writer {
    bool (*write)(void *context, const void *bytes, size_t size, struct message *why);
    void *context;
};

// Whether a command line may go into an image: at most COMMAND_LINE_MAX_BYTES, no control
// characters. False, with a message.
bool command_line_check(const char *command_line, size_t bytes, struct message *why);

// Places stage 2 of so many sectors, the image header, the command line (unless empty) and the
// kernel. False, with a message, when the disk format cannot say so many sectors.
bool image_plan_make(uint32_t stage2_sectors, uint64_t command_line_bytes, uint64_t kernel_bytes,
                     struct image_plan *plan, struct message *why);

// Writes the whole image. False, with a message: the writer's, or what is wrong with the parts.
bool image_write(const struct image_parts *parts, const struct image_writer *writer,
                 struct message *why);

#endif
