// Reads the items of an image, in the order in which they lie there, and checks each of them.
// Called by image_read.c.
#include "checksum.h"
#include "decompress_item.h"
#include "image_plan.h"
#include "image_reading.h"
#include "symbols.h"

#include <stdlib.h>
#include <string.h>

#define LABEL_NAME_MAX  64 // bytes of a module's name that a message shows
#define FIRST_PRINTABLE 0x20
#define LAST_PRINTABLE  0x7E

// The zeros behind an item's bytes, in its last sector.
static void check_item_end(struct reading *reading, struct image_part *part, const char *what,
                           const uint8_t *last_sector)
{
    const size_t used = (size_t)(part->bytes % SECTOR_SIZE);

    if (used != 0 && !is_zero(last_sector + used, SECTOR_SIZE - used)) {
        part->good = false;
        message_format(next_problem(reading),
                       "%s is followed by bytes that are not zero in its last sector: make "
                       "the image anew",
                       what);
    }
}

// What the image header asks for an item that is no kernel.
static void check_wish(struct reading *reading, const char *what, const struct image_item *item)
{
    struct image_item expected = *item;

    image_item_set_wish(&expected);
    if (item->memory_bytes != expected.memory_bytes ||
        item->memory_alignment != expected.memory_alignment ||
        item->memory_phase != expected.memory_phase) {
        message_format(next_problem(reading),
                       "the image header asks for %llu bytes of memory for %s of %llu, or for "
                       "another alignment: make the image anew",
                       (unsigned long long)item->memory_bytes, what,
                       (unsigned long long)item->bytes);
    }
}

// Reads an item block by block, checks its checksum and the zeros behind it, and puts its sectors
// into `buffer` unless that is null. Whether it is good.
static bool read_item(struct reading *reading, enum image_part_kind kind, const char *what,
                      const struct image_item *item, uint8_t *buffer)
{
    struct image_part *part = add_part(reading, kind, item->lba, item->bytes);
    const uint64_t sectors = image_item_sectors(item->bytes);
    struct checksum_state state;
    struct image_checksum actual;
    uint64_t part_sectors;

    part->item = item;
    if (item->kind != IMAGE_ITEM_KERNEL && !item_is_compressed(item)) {
        check_wish(reading, what, item);
    }
    checksum_begin(&state);
    // The whole of it is asked for at once, so that the message names all that is missing.
    if (!check_file_holds(reading, what, item->lba, sectors)) {
        return false;
    }
    for (uint64_t done = 0; done < sectors; done += part_sectors) {
        const uint64_t left = sectors - done;
        part_sectors = left < READ_BLOCK_SECTORS ? left : READ_BLOCK_SECTORS;
        const size_t bytes = (size_t)(part_sectors * SECTOR_SIZE);
        uint8_t *block = buffer != NULL ? buffer + done * SECTOR_SIZE : reading->block;
        if (!read_sectors(reading, what, item->lba + done, part_sectors, block)) {
            return false;
        }
        checksum_add(&state, block, bytes);
        if (done + part_sectors == sectors) {
            part->good = true;
            check_item_end(reading, part, what, block + bytes - SECTOR_SIZE);
        }
    }
    actual = checksum_end(&state);
    if (!checksum_equal(&actual, &item->checksum)) {
        part->good = false;
        report_damage(reading, what, item->lba, item->bytes);
    }
    return part->good;
}

// Puts what a compressed item holds in the place of its sectors.
static uint8_t *unpack(struct reading *reading, const char *what, struct image_item *item,
                       uint8_t *sectors)
{
    struct image_report *report = reading->report;
    struct image_part *part = &report->parts[report->part_count - 1];
    struct message why;
    uint8_t *bytes = decompress_item(item, sectors, &why);

    free(sectors);
    if (bytes == NULL) {
        part->good = false;
        message_format(next_problem(reading), "%s %s", what, why.text);
    } else {
        part->unpacked_bytes = item->bytes;
        if (item->kind != IMAGE_ITEM_KERNEL) {
            check_wish(reading, what, item);
        }
    }
    return bytes;
}

// Reads an item into memory from malloc, decompressed. Null, with a problem reported, when it is
// not good.
static uint8_t *read_whole_item(struct reading *reading, enum image_part_kind kind,
                                const char *what, struct image_item *item)
{
    const uint64_t sectors = image_item_sectors(item->bytes);
    uint8_t *bytes = NULL;

    // Nothing is allocated that the file does not hold; read_item says so.
    if (sectors <= reading->reader->bytes / SECTOR_SIZE) {
        bytes = sectors <= SIZE_MAX / SECTOR_SIZE ? malloc((size_t)(sectors * SECTOR_SIZE)) : NULL;
        if (bytes == NULL) {
            add_part(reading, kind, item->lba, item->bytes)->item = item;
            message_format(next_problem(reading), "not enough memory for %s of %llu bytes", what,
                           (unsigned long long)item->bytes);
            return NULL;
        }
    }
    if (!read_item(reading, kind, what, item, bytes)) {
        free(bytes);
        return NULL;
    }
    return item_is_compressed(item) ? unpack(reading, what, item, bytes) : bytes;
}

static void read_command_line(struct reading *reading, const struct image_item *item)
{
    uint8_t buffer[(COMMAND_LINE_MAX_BYTES / SECTOR_SIZE + 1) * SECTOR_SIZE];
    struct image_report *report = reading->report;
    struct message why;
    bool good;

    memset(buffer, 0, sizeof(buffer));
    good = read_item(reading, IMAGE_PART_COMMAND_LINE, "the command line", item, buffer);
    memcpy(report->command_line, buffer, (size_t)item->bytes);
    if (good && !command_line_check(report->command_line, (size_t)item->bytes, &why)) {
        *next_problem(reading) = why;
    }
}

// What the image header says of the kernel must be what its ELF file says.
static void read_kernel(struct reading *reading, struct image_item *item)
{
    struct image_report *report = reading->report;
    struct checked_kernel *kernel = &report->kernel;
    struct message why;

    report->kernel_file = read_whole_item(reading, IMAGE_PART_KERNEL, "the kernel", item);
    if (report->kernel_file == NULL) {
        return;
    }
    if (!kernel_check(report->kernel_file, item->bytes, item->memory_alignment, kernel, &why)) {
        *next_problem(reading) = why;
        return;
    }
    report->has_kernel = true;
    if (item->memory_bytes != kernel->layout.memory_bytes ||
        item->memory_alignment != kernel->memory_alignment ||
        item->memory_phase != kernel->memory_phase || item->flags != kernel->item_flags) {
        message_format(next_problem(reading),
                       "the image header asks for %llu bytes of memory for a kernel that takes "
                       "%llu, or for another alignment: make the image anew",
                       (unsigned long long)item->memory_bytes,
                       (unsigned long long)kernel->layout.memory_bytes);
    }
}

static void read_symbols(struct reading *reading, struct image_item *item)
{
    uint8_t *bytes = read_whole_item(reading, IMAGE_PART_SYMBOLS, "the table of symbols", item);
    struct message why;

    if (bytes == NULL) {
        return;
    }
    if (symbols_check(bytes, item->bytes, &why)) {
        memcpy(&reading->report->symbols, bytes, sizeof(reading->report->symbols));
        reading->report->has_symbols = true;
    } else {
        *next_problem(reading) = why;
    }
    free(bytes);
}

// Names the module in a message, whatever bytes its name has.
static void label_module(struct message *label, uint32_t number, const char *name)
{
    message_format(label, "module %u, ", (unsigned)number);
    for (size_t i = 0; name[i] != '\0' && i < LABEL_NAME_MAX; i++) {
        char shown[] = "?";
        if (name[i] >= FIRST_PRINTABLE && name[i] <= LAST_PRINTABLE) {
            shown[0] = name[i];
        }
        message_append(label, "%s", shown);
    }
    message_append(label, ",");
}

static void read_module(struct reading *reading, uint32_t number, struct image_item *item)
{
    const char *name = image_item_text(&reading->report->items, item);
    struct message label;
    struct message why;

    label_module(&label, number, name);
    if (!module_texts_check(number, name, item->name_bytes, name + item->name_bytes + 1,
                            item->command_line_bytes, &why)) {
        *next_problem(reading) = why;
    }
    if (item_is_compressed(item)) {
        free(read_whole_item(reading, IMAGE_PART_MODULE, label.text, item));
    } else {
        (void)read_item(reading, IMAGE_PART_MODULE, label.text, item, NULL);
    }
}

void read_items(struct reading *reading)
{
    const struct image_items *items = &reading->report->items;
    uint32_t modules = 0;

    if (!reserve_parts(reading, IMAGE_FIXED_PARTS + 2 * items->count)) {
        return;
    }
    for (uint32_t i = 0; i < items->count; i++) {
        struct image_item *item = &items->all[i];
        read_padding(reading, item->lba);
        switch (item->kind) { // image_header_parse knows no other
        case IMAGE_ITEM_COMMAND_LINE:
            read_command_line(reading, item);
            break;
        case IMAGE_ITEM_KERNEL:
            read_kernel(reading, item);
            break;
        case IMAGE_ITEM_SYMBOLS:
            read_symbols(reading, item);
            break;
        default:
            read_module(reading, ++modules, item);
        }
    }
    read_padding(reading, items->image_sectors);
}
