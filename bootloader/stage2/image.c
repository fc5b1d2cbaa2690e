// Reads the image header and its items. Called by main.
#include "image.h"

#include "checksum.h"
#include "clock.h"
#include "console.h"
#include "decompress.h"
#include "disk.h"
#include "fast_lz4.h"
#include "machine.h"
#include "memory_layout.h"
#include "page.h"
#include "place.h"

#include <stdbool.h>
#include <string.h>

#define READ_ATTEMPTS 2 // firmware may report success and have read something else

// The hole for ISA cards' memory.
#define ISA_HOLE_BASE 0xF00000u
#define ISA_HOLE_END  0x1000000u

// When something was last said of progress; at first, when there was the first to read.
static uint16_t last_said;

// What was said of the item that is being read: empty when nothing was.
static struct message progress;

// Of the item that is being read, or is the next.
static struct boot_item *times;

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
    times = machine_item_times();
    last_said = clock_ticks();
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

// boot_item.kind is taken over.
_Static_assert((int)BOOT_ITEM_KERNEL == (int)IMAGE_ITEM_KERNEL &&
                   (int)BOOT_ITEM_COMMAND_LINE == (int)IMAGE_ITEM_COMMAND_LINE &&
                   (int)BOOT_ITEM_SYMBOLS == (int)IMAGE_ITEM_SYMBOLS &&
                   (int)BOOT_ITEM_MODULE == (int)IMAGE_ITEM_MODULE,
               "an item's kind is the same number in the image and in boot_info");

// Puts down the time since `begin` or the last call to one of the parts.
static void time_part(enum boot_item_part part)
{
    const uint64_t now = clock_now();
    uint64_t *parts = times->parts;
    parts[part] += now - times->begin - parts[BOOT_ITEM_READ] - parts[BOOT_ITEM_VERIFY] -
                   parts[BOOT_ITEM_DECOMPRESS];
}

// Says every second how far a load is, on a line that each time replaces. A clock that stands still
// has it say nothing.
static void say_progress(const char *what, unsigned per_cent)
{
    const uint16_t now = clock_ticks();
    if ((uint16_t)(now - last_said) >= CLOCK_TICKS_PER_SECOND) {
        last_said = now;
        message_format(&progress, "\rloading %s: %u %%", what, per_cent);
        console_show(&progress);
    }
}

// Null; or what is damaged, in a few words.
static const char *read_item(struct image_item *item, uint64_t all, uint8_t *destination,
                             const char *what)
{
    const bool compressed = (item->flags & IMAGE_ITEM_LZ4) != 0;
    struct decompression unpacked = {.output = destination, .capacity = item->memory_bytes};
    struct checksum_state state;
    checksum_begin(&state);
    progress.length = 0;
    uint64_t left = all;
    for (uint64_t lba = item->lba; left != 0;) {
        const uint32_t sectors = left < DISK_BUFFER_SECTORS ? (uint32_t)left : DISK_BUFFER_SECTORS;
        const uint8_t *buffer = disk_read_sectors(lba, sectors, what);
        const size_t bytes = (size_t)sectors * SECTOR_SIZE;
        left -= sectors;
        say_progress(what, (unsigned)((all - left) * 100 / all));
        time_part(BOOT_ITEM_READ);
        if (compressed) {
            checksum_add(&state, buffer, bytes);
            time_part(BOOT_ITEM_VERIFY);
            decompress_chunk(&unpacked, buffer, bytes, lz4_decode_wide);
            time_part(BOOT_ITEM_DECOMPRESS);
        } else {
            checksum_copy(&state, destination, buffer, bytes);
            time_part(BOOT_ITEM_VERIFY);
            destination += bytes;
        }
        lba += sectors;
    }
    if (progress.length != 0) {
        console_print(&progress);
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
    *times = (struct boot_item){
        .kind = item->kind,
        .stored_bytes = item->bytes,
        .begin = clock_now(),
    };
    const uint64_t sectors = image_item_sectors(item->bytes);
    const char *fault = NULL;
    for (int attempt = 0; attempt < READ_ATTEMPTS; attempt++) {
        fault = read_item(item, sectors, destination, what);
        if (fault == NULL) {
            // Memory is as firmware, or what ran before, has left it.
            memset((uint8_t *)destination + item->bytes, 0,
                   (size_t)(page_round_up(item->bytes) - item->bytes));
            time_part(BOOT_ITEM_VERIFY);
            times++->bytes = item->bytes;
            return;
        }
    }
    fatal("%s is damaged (%s): LBA %llu, %llu sectors, which firmware read without error: "
          "write the image again",
          what, fault, (unsigned long long)item->lba, (unsigned long long)sectors);
}

void *image_load_item(struct image_item *item, struct memory_map *map, uint32_t kind,
                      const char *what)
{
    struct memory_wish wish = {
        .bytes = item->memory_bytes,
        .alignment = item->memory_alignment,
        .phase = item->memory_phase,
        .minimum = PLACE_MINIMUM,
    };
    // Only a kernel has these flags.
    if ((item->flags & IMAGE_ITEM_AVOID_ISA_HOLE) != 0) {
        wish.avoid_base = ISA_HOLE_BASE;
        wish.avoid_end = ISA_HOLE_END;
    }
    const bool required = (item->flags & IMAGE_ITEM_ALIGNMENT_REQUIRED) != 0;
    item->physical_address = place_memory(map, &wish, required, kind, what);
    void *memory = machine_memory(item->physical_address, item->memory_bytes);
    image_read_item(item, memory, what);
    return memory;
}
