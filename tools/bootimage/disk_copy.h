// Puts an image on a disk and compares what is there. Pure: where the bytes come from and go to is
// the caller's. Used by write.c.
#ifndef BOOTIMAGE_DISK_COPY_H
#define BOOTIMAGE_DISK_COPY_H

#include "message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DISK_COPY_PIECE ((size_t)1 << 20)   // bytes that are moved at once
#define DISK_COPY_FLUSH ((uint64_t)8 << 20) // bytes after which they are brought to the disk

enum disk_copy_stage { DISK_COPY_WRITING, DISK_COPY_READING_BACK };

// Each function returns false, with a message, when it cannot do all of it.
struct disk_copy {
    void *context;
    bool (*read_image)(void *context, uint64_t offset, void *buffer, size_t size,
                       struct message *why);
    bool (*write_disk)(void *context, uint64_t offset, const void *bytes, size_t size,
                       struct message *why);
    bool (*flush_disk)(void *context, struct message *why);  // to the medium itself
    bool (*forget_disk)(void *context, struct message *why); // so that reading asks the medium
    bool (*read_disk)(void *context, uint64_t offset, void *buffer, size_t size,
                      struct message *why);
    void (*progress)(void *context, enum disk_copy_stage stage, uint64_t done);
};

// Writes the image's `bytes` to the disk's start and reads them back. False, with a message, when
// that fails or something else comes back.
bool disk_copy(const struct disk_copy *copy, uint64_t bytes, struct message *why);

#endif
