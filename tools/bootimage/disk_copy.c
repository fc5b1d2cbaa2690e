// Writes an image to a disk and compares. Called by write.c.
#include "disk_copy.h"

#include <stdlib.h>
#include <string.h>

static size_t piece_at(uint64_t offset, uint64_t bytes)
{
    return bytes - offset < DISK_COPY_PIECE ? (size_t)(bytes - offset) : DISK_COPY_PIECE;
}

// Flushed in between, so that the progress is the disk's and not that of the host's memory.
static bool write_all(const struct disk_copy *copy, uint64_t bytes, uint8_t *piece,
                      struct message *why)
{
    uint64_t flushed = 0;

    for (uint64_t offset = 0; offset < bytes;) {
        const size_t size = piece_at(offset, bytes);

        if (!copy->read_image(copy->context, offset, piece, size, why) ||
            !copy->write_disk(copy->context, offset, piece, size, why)) {
            return false;
        }
        offset += size;
        if (offset - flushed >= DISK_COPY_FLUSH || offset == bytes) {
            if (!copy->flush_disk(copy->context, why)) {
                return false;
            }
            flushed = offset;
            copy->progress(copy->context, DISK_COPY_WRITING, offset);
        }
    }
    return true;
}

static bool compare_all(const struct disk_copy *copy, uint64_t bytes, uint8_t *piece,
                        uint8_t *found, struct message *why)
{
    for (uint64_t offset = 0; offset < bytes;) {
        const size_t size = piece_at(offset, bytes);

        if (!copy->read_image(copy->context, offset, piece, size, why) ||
            !copy->read_disk(copy->context, offset, found, size, why)) {
            return false;
        }
        if (memcmp(piece, found, size) != 0) {
            unsigned long long i = 0;

            while (piece[i] == found[i]) {
                i++;
            }
            return message_refuse(why,
                                  "byte %llu comes back as %02x, and %02x was written: the disk is "
                                  "worn out or a fake, take another",
                                  offset + i, found[i], piece[i]);
        }
        offset += size;
        copy->progress(copy->context, DISK_COPY_READING_BACK, offset);
    }
    return true;
}

bool disk_copy(const struct disk_copy *copy, uint64_t bytes, struct message *why)
{
    uint8_t *piece = malloc(DISK_COPY_PIECE);
    uint8_t *found = malloc(DISK_COPY_PIECE);
    bool done;

    if (piece == NULL || found == NULL) {
        done = message_refuse(why, "not enough memory");
    } else {
        done = write_all(copy, bytes, piece, why) && copy->forget_disk(copy->context, why) &&
               compare_all(copy, bytes, piece, found, why);
    }
    free(piece);
    free(found);
    return done;
}
