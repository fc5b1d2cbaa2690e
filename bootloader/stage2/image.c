// Reads the image header and its items. Called by main.
#include "image.h"

#include "checksum.h"
#include "console.h"
#include "disk.h"
#include "fast_checksum.h"
#include "machine.h"
#include "memory_layout.h"

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

static bool read_item(const struct image_item *item, uint8_t *destination, const char *what)
{
    struct checksum_state state;
    checksum_begin(&state);
    uint64_t left = image_item_sectors(item->bytes);
    for (uint64_t lba = item->lba; left != 0;) {
        const uint32_t sectors = left < DISK_BUFFER_SECTORS ? (uint32_t)left : DISK_BUFFER_SECTORS;
        const uint8_t *buffer = disk_read_sectors(lba, sectors, what);
        checksum_copy(&state, destination, buffer, (size_t)sectors * SECTOR_SIZE);
        destination += (size_t)sectors * SECTOR_SIZE;
        lba += sectors;
        left -= sectors;
    }
    const struct image_checksum found = checksum_end(&state);
    return checksum_equal(&found, &item->checksum);
}

void image_read_item(const struct image_item *item, void *destination, const char *what)
{
    for (int attempt = 0; attempt < READ_ATTEMPTS; attempt++) {
        if (read_item(item, destination, what)) {
            return;
        }
    }
    fatal("%s is damaged (checksum): LBA %llu, %llu sectors, which firmware read without error: "
          "write the image again",
          what, (unsigned long long)item->lba, (unsigned long long)image_item_sectors(item->bytes));
}
