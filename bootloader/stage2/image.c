// Reads the image header and its items. Called by main.
#include "image.h"

#include "checksum.h"
#include "console.h"
#include "decompress.h"
#include "disk.h"
#include "fast_lz4.h"
#include "machine.h"
#include "memory_layout.h"
#include "page.h"

#include <stdbool.h>
#include <string.h>

#define READ_ATTEMPTS 2 // firmware may report success and have read something else

void image_read_header(struct image_items *items)
{
    const uint64_t lba = machine_image_header_lba();
    const uint32_t sectors = machine_image_header_sectors();
    if (sectors == 0 || sectors > IMAGE_HEADER_MAX_SECTORS) {
        fatal("stage 2's header says that the image header has %u sectors: write the image again",
              sectors);
    }
    struct message why;
    uint8_t *header = machine_image_header();
    for (int attempt = 0; attempt < READ_ATTEMPTS; attempt++) {
        memcpy(header, disk_read_sectors(lba, sectors, "image header"),
               (size_t)sectors * SECTOR_SIZE);
        if (image_header_parse(header, (uint64_t)sectors * SECTOR_SIZE, lba, items, &why)) {
            return;
        }
    }
    fatal_message(&why);
}

_Static_assert(COMPRESSED_CHUNK_SECTORS == DISK_BUFFER_SECTORS, "a chunk is read at once");

// Null; or what is damaged, in a few words.
static const char *read_item(struct image_item *item, uint8_t *destination, const char *what)
{
    const bool compressed = (item->flags & IMAGE_ITEM_LZ4) != 0;
    struct decompression unpacked = {.output = destination, .capacity = item->memory_bytes};
    struct checksum_state state;
    checksum_begin(&state);
    uint64_t left = image_item_sectors(item->bytes);
    for (uint64_t lba = item->lba; left != 0;) {
        const uint32_t sectors = left < DISK_BUFFER_SECTORS ? (uint32_t)left : DISK_BUFFER_SECTORS;
        const uint8_t *buffer = disk_read_sectors(lba, sectors, what);
        const size_t bytes = (size_t)sectors * SECTOR_SIZE;
        if (compressed) {
            checksum_add(&state, buffer, bytes);
            decompress_chunk(&unpacked, buffer, bytes, lz4_decode_wide);
        } else {
            checksum_copy(&state, destination, buffer, bytes);
            destination += bytes;
        }
        lba += sectors;
        left -= sectors;
    }
    const struct image_checksum found = checksum_end(&state);
    if (!checksum_equal(&found, &item->checksum)) {
        return "checksum";
    }
    if (!compressed) {
        return NULL;
    }
    const char *fault = decompress_end(&unpacked);
    if (fault == NULL) {
        item->bytes = unpacked.header.bytes;
        item->flags &= ~IMAGE_ITEM_LZ4;
    }
    return fault;
}

void image_read_item(struct image_item *item, void *destination, const char *what)
{
    const char *fault = NULL;
    for (int attempt = 0; attempt < READ_ATTEMPTS; attempt++) {
        fault = read_item(item, destination, what);
        if (fault == NULL) {
            // Memory is as firmware, or what ran before, has left it.
            memset((uint8_t *)destination + item->bytes, 0,
                   (size_t)(page_round_up(item->bytes) - item->bytes));
            return;
        }
    }
    fatal("%s is damaged (%s): LBA %llu, %llu sectors, which firmware read without error: "
          "write the image again",
          what, fault, (unsigned long long)item->lba,
          (unsigned long long)image_item_sectors(item->bytes));
}
