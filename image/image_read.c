// Reads an image from the front to the back and reports what is in it and what is damaged. Called
// by bootimage inspect and by the unit tests.
#include "image_reading.h"

#include "checksum.h"
#include "geometry.h"
#include "mbr.h"
#include "stage2_header.h"
#include "word_sums.h"

#include <stdlib.h>
#include <string.h>

struct message *next_problem(struct reading *reading)
{
    const uint32_t index = reading->report->problem_count++;

    return &reading->report
                ->problems[index < IMAGE_REPORT_PROBLEMS ? index : IMAGE_REPORT_PROBLEMS - 1];
}

bool reserve_parts(struct reading *reading, uint32_t count)
{
    struct image_report *report = reading->report;
    struct image_part *parts = realloc(report->parts, count * sizeof(*parts));

    if (parts == NULL) {
        message_format(next_problem(reading), "not enough memory for a report of %u parts",
                       (unsigned)count);
        return false;
    }
    report->parts = parts;
    return true;
}

struct image_part *add_part(struct reading *reading, enum image_part_kind kind, uint64_t lba,
                            uint64_t bytes)
{
    struct image_part *part = &reading->report->parts[reading->report->part_count++];

    *part = (struct image_part){.kind = kind, .lba = lba, .bytes = bytes};
    reading->next_lba = lba + image_item_sectors(bytes);
    return part;
}

bool check_file_holds(struct reading *reading, const char *what, uint64_t lba, uint64_t sectors)
{
    const uint64_t file_sectors = reading->reader->bytes / SECTOR_SIZE;

    if (lba > file_sectors || sectors > file_sectors - lba) {
        message_format(next_problem(reading),
                       "%s takes %llu sectors from LBA %llu, but the image has only %llu bytes: it "
                       "is cut short, copy or make it anew",
                       what, (unsigned long long)sectors, (unsigned long long)lba,
                       (unsigned long long)reading->reader->bytes);
        return false;
    }
    return true;
}

bool read_sectors(struct reading *reading, const char *what, uint64_t lba, uint64_t sectors,
                  void *buffer)
{
    struct message why;

    if (!check_file_holds(reading, what, lba, sectors)) {
        return false;
    }
    if (!reading->reader->read(reading->reader->context, lba * SECTOR_SIZE, buffer,
                               (size_t)(sectors * SECTOR_SIZE), &why)) {
        *next_problem(reading) = why;
        return false;
    }
    return true;
}

void report_damage(struct reading *reading, const char *what, uint64_t lba, uint64_t bytes)
{
    message_format(next_problem(reading),
                   "%s is damaged: the checksum of %llu sectors from LBA %llu is wrong, copy or "
                   "make the image anew",
                   what, (unsigned long long)image_item_sectors(bytes), (unsigned long long)lba);
}

static bool read_mbr(struct reading *reading)
{
    struct message why;

    if (!read_sectors(reading, "the MBR", 0, 1, reading->mbr)) {
        return false;
    }
    reading->report->disk_signature = mbr_read_disk_signature(reading->mbr);
    add_part(reading, IMAGE_PART_MBR, 0, SECTOR_SIZE)->good = mbr_check(reading->mbr, &why);
    if (!reading->report->parts[0].good) {
        *next_problem(reading) = why;
    }
    return true;
}

static void check_stage2_part(struct reading *reading, enum image_part_kind kind, const char *what,
                              uint64_t lba, uint64_t sectors, bool good)
{
    struct image_part *part = add_part(reading, kind, lba, sectors * SECTOR_SIZE);

    part->good = good;
    if (!good) {
        report_damage(reading, what, lba, part->bytes);
    }
}

// False when the rest of the image cannot be found.
static bool read_stage2(struct reading *reading)
{
    struct stage2_header *header = &reading->stage2_header;
    struct word_sums sums;
    struct message why;

    if (!read_sectors(reading, "stage 2", STAGE2_LBA, 1, reading->stage2)) {
        return false;
    }
    if (!stage2_header_read(reading->stage2, header, &why)) {
        *next_problem(reading) = why;
        return false;
    }
    if (!read_sectors(reading, "stage 2", STAGE2_LBA, header->stage2_sectors, reading->stage2)) {
        return false;
    }
    sums = stage2_first_block_sums(reading->stage2, header);
    check_stage2_part(reading, IMAGE_PART_FIRST_BLOCK, "stage 2's first block", STAGE2_LBA,
                      header->first_block_sectors,
                      word_sums_equal(&sums, &header->first_block_sums));
    if (header->stage2_sectors > header->first_block_sectors) {
        check_stage2_part(reading, IMAGE_PART_STAGE2_REST, "stage 2 behind its first block",
                          STAGE2_LBA + (uint64_t)header->first_block_sectors,
                          (uint64_t)header->stage2_sectors - header->first_block_sectors,
                          stage2_rest_sum(reading->stage2, header) == header->rest_sum);
    }
    return true;
}

bool is_zero(const uint8_t *bytes, size_t size)
{
    return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

void read_padding(struct reading *reading, uint64_t end)
{
    struct image_part *part;
    uint64_t lba = reading->next_lba;

    if (lba >= end || end > IMAGE_MAX_SECTORS) {
        return; // nothing behind, or a size that is reported as wrong elsewhere
    }
    part = add_part(reading, IMAGE_PART_PADDING, lba, (end - lba) * SECTOR_SIZE);
    part->good = true;
    while (part->good && lba < end) {
        const uint64_t sectors = end - lba < READ_BLOCK_SECTORS ? end - lba : READ_BLOCK_SECTORS;
        part->good = read_sectors(reading, "the padding", lba, sectors, reading->block);
        if (part->good && !is_zero(reading->block, (size_t)(sectors * SECTOR_SIZE))) {
            part->good = false;
            message_format(next_problem(reading),
                           "the padding is damaged: not all is zero in the %llu sectors from LBA "
                           "%llu, copy or make the image anew",
                           (unsigned long long)sectors, (unsigned long long)lba);
        }
        lba += sectors;
    }
}

// False when the items cannot be found.
static bool read_header(struct reading *reading)
{
    struct image_report *report = reading->report;
    const uint64_t lba = reading->stage2_header.image_header_lba;
    const uint32_t sectors = reading->stage2_header.image_header_sectors;
    struct image_header header;
    struct image_part *part;
    struct message why;

    if (lba < reading->next_lba || sectors == 0 || sectors > IMAGE_HEADER_MAX_SECTORS) {
        message_format(next_problem(reading),
                       "stage 2's header says %u sectors of image header at LBA %llu, which cannot "
                       "be: make the image anew",
                       (unsigned)sectors, (unsigned long long)lba);
        return false;
    }
    if (!read_sectors(reading, "the image header", lba, sectors, report->header)) {
        return false;
    }
    read_padding(reading, lba);
    part = add_part(reading, IMAGE_PART_HEADER, lba, (uint64_t)sectors * SECTOR_SIZE);
    part->good = image_header_parse(report->header, part->bytes, lba, &report->items, &why);
    if (!part->good) {
        *next_problem(reading) = why;
        return false;
    }
    memcpy(&header, report->header, sizeof(header));
    if (header.header_bytes != part->bytes) {
        part->good = false;
        message_format(next_problem(reading),
                       "the image header says it has %u bytes, stage 2's header says %u sectors: "
                       "make the image anew",
                       (unsigned)header.header_bytes, (unsigned)sectors);
    }
    report->has_items = true;
    return true;
}

// The fields of the MBR depend on all that lies behind it.
static void check_mbr_fields(struct reading *reading)
{
    struct image_report *report = reading->report;
    const uint64_t image_sectors = report->items.image_sectors;
    const struct geometry geometry =
        geometry_for(image_sectors <= IMAGE_MAX_SECTORS ? image_sectors : 0);
    struct mbr_identity identity = {
        .first_block_sums = reading->stage2_header.first_block_sums,
        .rest_sum = reading->stage2_header.rest_sum,
    };
    struct message why;

    memcpy(&identity.image_header, report->header + offsetof(struct image_header, checksum),
           sizeof(identity.image_header));
    if (geometry_sectors(&geometry) != image_sectors) {
        message_format(next_problem(reading),
                       "the image header says %llu sectors, which is not a number of whole "
                       "cylinders that an image can have: make the image anew",
                       (unsigned long long)image_sectors);
    } else if (!mbr_check_partitions(reading->mbr, &geometry, &why)) {
        report->parts[0].good = false;
        *next_problem(reading) = why;
    }
    if (mbr_disk_signature(reading->mbr, &identity) != report->disk_signature) {
        report->parts[0].good = false;
        message_format(next_problem(reading),
                       "the MBR is damaged, or an operating system has changed its disk signature "
                       "%08x: copy or make the image anew",
                       (unsigned)report->disk_signature);
    }
}

void image_read(const struct image_reader *reader, struct image_report *report)
{
    struct reading reading;

    memset(report, 0, sizeof(*report));
    memset(&reading, 0, sizeof(reading));
    reading.reader = reader;
    reading.report = report;
    report->file_bytes = reader->bytes;
    if (!reserve_parts(&reading, IMAGE_FIXED_PARTS) || !read_mbr(&reading) ||
        !read_stage2(&reading)) {
        return;
    }
    if (read_header(&reading)) {
        check_mbr_fields(&reading);
        read_items(&reading);
    }
}

void image_report_free(struct image_report *report)
{
    free(report->parts);
    free(report->kernel_file);
    report->parts = NULL;
    report->part_count = 0;
    report->kernel_file = NULL;
    report->has_kernel = false;
}
