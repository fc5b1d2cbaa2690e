// Checks the image header, the table of what is on the disk. Called by stage 2 once it has read the
// header, and by the host tool on what it wrote and on what it inspects.
#include "image_header.h"

#include "checksum.h"
#include "page.h"

#include <stddef.h>
#include <string.h>

#define KERNEL_FLAGS (IMAGE_ITEM_ALIGNMENT_REQUIRED | IMAGE_ITEM_AVOID_ISA_HOLE | IMAGE_ITEM_LZ4)

_Static_assert(sizeof(struct image_header) <= CHECKSUM_BLOCK_SIZE,
               "image_header_checksum clears the checksum within the first block");
_Static_assert(SECTOR_SIZE % CHECKSUM_BLOCK_SIZE == 0, "a header is whole checksum blocks");

uint64_t image_item_sectors(uint64_t bytes)
{
    return bytes / SECTOR_SIZE + (bytes % SECTOR_SIZE != 0);
}

struct image_checksum image_header_checksum(const void *header, uint64_t bytes)
{
    uint8_t first_block[CHECKSUM_BLOCK_SIZE]; // aligned as any large array is (System V ABI, 3.1.2)
    memcpy(first_block, header, sizeof first_block);
    memset(first_block + offsetof(struct image_header, checksum), 0, sizeof(struct image_checksum));

    struct checksum_state state;
    checksum_begin(&state);
    checksum_add(&state, first_block, sizeof first_block);
    checksum_add(&state, (const uint8_t *)header + sizeof first_block,
                 (size_t)bytes - sizeof first_block);
    return checksum_end(&state);
}

// ---- What is wrong: a few words, or null when nothing is --------------------------------------

// The header itself, before any item is looked at.
/*@ requires readable_header((void *)header, bytes);
    assigns \nothing;
    ensures \result == \null ==> items_inside(header, bytes); */
static const char *fault_of_header(const struct image_header *header, uint64_t bytes)
{
    if (header->header_bytes % SECTOR_SIZE != 0 || header->header_bytes == 0 ||
        header->header_bytes > bytes ||
        header->header_bytes > IMAGE_HEADER_MAX_SECTORS * SECTOR_SIZE) {
        return "wrong size";
    }
    if (header->item_size != sizeof(struct image_item)) {
        return "wrong size of items";
    }
    const uint64_t room = (header->header_bytes - sizeof *header) / sizeof(struct image_item);
    if (header->item_count == 0 || header->item_count > room) {
        return "wrong number of items";
    }
    const struct image_checksum actual = image_header_checksum(header, header->header_bytes);
    return checksum_equal(&actual, &header->checksum) ? NULL : "wrong checksum";
}

// Notes the item as the one of its kind.
/*@ requires \valid(place);
    assigns *place;
    ensures \result == \null ==> \old(*place) == \null && *place == item; */
static const char *note_single(struct image_item **place, struct image_item *item)
{
    if (*place != NULL) {
        return "second of its kind";
    }
    *place = item;
    return NULL;
}

// Kind, flags, and of each kind but modules one at most.
/*@ requires \valid_read(item) && \valid(items) && \separated(item, items);
    assigns items->kernel, items->command_line, items->symbols, items->module_count;
    ensures \result == \null ==> known_kind_and_size(item);
    ensures kernel: \result == \null ==>
            noted(item, IMAGE_ITEM_KERNEL, \old(items->kernel), items->kernel);
    ensures command_line: \result == \null ==>
            noted(item, IMAGE_ITEM_COMMAND_LINE, \old(items->command_line), items->command_line);
    ensures symbols: \result == \null ==>
            noted(item, IMAGE_ITEM_SYMBOLS, \old(items->symbols), items->symbols); */
static const char *fault_of_kind(struct image_item *item, struct image_items *items)
{
    const uint32_t known = item->kind == IMAGE_ITEM_KERNEL   ? KERNEL_FLAGS
                           : item->kind == IMAGE_ITEM_MODULE ? IMAGE_ITEM_LZ4
                                                             : 0;
    if ((item->flags & ~known) != 0) {
        return "unknown flags";
    }
    if (item->bytes == 0) {
        return "empty";
    }
    switch (item->kind) {
    case IMAGE_ITEM_KERNEL:
        return note_single(&items->kernel, item);
    case IMAGE_ITEM_COMMAND_LINE:
        return item->bytes > COMMAND_LINE_MAX_BYTES ? "command line too long"
                                                    : note_single(&items->command_line, item);
    case IMAGE_ITEM_SYMBOLS:
        return note_single(&items->symbols, item);
    case IMAGE_ITEM_MODULE:
        items->module_count++;
        return NULL;
    default:
        return "unknown kind";
    }
}

// Where the item is on the disk; `next_lba` is the first sector that no earlier item takes.
/*@ requires \valid_read(item) && \valid(next_lba) && \separated(item, next_lba);
    assigns *next_lba;
    ensures \result == \null ==> begins_behind(item, \old(*next_lba)) &&
            *next_lba == end_of(item) && *next_lba <= image_sectors; */
static const char *fault_of_position(const struct image_item *item, uint64_t image_sectors,
                                     uint64_t *next_lba)
{
    const uint64_t sectors = image_item_sectors(item->bytes);
    if (item->lba < *next_lba) {
        return "lies over what is before it";
    }
    if (item->lba > image_sectors || sectors > image_sectors - item->lba) {
        return "passes the end of the image";
    }
    *next_lba = item->lba + sectors;
    return NULL;
}

/*@ requires \valid_read(item);
    assigns \nothing;
    ensures \result == \null ==> grantable_wish(item); */
static const char *fault_of_wish(const struct image_item *item)
{
    // Never less than the pages that the item's sectors fill.
    if (item->memory_bytes % PAGE_SIZE_4K != 0 || item->memory_bytes < item->bytes) {
        return "wrong memory size";
    }
    if (item->memory_alignment < PAGE_SIZE_4K || item->memory_alignment > PAGE_SIZE_1G ||
        (item->memory_alignment & (item->memory_alignment - 1)) != 0 ||
        item->memory_phase % PAGE_SIZE_4K != 0 || item->memory_phase >= item->memory_alignment) {
        return "wrong memory alignment or phase";
    }
    return item->physical_address != 0 ? "says where in memory it is" : NULL;
}

// Name and command line of a module; other kinds have none.
/*@ requires \valid_read(item) && \valid_read(header) && \valid(items);
    requires \valid_read(items->text_base + (0 .. header->header_bytes - 1));
    requires \separated(items, item) && \separated(items, header);
    requires \separated(items, items->text_base + (0 .. header->header_bytes - 1));
    assigns items->modules_text_bytes;
    ensures \result == \null ==> text_inside(item, header, (char *)items->text_base); */
static const char *fault_of_text(const struct image_item *item, const struct image_header *header,
                                 struct image_items *items)
{
    if (item->kind != IMAGE_ITEM_MODULE) {
        return (item->text_offset | item->name_bytes | item->command_line_bytes) != 0
                   ? "has a text, but is no module"
                   : NULL;
    }
    const uint64_t items_end = sizeof *header + header->item_count * sizeof *item;
    const uint32_t bytes = item->name_bytes + 1u + item->command_line_bytes + 1u;
    if (item->name_bytes == 0 || item->name_bytes > MODULE_NAME_MAX_BYTES ||
        item->command_line_bytes > COMMAND_LINE_MAX_BYTES || item->text_offset < items_end ||
        (uint64_t)item->text_offset + bytes > header->header_bytes) {
        return "text outside the header";
    }
    const char *text = items->text_base + item->text_offset;
    /*@ loop invariant 0 <= i <= bytes;
        loop invariant \forall integer at; item->text_offset <= at < item->text_offset + i ==>
            (items->text_base[at] == 0 <==>
             at == item->text_offset + item->name_bytes || at == item->text_offset + bytes - 1);
        loop assigns i;
        loop variant bytes - i; */
    for (uint32_t i = 0; i < bytes; i++) {
        if ((text[i] == '\0') != (i == item->name_bytes || i == bytes - 1)) {
            return "text of another length";
        }
    }
    items->modules_text_bytes += bytes;
    return NULL;
}

// ---- All of it ------------------------------------------------------------------------------

// All of one item but its position.
/*@ requires \valid_read(item) && \valid(items) && \valid_read(header);
    requires \valid_read(items->text_base + (0 .. header->header_bytes - 1));
    requires \separated(items, item) && \separated(items, header);
    requires \separated(items, items->text_base + (0 .. header->header_bytes - 1));
    assigns items->kernel, items->command_line, items->symbols, items->module_count,
            items->modules_text_bytes;
    ensures known: \result == \null ==> known_kind_and_size{Pre}(item);
    ensures wish: \result == \null ==> grantable_wish{Pre}(item);
    ensures text: \result == \null ==>
            text_inside{Pre}(item, header, \at((char *)items->text_base, Pre));
    ensures kernel: \result == \null ==>
            noted{Pre}(item, IMAGE_ITEM_KERNEL, \old(items->kernel), \at(items->kernel, Post));
    ensures command_line: \result == \null ==> noted{Pre}(item, IMAGE_ITEM_COMMAND_LINE,
            \old(items->command_line), \at(items->command_line, Post));
    ensures symbols: \result == \null ==>
            noted{Pre}(item, IMAGE_ITEM_SYMBOLS, \old(items->symbols), \at(items->symbols, Post));
 */
static const char *fault_of_item(struct image_item *item, const struct image_header *header,
                                 struct image_items *items)
{
    const char *fault = fault_of_kind(item, items);
    if (fault == NULL) {
        fault = fault_of_wish(item);
    }
    return fault != NULL ? fault : fault_of_text(item, header, items);
}

/*@ requires \valid(why);
    assigns *why;
    ensures !\result; */
static bool refuse(struct message *why, const char *fault)
{
    return message_refuse(why, "image header: %s: write the image to the disk again", fault);
}

/*@ requires \valid(why);
    assigns *why;
    ensures !\result; */
static bool refuse_item(struct message *why, uint32_t index, const char *fault)
{
    return message_refuse(why, "image header: item %u: %s: make the image again", (unsigned)index,
                          fault);
}

// That the items lie one behind the other, behind the header and inside the image.
/*@ requires \valid_read(header) && \valid(why) && \separated(why, header);
    requires \valid_read(all + (0 .. header->item_count - 1));
    requires \separated(why, all + (0 .. header->item_count - 1));
    requires header_lba <= UINT64_MAX - IMAGE_HEADER_MAX_SECTORS;
    requires header->header_bytes <= IMAGE_HEADER_MAX_SECTORS * SECTOR_SIZE;
    assigns *why;
    ensures place: \result ==> between{Pre}(all, \old(header->item_count),
            first_lba{Pre}(header, header_lba), \old(header->image_sectors));
    ensures order: \result ==> in_order{Pre}(all, \old(header->item_count)); */
static bool check_positions(const struct image_header *header, const struct image_item *all,
                            uint64_t header_lba, struct message *why)
{
    uint64_t next_lba = header_lba + header->header_bytes / SECTOR_SIZE;
    /*@ loop invariant 0 <= i <= header->item_count;
        loop invariant next: first_lba(header, header_lba) <= next_lba &&
            (i > 0 ==> next_lba <= header->image_sectors);
        loop invariant place: between(all, i, first_lba(header, header_lba), next_lba);
        loop invariant order: in_order(all, i);
        loop assigns i, next_lba;
        loop variant header->item_count - i; */
    for (uint32_t i = 0; i < header->item_count; i++) {
        const char *fault = fault_of_position(&all[i], header->image_sectors, &next_lba);
        if (fault != NULL) {
            return refuse_item(why, i, fault);
        }
    }
    return true;
}

// Fills *items from a header that is in order by itself, and checks each item.
/*@ requires \valid_read(header) && \valid(items) && \valid(why);
    requires \valid_read(all + (0 .. header->item_count - 1));
    requires \valid_read((char *)header + (0 .. header->header_bytes - 1));
    requires \separated(items, why, header);
    requires \separated(items, all + (0 .. header->item_count - 1));
    requires \separated(items, (char *)header + (0 .. header->header_bytes - 1));
    assigns *items, *why;
    ensures table: \result ==> items->all == all && items->text_base == (char *)header &&
            items->count == \old(header->item_count) &&
            items->image_sectors == \old(header->image_sectors);
    ensures known: \result ==> known_items{Pre}(all, \old(header->item_count));
    ensures wishes: \result ==> grantable_wishes{Pre}(all, \old(header->item_count));
    ensures texts: \result ==>
            texts_inside{Pre}(all, \old(header->item_count), header, (char *)header);
    ensures kernel: \result ==> items->kernel != \null && only_one{Pre}(all,
            \old(header->item_count), IMAGE_ITEM_KERNEL, \at(items->kernel, Post));
    ensures command_line: \result ==> only_one{Pre}(all, \old(header->item_count),
            IMAGE_ITEM_COMMAND_LINE, \at(items->command_line, Post));
    ensures symbols: \result ==> only_one{Pre}(all, \old(header->item_count),
            IMAGE_ITEM_SYMBOLS, \at(items->symbols, Post)); */
static bool check_items(const struct image_header *header, struct image_item *all,
                        struct image_items *items, struct message *why)
{
    items->kernel = items->command_line = items->symbols = NULL;
    items->all = all;
    items->text_base = (const char *)header;
    items->module_count = items->modules_text_bytes = 0;
    /*@ loop invariant 0 <= i <= header->item_count;
        loop invariant kernel:
            only_one{Pre}(all, i, IMAGE_ITEM_KERNEL, \at(items->kernel, Here));
        loop invariant command_line:
            only_one{Pre}(all, i, IMAGE_ITEM_COMMAND_LINE, \at(items->command_line, Here));
        loop invariant symbols:
            only_one{Pre}(all, i, IMAGE_ITEM_SYMBOLS, \at(items->symbols, Here));
        loop invariant known: known_items{Pre}(all, i);
        loop invariant wishes: grantable_wishes{Pre}(all, i);
        loop invariant texts: texts_inside{Pre}(all, i, header, (char *)header);
        loop assigns i, items->kernel, items->command_line, items->symbols,
                     items->module_count, items->modules_text_bytes;
        loop variant header->item_count - i; */
    for (uint32_t i = 0; i < header->item_count; i++) {
        const char *fault = fault_of_item(&all[i], header, items);
        if (fault != NULL) {
            return refuse_item(why, i, fault);
        }
        //@ assert known_kind_and_size{Pre}(all + i);
        //@ assert grantable_wish{Pre}(all + i);
    }
    items->count = header->item_count;
    items->image_sectors = header->image_sectors;
    return items->kernel != NULL || refuse(why, "no kernel");
}

bool image_header_parse(void *header, uint64_t bytes, uint64_t header_lba,
                        struct image_items *items, struct message *why)
{
    const struct image_header *fields = header;
    if (bytes < SECTOR_SIZE || header_lba > UINT64_MAX - IMAGE_HEADER_MAX_SECTORS) {
        return refuse(why, "wrong size or place");
    }
    if (memcmp(fields->magic, IMAGE_MAGIC, IMAGE_MAGIC_SIZE) != 0) {
        return refuse(why, "no magic number");
    }
    if (fields->version != IMAGE_VERSION) {
        return message_refuse(why,
                              "image header: version %u, this loader knows version %u: use the "
                              "bootimage of the same release",
                              (unsigned)fields->version, (unsigned)IMAGE_VERSION);
    }
    const char *fault = fault_of_header(fields, bytes);
    if (fault != NULL) {
        return refuse(why, fault);
    }
    struct image_item *all = (struct image_item *)((uint8_t *)header + sizeof *fields);
    return check_positions(fields, all, header_lba, why) && check_items(fields, all, items, why);
}

struct image_item *image_items_next_module(const struct image_items *items, uint32_t *cursor)
{
    /*@ loop invariant \at(*cursor, Pre) <= *cursor <= items->count;
        loop invariant \forall integer i; \at(*cursor, Pre) <= i < *cursor ==>
            items->all[i].kind != IMAGE_ITEM_MODULE;
        loop assigns *cursor;
        loop variant items->count - *cursor; */
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
