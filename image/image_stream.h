// Where bytes come from and where they go: files and disks for bootimage, memory for the tests.
// Used by the image's writer and reader, so that neither holds a module in memory.
#ifndef IMAGE_STREAM_H
#define IMAGE_STREAM_H

#include "message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Bytes at any place.
struct image_reader {
    // Reads exactly `size` bytes at `offset`; all below `bytes`. False, with a message.
    bool (*read)(void *context, uint64_t offset, void *buffer, size_t size, struct message *why);
    void *context;
    uint64_t bytes; // of the file or device
};

// Takes bytes in order; false, with a message, ends the writing.
struct image_writer {
    bool (*write)(void *context, const void *bytes, size_t size, struct message *why);
    void *context;
};

#endif
