// Writes a disk image out. Called by bootimage and by the unit tests.
#include "image_layout.h"

#include "checksum.h"
#include "image_header.h"
#include "mbr.h"
#include "stage2_header.h"

#include <string.h>

#define BLOCK_SIZE          0x10000 // whole sectors
#define COMMAND_LINE_BUFFER ((COMMAND_LINE_MAX_BYTES / SECTOR_SIZE + 1) * SECTOR_SIZE)

_Static_assert(BLOCK_SIZE % SECTOR_SIZE == 0, "blocks are whole sectors");

// The parts that are made here.
struct image_blocks {
    uint8_t mbr[SECTOR_SIZE];
    uint8_t stage2[STAGE2_MAX_SECTORS * SECTOR_SIZE];
    _Alignas(8) uint8_t header[IMAGE_HEADER_MAX_SECTORS * SECTOR_SIZE];
    uint8_t command_line[COMMAND_LINE_BUFFER];
};

// The state of making a header: where the next item and the next text go.
struct header_cursor {
    uint8_t *header;
    size_t item_offset;
    size_t text_offset;
};

// ---- Modules ------------------------------------------------------------------------------

static bool refuse_module(struct message *why, const struct image_module *module)
{
    const struct message cause = *why;

    return message_refuse(why, "module '%s': %s", module->name, cause.text);
}

// Reads the file once from the front to the back, sums its sectors, and writes them unless `writer`
// is null.
static bool copy_module(const struct image_module *module, const struct image_writer *writer,
                        struct image_checksum *checksum, struct message *why)
{
    const struct image_reader *file = &module->file;
    uint8_t block[BLOCK_SIZE];
    struct checksum_state state;

    checksum_begin(&state);
    for (uint64_t done = 0; done < file->bytes;) {
        const uint64_t left = file->bytes - done;
        const size_t part = left < sizeof(block) ? (size_t)left : sizeof(block);
        const size_t whole = (size_t)image_item_sectors(part) * SECTOR_SIZE;
        if (!file->read(file->context, done, block, part, why)) {
            return refuse_module(why, module);
        }
        memset(block + part, 0, whole - part);
        checksum_add(&state, block, whole);
        if (writer != NULL && !writer->write(writer->context, block, whole, why)) {
            return false;
        }
        done += part;
    }
    *checksum = checksum_end(&state);
    return true;
}

// Writes `bytes` and, up to the end of their last sector, what follows them: zeros.
static bool write_sectors(const struct image_writer *writer, const uint8_t *bytes, uint64_t size,
                          struct message *why)
{
    return writer->write(writer->context, bytes, (size_t)(image_item_sectors(size) * SECTOR_SIZE),
                         why);
}

// The checksum is in the header already.
static bool write_module(const struct image_module *module, const struct image_item *item,
                         const struct image_writer *writer, struct message *why)
{
    struct image_checksum checksum;

    if (module->compressed.bytes != NULL) {
        return write_sectors(writer, module->compressed.bytes, module->compressed.size, why);
    }
    if (!copy_module(module, writer, &checksum, why)) {
        return false;
    }
    if (!checksum_equal(&checksum, &item->checksum)) {
        message_format(why, "changed while it was read: try again");
        return refuse_module(why, module);
    }
    return true;
}

static bool write_modules(const struct image_parts *parts, const struct image_plan *plan,
                          const struct image_blocks *blocks, const struct image_writer *writer,
                          struct message *why)
{
    const size_t first = plan->item_count - parts->module_count; // they are the last items
    struct image_item item;

    for (uint32_t i = 0; i < parts->module_count; i++) {
        memcpy(&item, blocks->header + sizeof(struct image_header) + (first + i) * sizeof(item),
               sizeof(item));
        if (!write_module(&parts->modules[i], &item, writer, why)) {
            return false;
        }
    }
    return true;
}

// ---- The image header ---------------------------------------------------------------------

// The checksum of an item in memory: its bytes and the zeros behind them, whole sectors.
static struct image_checksum item_checksum(const uint8_t *bytes, uint64_t size)
{
    struct checksum_state state;

    checksum_begin(&state);
    checksum_add(&state, bytes, (size_t)(image_item_sectors(size) * SECTOR_SIZE));
    return checksum_end(&state);
}

static void put_item(struct header_cursor *cursor, const struct image_item *item)
{
    memcpy(cursor->header + cursor->item_offset, item, sizeof(*item));
    cursor->item_offset += sizeof(*item);
}

static struct image_item plain_item(enum image_item_kind kind, uint64_t lba, uint64_t bytes)
{
    struct image_item item = {.kind = kind, .lba = lba, .bytes = bytes};

    image_item_set_wish(&item);
    return item;
}

// What else is said of an item that is stored compressed.
static void set_compressed(struct image_item *item, const struct compressed_item *compressed)
{
    if (compressed->bytes != NULL) {
        item->flags |= IMAGE_ITEM_LZ4;
        item->bytes = compressed->size;
        item->checksum = item_checksum(compressed->bytes, compressed->size);
    }
}

static void put_memory_items(const struct image_parts *parts, const struct image_plan *plan,
                             const struct image_blocks *blocks, struct header_cursor *cursor)
{
    const struct packed_kernel *kernel = parts->kernel;
    struct image_item item;

    if (plan->command_line_lba != 0) {
        item =
            plain_item(IMAGE_ITEM_COMMAND_LINE, plan->command_line_lba, parts->command_line_bytes);
        item.checksum = item_checksum(blocks->command_line, parts->command_line_bytes);
        put_item(cursor, &item);
    }
    item = (struct image_item){
        .kind = IMAGE_ITEM_KERNEL,
        .flags = kernel->item_flags,
        .lba = plan->kernel_lba,
        .bytes = kernel->size,
        .checksum = item_checksum(kernel->bytes, kernel->size),
        .memory_bytes = kernel->memory_bytes,
        .memory_alignment = kernel->memory_alignment,
        .memory_phase = kernel->memory_phase,
    };
    set_compressed(&item, &parts->compressed_kernel);
    put_item(cursor, &item);
    if (plan->symbols_lba != 0) {
        item = plain_item(IMAGE_ITEM_SYMBOLS, plan->symbols_lba, parts->symbols.size);
        item.checksum = item_checksum(parts->symbols.bytes, parts->symbols.size);
        put_item(cursor, &item);
    }
}

// Appends a text with its NUL.
static uint16_t put_text(struct header_cursor *cursor, const char *text)
{
    const size_t length = strlen(text);

    memcpy(cursor->header + cursor->text_offset, text, length + 1);
    cursor->text_offset += length + 1;
    return (uint16_t)length;
}

static bool put_modules(const struct image_parts *parts, const struct image_plan *plan,
                        struct header_cursor *cursor, struct message *why)
{
    uint64_t lba = plan->modules_lba;

    for (uint32_t i = 0; i < parts->module_count; i++) {
        const struct image_module *module = &parts->modules[i];
        struct image_item item = plain_item(IMAGE_ITEM_MODULE, lba, module->file.bytes);
        if (module->compressed.bytes == NULL && !copy_module(module, NULL, &item.checksum, why)) {
            return false;
        }
        set_compressed(&item, &module->compressed);
        item.text_offset = (uint32_t)cursor->text_offset;
        item.name_bytes = put_text(cursor, module->name);
        item.command_line_bytes = put_text(cursor, module->command_line);
        put_item(cursor, &item);
        lba += image_item_sectors(item.bytes);
    }
    return true;
}

// Writes header, items and texts, and has stage 2's own code check them.
static bool make_header(const struct image_parts *parts, const struct image_plan *plan,
                        struct image_blocks *blocks, struct message *why)
{
    const uint32_t header_bytes = plan->header_sectors * SECTOR_SIZE;
    struct header_cursor cursor = {blocks->header, sizeof(struct image_header), plan->texts_offset};
    struct image_header header = {
        .version = IMAGE_VERSION,
        .header_bytes = header_bytes,
        .item_size = sizeof(struct image_item),
        .item_count = plan->item_count,
        .image_sectors = geometry_sectors(&plan->geometry),
    };
    struct image_items parsed;

    put_memory_items(parts, plan, blocks, &cursor);
    if (!put_modules(parts, plan, &cursor, why)) {
        return false;
    }
    memcpy(header.magic, IMAGE_MAGIC, IMAGE_MAGIC_SIZE);
    memcpy(blocks->header, &header, sizeof(header));
    header.checksum = image_header_checksum(blocks->header, header_bytes);
    memcpy(blocks->header, &header, sizeof(header));
    return image_header_parse(blocks->header, header_bytes, plan->header_lba, &parsed, why);
}

// ---- The whole image ----------------------------------------------------------------------

// Fills in everything in front of the kernel, from the back to the front: each part says something
// of those behind it.
static bool make_blocks(const struct image_parts *parts, const struct image_plan *plan,
                        struct stage2_header *stage2, struct image_blocks *blocks,
                        struct message *why)
{
    struct mbr_identity identity;

    if (parts->command_line_bytes != 0) {
        memcpy(blocks->command_line, parts->command_line, parts->command_line_bytes);
    }
    if (!make_header(parts, plan, blocks, why)) {
        return false;
    }
    memcpy(blocks->stage2, parts->stage2, parts->stage2_bytes);
    stage2_header_patch(blocks->stage2, stage2, plan->header_lba, plan->header_sectors);

    identity.first_block_sums = stage2->first_block_sums;
    identity.rest_sum = stage2->rest_sum;
    identity.image_header =
        image_header_checksum(blocks->header, (uint64_t)plan->header_sectors * SECTOR_SIZE);
    memcpy(blocks->mbr, parts->mbr, SECTOR_SIZE);
    mbr_patch(blocks->mbr, &plan->geometry, &identity);
    return true;
}

static bool check_loader(const struct image_parts *parts, struct stage2_header *stage2,
                         struct message *why)
{
    if (parts->mbr_bytes != SECTOR_SIZE) {
        return message_refuse(why,
                              "the MBR built into this tool has %llu bytes instead of %u: "
                              "build the tool anew",
                              (unsigned long long)parts->mbr_bytes, SECTOR_SIZE);
    }
    if (parts->stage2_bytes < SECTOR_SIZE) {
        return message_refuse(why,
                              "the stage 2 built into this tool has only %llu bytes: "
                              "build the tool anew",
                              (unsigned long long)parts->stage2_bytes);
    }
    if (!mbr_check(parts->mbr, why) || !stage2_header_read(parts->stage2, stage2, why)) {
        return false;
    }
    if (parts->stage2_bytes != (size_t)stage2->stage2_sectors * SECTOR_SIZE) {
        return message_refuse(why,
                              "the stage 2 built into this tool has %llu bytes, its header says %u "
                              "sectors: build the tool anew",
                              (unsigned long long)parts->stage2_bytes, stage2->stage2_sectors);
    }
    return true;
}

static bool write_zeros(const struct image_writer *writer, uint64_t bytes, struct message *why)
{
    static const uint8_t zeros[BLOCK_SIZE];

    while (bytes != 0) {
        const size_t part = bytes < sizeof(zeros) ? (size_t)bytes : sizeof(zeros);
        if (!writer->write(writer->context, zeros, part, why)) {
            return false;
        }
        bytes -= part;
    }
    return true;
}

static bool write_parts(const struct image_parts *parts, const struct image_plan *plan,
                        const struct image_blocks *blocks, const struct image_writer *writer,
                        struct message *why)
{
    const uint64_t padding = geometry_sectors(&plan->geometry) - plan->used_sectors;

    return write_sectors(writer, blocks->mbr, sizeof(blocks->mbr), why) &&
           write_sectors(writer, blocks->stage2, parts->stage2_bytes, why) &&
           write_sectors(writer, blocks->header, (uint64_t)plan->header_sectors * SECTOR_SIZE,
                         why) &&
           (plan->command_line_lba == 0 ||
            write_sectors(writer, blocks->command_line, parts->command_line_bytes, why)) &&
           write_sectors(writer,
                         parts->compressed_kernel.bytes != NULL ? parts->compressed_kernel.bytes
                                                                : parts->kernel->bytes,
                         image_stored_bytes(&parts->compressed_kernel, parts->kernel->size), why) &&
           (plan->symbols_lba == 0 ||
            write_sectors(writer, parts->symbols.bytes, parts->symbols.size, why)) &&
           write_modules(parts, plan, blocks, writer, why) &&
           write_zeros(writer, padding * SECTOR_SIZE, why);
}

bool image_write(const struct image_parts *parts, const struct image_writer *writer,
                 struct message *why)
{
    struct image_blocks blocks;
    struct image_plan plan;
    struct stage2_header stage2 = {.stage2_sectors = 0};

    memset(&blocks, 0, sizeof(blocks));
    return check_loader(parts, &stage2, why) &&
           image_plan_make(stage2.stage2_sectors, parts, &plan, why) &&
           make_blocks(parts, &plan, &stage2, &blocks, why) &&
           write_parts(parts, &plan, &blocks, writer, why);
}
