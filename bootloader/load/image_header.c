// Checks the image header, the table of what is on the disk. Called by stage 2 once it has read the
// header, and by the host tool on what it wrote and on what it inspects.
#include "image_header.h"

#include "checksum.h"
#include "page.h"

#include <stddef.h>
#include <string.h>

#define KERNEL_FLAGS (IMAGE_ITEM_ALIGNMENT_REQUIRED | IMAGE_ITEM_AVOID_ISA_HOLE)

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

// Notes the item as the one of its kind; false when there is one already.
static bool note_single(struct image_item **place, struct image_item *item)
{
    if (*place != NULL) {
        return false;
    }
    *place = item;
    return true;
}

// Kind and flags; each kind but modules at most once.
static bool check_kind(struct image_item *item, uint32_t index, struct image_items *items,
                       struct message *why)
{
    if ((item->flags & ~(item->kind == IMAGE_ITEM_KERNEL ? KERNEL_FLAGS : 0)) != 0) {
        return refuse_item(why, index, "has unknown flags");
    }
    if (item->bytes == 0) {
        return refuse_item(why, index, "is empty");
    }
    switch (item->kind) {
    case IMAGE_ITEM_KERNEL:
        return note_single(&items->kernel, item) || refuse_item(why, index, "is a second kernel");
    case IMAGE_ITEM_COMMAND_LINE:
        if (item->bytes > COMMAND_LINE_MAX_BYTES) {
            return refuse_item(why, index, "is a command line of more than 4095 bytes");
        }
        return note_single(&items->command_line, item) ||
               refuse_item(why, index, "is a second command line");
    case IMAGE_ITEM_SYMBOLS:
        return note_single(&items->symbols, item) ||
               refuse_item(why, index, "is a second table of symbols");
    case IMAGE_ITEM_MODULE:
        items->module_count++;
        return true;
    default:
        return refuse_item(why, index, "is of a kind this loader does not know");
    }
}

// Name and command line of a module; other kinds have none.
static bool check_text(const struct image_item *item, uint32_t index, uint32_t items_end,
                       uint32_t header_bytes, struct image_items *items, struct message *why)
{
    if (item->physical_address != 0) {
        return refuse_item(why, index, "says where in memory it is");
    }
    if (item->kind != IMAGE_ITEM_MODULE) {
        return (item->text_offset | item->name_bytes | item->command_line_bytes) == 0 ||
               refuse_item(why, index, "has a text, but is no module");
    }
    const uint64_t bytes = (uint64_t)item->name_bytes + 1 + item->command_line_bytes + 1;
    if (item->name_bytes == 0 || item->name_bytes > MODULE_NAME_MAX_BYTES ||
        item->command_line_bytes > COMMAND_LINE_MAX_BYTES || item->text_offset < items_end ||
        item->text_offset > header_bytes || bytes > header_bytes - item->text_offset) {
        return refuse_item(why, index, "has a text outside the header");
    }
    const char *text = items->text_base + item->text_offset;
    for (uint32_t i = 0; i < bytes; i++) {
        if ((text[i] == '\0') != (i == item->name_bytes || i == bytes - 1)) {
            return refuse_item(why, index, "has a text that ends in the wrong place");
        }
    }
    items->modules_text_bytes += bytes;
    return true;
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

static bool check_items(const struct image_header *header, uint64_t header_lba,
                        struct image_items *items, struct message *why)
{
    const uint32_t items_end =
        (uint32_t)(sizeof *header + header->item_count * sizeof(struct image_item));
    uint64_t next_lba = header_lba + header->header_bytes / SECTOR_SIZE;
    for (uint32_t i = 0; i < items->count; i++) {
        struct image_item *item = &items->all[i];
        if (!check_kind(item, i, items, why) ||
            !check_position(item, i, header->image_sectors, &next_lba, why) ||
            !check_memory_wish(item, i, why) ||
            !check_text(item, i, items_end, header->header_bytes, items, why)) {
            return false;
        }
    }
    if (items->kernel == NULL) {
        return refuse(why, "there is no kernel in it");
    }
    return true;
}

bool image_header_parse(void *header, uint64_t bytes, uint64_t header_lba,
                        struct image_items *items, struct message *why)
{
    const struct image_header *fields = header;
    if (bytes < SECTOR_SIZE || header_lba > UINT64_MAX - IMAGE_HEADER_MAX_SECTORS) {
        return refuse(why, "its size or place is wrong");
    }
    if (!check_header(fields, bytes, why)) {
        return false;
    }
    struct image_checksum actual = image_header_checksum(header, fields->header_bytes);
    if (!checksum_equal(&actual, &fields->checksum)) {
        return refuse(why, "the checksum is wrong, the disk returned damaged data");
    }
    *items = (struct image_items){
        .all = (struct image_item *)((uint8_t *)header + sizeof *fields),
        .count = fields->item_count,
        .text_base = header,
        .image_sectors = fields->image_sectors,
    };
    return check_items(fields, header_lba, items, why);
}

struct image_item *image_items_next_module(const struct image_items *items, uint32_t *cursor)
{
    while (*cursor < items->count) {
        struct image_item *item = &items->all[(*cursor)++];
        if (item->kind == IMAGE_ITEM_MODULE) {
            return item;
        }
    }
    return NULL;
}

const char *image_item_text(const struct image_items *items, const struct image_item *module)
{
    return items->text_base + module->text_offset;
}
