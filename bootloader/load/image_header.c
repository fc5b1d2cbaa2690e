// Checks the image header, the table of what is on the disk. Called by stage 2 once it has read the
// header, and by the host tool on what it wrote and on what it inspects.
#include "image_header.h"

#include "checksum.h"
#include "page.h"

#include <stddef.h>
#include <string.h>

_Static_assert(sizeof(struct image_header) <= CHECKSUM_BLOCK_SIZE,
               "image_header_checksum clears the checksum within the first block");
_Static_assert(SECTOR_SIZE % CHECKSUM_BLOCK_SIZE == 0, "a header is whole checksum blocks");

uint64_t image_item_sectors(uint64_t bytes)
{
    return bytes / SECTOR_SIZE + (bytes % SECTOR_SIZE != 0);
}

struct image_checksum image_header_checksum(const void *header, uint64_t bytes)
{
    uint8_t first_block[CHECKSUM_BLOCK_SIZE];
    memcpy(first_block, header, sizeof first_block);
    memset(first_block + offsetof(struct image_header, checksum), 0, sizeof(struct image_checksum));

    struct checksum_state state;
    checksum_begin(&state);
    checksum_add(&state, first_block, sizeof first_block);
    checksum_add(&state, (const uint8_t *)header + sizeof first_block,
                 (size_t)bytes - sizeof first_block);
    return checksum_end(&state);
}

static bool refuse(struct message *why, const char *what)
{
    return message_refuse(why, "image header: %s: make the image again and write it anew", what);
}

static bool refuse_item(struct message *why, uint32_t index, const char *what)
{
    return message_refuse(why, "image header: item %u %s: make the image again with bootimage",
                          (unsigned)index, what);
}

// The header itself, before any item is looked at.
static bool check_header(const struct image_header *header, uint64_t bytes, struct message *why)
{
    if (memcmp(header->magic, IMAGE_MAGIC, IMAGE_MAGIC_SIZE) != 0) {
        return refuse(why, "the magic number is missing");
    }
    if (header->version != IMAGE_VERSION) {
        return message_refuse(why,
                              "image header: version %u, this loader knows version %u: make the "
                              "image with the bootimage of the same release",
                              (unsigned)header->version, (unsigned)IMAGE_VERSION);
    }
    if (header->header_bytes % SECTOR_SIZE != 0 || header->header_bytes == 0 ||
        header->header_bytes > bytes ||
        header->header_bytes > IMAGE_HEADER_MAX_SECTORS * SECTOR_SIZE) {
        return refuse(why, "its size is wrong");
    }
    if (header->item_size != sizeof(struct image_item)) {
        return refuse(why, "the size of an item is wrong");
    }
    uint64_t room = (header->header_bytes - sizeof *header) / sizeof(struct image_item);
    if (header->item_count == 0 || header->item_count > room) {
        return refuse(why, "the number of items is wrong");
    }
    return true;
}

// Kind and flags; each kind at most once.
static bool check_kind(const struct image_item *item, uint32_t index, struct image_items *items,
                       struct message *why)
{
    if (item->flags != 0) {
        return refuse_item(why, index, "has unknown flags");
    }
    if (item->bytes == 0) {
        return refuse_item(why, index, "is empty");
    }
    if (item->kind == IMAGE_ITEM_KERNEL) {
        if (items->kernel.bytes != 0) {
            return refuse_item(why, index, "is a second kernel");
        }
        items->kernel = *item;
        return true;
    }
    if (item->kind == IMAGE_ITEM_COMMAND_LINE) {
        if (items->has_command_line) {
            return refuse_item(why, index, "is a second command line");
        }
        if (item->bytes > COMMAND_LINE_MAX_BYTES) {
            return refuse_item(why, index, "is a command line of more than 4095 bytes");
        }
        items->command_line = *item;
        items->has_command_line = true;
        return true;
    }
    return refuse_item(why, index, "is of a kind this loader does not know");
}

// Where the item is on the disk; `next_lba` is the first sector that no earlier item takes.
static bool check_position(const struct image_item *item, uint32_t index, uint64_t image_sectors,
                           uint64_t *next_lba, struct message *why)
{
    uint64_t sectors = image_item_sectors(item->bytes);
    if (item->lba < *next_lba) {
        return refuse_item(why, index, "lies over the header or over an earlier item");
    }
    if (item->lba > image_sectors || sectors > image_sectors - item->lba) {
        return refuse_item(why, index, "passes the end of the image");
    }
    *next_lba = item->lba + sectors;
    return true;
}

static bool check_memory_wish(const struct image_item *item, uint32_t index, struct message *why)
{
    // Never less than the pages that the item's sectors fill.
    if (item->memory_bytes % PAGE_SIZE_4K != 0 || item->memory_bytes < item->bytes) {
        return refuse_item(why, index, "has a wrong memory size");
    }
    if (item->memory_alignment < PAGE_SIZE_4K || item->memory_alignment > PAGE_SIZE_1G ||
        (item->memory_alignment & (item->memory_alignment - 1)) != 0) {
        return refuse_item(why, index, "has a wrong memory alignment");
    }
    if (item->memory_phase % PAGE_SIZE_4K != 0 || item->memory_phase >= item->memory_alignment) {
        return refuse_item(why, index, "has a wrong memory phase");
    }
    return true;
}

static bool check_items(const uint8_t *bytes, const struct image_header *header,
                        uint64_t header_lba, struct image_items *items, struct message *why)
{
    uint64_t next_lba = header_lba + header->header_bytes / SECTOR_SIZE;
    for (uint32_t i = 0; i < header->item_count; i++) {
        struct image_item item;
        memcpy(&item, bytes + sizeof *header + i * sizeof item, sizeof item);
        if (!check_kind(&item, i, items, why) ||
            !check_position(&item, i, header->image_sectors, &next_lba, why) ||
            !check_memory_wish(&item, i, why)) {
            return false;
        }
    }
    if (items->kernel.bytes == 0) {
        return refuse(why, "there is no kernel in it");
    }
    return true;
}

bool image_header_parse(const void *header, uint64_t bytes, uint64_t header_lba,
                        struct image_items *items, struct message *why)
{
    struct image_header fields;
    if (bytes < SECTOR_SIZE || header_lba > UINT64_MAX - IMAGE_HEADER_MAX_SECTORS) {
        return refuse(why, "its size or place is wrong");
    }
    memcpy(&fields, header, sizeof fields);
    memset(items, 0, sizeof *items);
    if (!check_header(&fields, bytes, why)) {
        return false;
    }
    struct image_checksum actual = image_header_checksum(header, fields.header_bytes);
    if (!checksum_equal(&actual, &fields.checksum)) {
        return refuse(why, "the checksum is wrong, the disk returned damaged data");
    }
    items->image_sectors = fields.image_sectors;
    return check_items(header, &fields, header_lba, items, why);
}
