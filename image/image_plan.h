// The parts of a disk image, and where each of them lies. Called by image_layout.c, which writes
// them, by bootimage and by the unit tests; image_read.c checks texts with it.
#ifndef IMAGE_PLAN_H
#define IMAGE_PLAN_H

#include "compress.h"
#include "geometry.h"
#include "image_format.h"
#include "image_stream.h"
#include "kernel_pack.h"
#include "message.h"
#include "symbol_table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A file that goes along. Unless it is compressed it is read twice, each time from the front to the
// back: once for its checksum, which stands before it in the image, and once to be copied.
struct image_module {
    const char *name;
    const char *command_line; // may be empty
    struct image_reader file; // at least 1 byte
    struct compressed_item compressed;
};

// What an image is made of.
struct image_parts {
    const uint8_t *mbr; // as the build made it, SECTOR_SIZE bytes
    size_t mbr_bytes;
    const uint8_t *stage2; // as the build made it, whole sectors
    size_t stage2_bytes;
    const struct packed_kernel *kernel;
    struct compressed_item compressed_kernel;
    const char *command_line; // without NUL; none in the image when empty
    size_t command_line_bytes;
    struct symbol_table symbols; // none in the image when it has no bytes
    const struct image_module *modules;
    uint32_t module_count;
};

// Where the parts lie: header, command line, kernel, symbols, modules, one right behind the other.
struct image_plan {
    uint64_t header_lba;
    uint32_t header_sectors;
    uint32_t item_count;
    uint32_t texts_offset;     // of the first module's name, from the header's start
    uint64_t command_line_lba; // 0: none
    uint64_t kernel_lba;
    uint64_t symbols_lba;     // 0: none
    uint64_t modules_lba;     // of the first one
    uint64_t used_sectors;    // up to the end of the last item
    struct geometry geometry; // of the image, padding included
};

// Whether a command line may go into an image: at most COMMAND_LINE_MAX_BYTES, no control
// characters. False, with a message.
bool command_line_check(const char *command_line, size_t bytes, struct message *why);

// Whether module `number` (from 1) may have this name and this command line: the same, and a name
// of 1 to MODULE_NAME_MAX_BYTES. False, with a message.
bool module_texts_check(uint32_t number, const char *name, size_t name_bytes,
                        const char *command_line, size_t command_line_bytes, struct message *why);

// Sets what memory an item other than a kernel wants: whole pages, and a large module what large
// pages need.
void image_item_set_wish(struct image_item *item);

// How many bytes stand in the image for an item of so many.
uint64_t image_stored_bytes(const struct compressed_item *compressed, uint64_t bytes);

// Checks the texts and places everything behind a stage 2 of so many sectors; of the parts only
// sizes and texts are looked at. False, with a message, when a text is not allowed, or the disk
// format cannot say so many modules or so many sectors.
bool image_plan_make(uint32_t stage2_sectors, const struct image_parts *parts,
                     struct image_plan *plan, struct message *why);

#endif
