// Plans a disk image and writes it out. Called by bootimage and by the unit tests.
#include "image_layout.h"

#include "checksum.h"
#include "image_header.h"
#include "mbr.h"
#include "page_tables.h"
#include "stage2_header.h"

#include <string.h>

#define MAX_ITEMS           2
#define HEADER_SECTORS      1
#define ZERO_BLOCK_SIZE     0x10000
#define FIRST_PRINTABLE     0x20
#define DELETE_CHARACTER    0x7F
#define COMMAND_LINE_BUFFER ((COMMAND_LINE_MAX_BYTES / SECTOR_SIZE + 1) * SECTOR_SIZE)

_Static_assert(sizeof(struct image_header) + MAX_ITEMS * sizeof(struct image_item) <=
                   (size_t)HEADER_SECTORS * SECTOR_SIZE,
               "the header with all items fits its sectors");

// The parts that are made here.
struct image_blocks {
    uint8_t mbr[SECTOR_SIZE];
    uint8_t stage2[STAGE2_MAX_SECTORS * SECTOR_SIZE];
    _Alignas(8) uint8_t header[HEADER_SECTORS * SECTOR_SIZE];
    uint8_t command_line[COMMAND_LINE_BUFFER];
};

bool command_line_check(const char *command_line, size_t bytes, struct message *why)
{
    if (bytes > COMMAND_LINE_MAX_BYTES) {
        return message_refuse(why, "the command line has %llu bytes, %u are the most: shorten it",
                              (unsigned long long)bytes, COMMAND_LINE_MAX_BYTES);
    }
    for (size_t i = 0; i < bytes; i++) {
        const uint8_t byte = (uint8_t)command_line[i];
        if (byte < FIRST_PRINTABLE || byte == DELETE_CHARACTER) {
            return message_refuse(why,
                                  "the command line has control character %02xh at byte %u: "
                                  "remove it",
                                  byte, (unsigned)i);
        }
    }
    return true;
}

bool image_plan_make(uint32_t stage2_sectors, uint64_t command_line_bytes, uint64_t kernel_bytes,
                     struct image_plan *plan, struct message *why)
{
    const uint64_t kernel_sectors = image_item_sectors(kernel_bytes);
    uint64_t lba = STAGE2_LBA + (uint64_t)stage2_sectors;

    memset(plan, 0, sizeof(*plan));
    plan->header_lba = lba;
    plan->header_sectors = HEADER_SECTORS;
    lba += HEADER_SECTORS;
    if (command_line_bytes != 0) {
        plan->item_count++;
        plan->command_line_lba = lba;
        lba += image_item_sectors(command_line_bytes);
    }
    plan->item_count++;
    plan->kernel_lba = lba;
    if (kernel_sectors <= IMAGE_MAX_SECTORS && lba + kernel_sectors <= IMAGE_MAX_SECTORS) {
        plan->used_sectors = lba + kernel_sectors;
        plan->geometry = geometry_for(plan->used_sectors);
        if (geometry_sectors(&plan->geometry) <= IMAGE_MAX_SECTORS) {
            return true;
        }
    }
    return message_refuse(why,
                          "the kernel makes an image of more than %llu GiB, the most that a "
                          "partition table can describe: make the kernel smaller",
                          (unsigned long long)((uint64_t)IMAGE_MAX_SECTORS * SECTOR_SIZE >> 30));
}

// The checksum of an item: its bytes and the zeros behind them, whole sectors.
static struct image_checksum item_checksum(const uint8_t *bytes, uint64_t size)
{
    struct checksum_state state;

    checksum_begin(&state);
    checksum_add(&state, bytes, (size_t)(image_item_sectors(size) * SECTOR_SIZE));
    return checksum_end(&state);
}

static struct image_item command_line_item(const struct image_parts *parts,
                                           const struct image_plan *plan, const uint8_t *padded)
{
    const uint64_t pages = (parts->command_line_bytes + PAGE_SIZE_4K - 1) / PAGE_SIZE_4K;

    return (struct image_item){
        .kind = IMAGE_ITEM_COMMAND_LINE,
        .lba = plan->command_line_lba,
        .bytes = parts->command_line_bytes,
        .checksum = item_checksum(padded, parts->command_line_bytes),
        .memory_bytes = pages * PAGE_SIZE_4K,
        .memory_alignment = PAGE_SIZE_4K,
    };
}

static struct image_item kernel_item(const struct packed_kernel *kernel,
                                     const struct image_plan *plan)
{
    return (struct image_item){
        .kind = IMAGE_ITEM_KERNEL,
        .lba = plan->kernel_lba,
        .bytes = kernel->size,
        .checksum = item_checksum(kernel->bytes, kernel->size),
        .memory_bytes = kernel->memory_bytes,
        .memory_alignment = kernel->memory_alignment,
        .memory_phase = kernel->memory_phase,
    };
}

// Writes header and items, and has stage 2's own code check them.
static bool make_header(const struct image_parts *parts, const struct image_plan *plan,
                        struct image_blocks *blocks, struct message *why)
{
    struct image_header header = {
        .version = IMAGE_VERSION,
        .header_bytes = (size_t)HEADER_SECTORS * SECTOR_SIZE,
        .item_size = sizeof(struct image_item),
        .item_count = plan->item_count,
        .image_sectors = geometry_sectors(&plan->geometry),
    };
    struct image_item items[MAX_ITEMS];
    struct image_items parsed;
    uint32_t count = 0;

    memset(items, 0, sizeof(items));
    if (plan->command_line_lba != 0) {
        items[count++] = command_line_item(parts, plan, blocks->command_line);
    }
    items[count] = kernel_item(parts->kernel, plan);
    memcpy(header.magic, IMAGE_MAGIC, IMAGE_MAGIC_SIZE);
    memcpy(blocks->header, &header, sizeof(header));
    memcpy(blocks->header + sizeof(header), items, sizeof(items));
    header.checksum = image_header_checksum(blocks->header, sizeof(blocks->header));
    memcpy(blocks->header, &header, sizeof(header));
    return image_header_parse(blocks->header, sizeof(blocks->header), plan->header_lba, &parsed,
                              why);
}

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
    identity.rest_sums = stage2->rest_sums;
    identity.image_header = image_header_checksum(blocks->header, sizeof(blocks->header));
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
    static const uint8_t zeros[ZERO_BLOCK_SIZE];

    while (bytes != 0) {
        const size_t part = bytes < sizeof(zeros) ? (size_t)bytes : sizeof(zeros);
        if (!writer->write(writer->context, zeros, part, why)) {
            return false;
        }
        bytes -= part;
    }
    return true;
}

// Writes `bytes` and, up to the end of their last sector, what follows them: zeros.
static bool write_sectors(const struct image_writer *writer, const uint8_t *bytes, uint64_t size,
                          struct message *why)
{
    return writer->write(writer->context, bytes, (size_t)(image_item_sectors(size) * SECTOR_SIZE),
                         why);
}

bool image_write(const struct image_parts *parts, const struct image_writer *writer,
                 struct message *why)
{
    struct image_blocks blocks;
    struct image_plan plan;
    struct stage2_header stage2 = {.stage2_sectors = 0};

    memset(&blocks, 0, sizeof(blocks));
    if (!check_loader(parts, &stage2, why) ||
        !command_line_check(parts->command_line, parts->command_line_bytes, why) ||
        !image_plan_make(stage2.stage2_sectors, parts->command_line_bytes, parts->kernel->size,
                         &plan, why) ||
        !make_blocks(parts, &plan, &stage2, &blocks, why)) {
        return false;
    }
    const uint64_t padding = geometry_sectors(&plan.geometry) - plan.used_sectors;
    return write_sectors(writer, blocks.mbr, sizeof(blocks.mbr), why) &&
           write_sectors(writer, blocks.stage2, parts->stage2_bytes, why) &&
           write_sectors(writer, blocks.header, sizeof(blocks.header), why) &&
           (parts->command_line_bytes == 0 ||
            write_sectors(writer, blocks.command_line, parts->command_line_bytes, why)) &&
           write_sectors(writer, parts->kernel->bytes, parts->kernel->size, why) &&
           write_zeros(writer, padding * SECTOR_SIZE, why);
}
