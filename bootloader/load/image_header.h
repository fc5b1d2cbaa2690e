// Checks an image header and finds the items in it.
#ifndef LOAD_IMAGE_HEADER_H
#define LOAD_IMAGE_HEADER_H

#include "image_format.h"
#include "message.h"
#include "page.h"

#include <stdbool.h>
#include <stdint.h>

// Pointers into the header, which must stay where it is.
struct image_items {
    struct image_item *kernel;
    struct image_item *command_line; // null when there is none
    struct image_item *symbols;      // null when there are none
    struct image_item *all;          // in order of LBA
    const char *text_base;           // text_offset counts from here
    uint32_t count;                  // of all
    uint64_t module_count;
    uint64_t modules_text_bytes; // of all names and command lines, with their NULs
    uint64_t image_sectors;
};

/*@ // A header may be read as bytes, and as the header and items that it has room for.
    logic struct image_item *items_of(void *header) =
        (struct image_item *)((uint8_t *)header + sizeof(struct image_header));
    logic integer room_for_items(integer bytes) =
        (bytes - sizeof(struct image_header)) / sizeof(struct image_item);
    predicate readable_header(void *header, integer bytes) =
        bytes >= SECTOR_SIZE && \valid_read((uint8_t *)header + (0 .. bytes - 1)) &&
        \valid_read((char *)header + (0 .. bytes - 1)) &&
        \valid_read((struct image_header *)header) &&
        \valid_read(items_of(header) + (0 .. room_for_items(bytes) - 1));
    predicate items_inside(struct image_header *header, integer bytes) =
        header->header_bytes % SECTOR_SIZE == 0 && SECTOR_SIZE <= header->header_bytes <= bytes &&
        header->header_bytes <= IMAGE_HEADER_MAX_SECTORS * SECTOR_SIZE &&
        1 <= header->item_count <= room_for_items(header->header_bytes);

    logic integer sectors(integer bytes) = (bytes + SECTOR_SIZE - 1) / SECTOR_SIZE;
    logic integer end_of(struct image_item *item) = item->lba + sectors(item->bytes);
    predicate begins_behind(struct image_item *item, integer lba) = lba <= item->lba;
    predicate known_kind_and_size(struct image_item *item) =
        IMAGE_ITEM_KERNEL <= item->kind <= IMAGE_ITEM_MODULE && item->bytes > 0 &&
        (item->kind == IMAGE_ITEM_COMMAND_LINE ==> item->bytes <= COMMAND_LINE_MAX_BYTES);
    predicate grantable_wish(struct image_item *item) =
        item->memory_bytes % PAGE_SIZE_4K == 0 && item->bytes <= item->memory_bytes &&
        PAGE_SIZE_4K <= item->memory_alignment <= PAGE_SIZE_1G &&
        (item->memory_alignment & (uint64_t)(item->memory_alignment - 1)) == 0 &&
        item->memory_phase % PAGE_SIZE_4K == 0 && item->memory_phase < item->memory_alignment &&
        item->physical_address == 0;
    // A name and a command line, each with its NUL and no other, behind the items.
    predicate text_inside(struct image_item *item, struct image_header *header, char *base) =
        item->kind == IMAGE_ITEM_MODULE ==>
        1 <= item->name_bytes <= MODULE_NAME_MAX_BYTES &&
        item->command_line_bytes <= COMMAND_LINE_MAX_BYTES &&
        sizeof(struct image_header) + header->item_count * sizeof(struct image_item) <=
            item->text_offset &&
        item->text_offset + item->name_bytes + item->command_line_bytes + 2 <=
            header->header_bytes &&
        \forall integer at; item->text_offset <= at <
                item->text_offset + item->name_bytes + item->command_line_bytes + 2 ==>
            (base[at] == 0 <==>
             at == item->text_offset + item->name_bytes ||
             at == item->text_offset + item->name_bytes + item->command_line_bytes + 1);

    predicate known_items(struct image_item *all, integer count) =
        \forall integer i; 0 <= i < count ==> known_kind_and_size(all + i);
    predicate grantable_wishes(struct image_item *all, integer count) =
        \forall integer i; 0 <= i < count ==> grantable_wish(all + i);
    predicate texts_inside(struct image_item *all, integer count, struct image_header *header,
                           char *base) =
        \forall integer i; 0 <= i < count ==> text_inside(all + i, header, base);
    logic integer first_lba(struct image_header *header, integer header_lba) =
        header_lba + header->header_bytes / SECTOR_SIZE;
    predicate between(struct image_item *all, integer count, integer first, integer end) =
        \forall integer i; 0 <= i < count ==>
            begins_behind(all + i, first) && end_of(all + i) <= end;
    predicate in_order(struct image_item *all, integer count) =
        \forall integer i, j; 0 <= i < j < count ==> begins_behind(all + j, end_of(all + i));
    // `place` has the one item of its kind, or null when there is none.
    predicate only_one(struct image_item *all, integer count, integer kind,
                       struct image_item *place) =
        (\forall integer i; 0 <= i < count && all[i].kind == kind ==> place == all + i) &&
        (place != \null ==>
            \exists integer i; 0 <= i < count && place == all + i && all[i].kind == kind);
    // One more item of any kind makes `after` of `before`.
    predicate noted(struct image_item *item, integer kind, struct image_item *before,
                    struct image_item *after) =
        item->kind == kind ? before == \null && after == item : after == before;
    predicate apart_from(struct image_items *items, struct message *why, void *header,
                         integer bytes) =
        \separated(items, why, (struct image_header *)header,
                   items_of(header) + (0 .. room_for_items(bytes) - 1)) &&
        \separated(items, (char *)header + (0 .. bytes - 1)) &&
        \separated(why, (char *)header + (0 .. bytes - 1));
*/

// Checks magic, version, sizes, checksum, and of every item: kind, flags, position (behind the
// header at `header_lba`, inside the image, in ascending order, overlapping no other), size,
// memory wish, texts; and that there is one kernel, at most one command line, at most one table of
// symbols. `header` is 8-byte aligned, `bytes` what was read, a multiple of SECTOR_SIZE. False,
// with a message.
/*@ requires readable_header(header, bytes) || bytes < SECTOR_SIZE;
    requires \valid(items) && \valid(why) && apart_from(items, why, header, bytes);
    assigns *items, *why;
    ensures table: \result ==> items_inside{Pre}((struct image_header *)header, bytes) &&
            items->all == items_of(header) && items->text_base == (char *)header;
    ensures count: \result ==>
            items->count == \at(((struct image_header *)header)->item_count, Pre);
    ensures end: \result ==>
            items->image_sectors == \at(((struct image_header *)header)->image_sectors, Pre);
    ensures known: \result ==> known_items{Pre}(items_of(header), items->count);
    ensures wishes: \result ==> grantable_wishes{Pre}(items_of(header), items->count);
    ensures texts: \result ==> texts_inside{Pre}(items_of(header), items->count,
            (struct image_header *)header, (char *)header);
    ensures place: \result ==> between{Pre}(items_of(header), items->count,
            first_lba{Pre}((struct image_header *)header, header_lba), items->image_sectors);
    ensures order: \result ==> in_order{Pre}(items_of(header), items->count);
    ensures kernel: \result ==> items->kernel != \null &&
            only_one{Pre}(items_of(header), items->count, IMAGE_ITEM_KERNEL, items->kernel);
    ensures command_line: \result ==> only_one{Pre}(items_of(header), items->count,
            IMAGE_ITEM_COMMAND_LINE, items->command_line);
    ensures symbols: \result ==> only_one{Pre}(items_of(header), items->count,
            IMAGE_ITEM_SYMBOLS, items->symbols); */
bool image_header_parse(void *header, uint64_t bytes, uint64_t header_lba,
                        struct image_items *items, struct message *why);

// Steps through the modules in order: start with *cursor 0; null at the end.
/*@ requires \valid_read(items) && \valid(cursor) && \separated(items, cursor);
    requires \valid_read(items->all + (0 .. items->count - 1));
    requires \separated(cursor, items->all + (0 .. items->count - 1));
    requires *cursor <= items->count;
    assigns *cursor;
    ensures \old(*cursor) <= *cursor <= items->count;
    ensures \result == \null ==> *cursor == items->count;
    ensures \result != \null ==> *cursor > \old(*cursor) &&
            \result == items->all + (*cursor - 1) && \result->kind == IMAGE_ITEM_MODULE;
    ensures none_missed: \forall integer i; \old(*cursor) <= i < *cursor &&
            items->all[i].kind == IMAGE_ITEM_MODULE ==> \result == items->all + i; */
struct image_item *image_items_next_module(const struct image_items *items, uint32_t *cursor);

// A module's name, ending with NUL; its command line follows behind that.
/*@ requires \valid_read(items) && \valid_read(module);
    assigns \nothing;
    ensures \result == items->text_base + module->text_offset; */
const char *image_item_text(const struct image_items *items, const struct image_item *module);

// Sectors that an item of so many bytes takes.
/*@ assigns \nothing;
    ensures \result == sectors(bytes); */
uint64_t image_item_sectors(uint64_t bytes);

// The checksum that the header's own field must hold.
/*@ requires whole_blocks: bytes % SECTOR_SIZE == 0 && bytes >= SECTOR_SIZE;
    requires \valid_read((uint8_t *)header + (0 .. bytes - 1));
    assigns \nothing; */
struct image_checksum image_header_checksum(const void *header, uint64_t bytes);

#endif
