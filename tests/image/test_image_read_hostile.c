// Unit tests of the image's reader with images that are wrong though their sums are right: whatever
// a hostile file says, it reads no byte that the file does not have.
#include "checksum.h"
#include "image_header.h"
#include "image_read.h"
#include "mbr.h"
#include "stage2_header.h"
#include "test_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HOSTILE_IMAGES 3000

static void put_header_sum(struct memory_image *image)
{
    uint8_t *header = sector_of(image, HEADER_LBA);
    const struct image_checksum checksum = image_header_checksum(header, SECTOR_SIZE);

    memcpy(header + offsetof(struct image_header, checksum), &checksum, sizeof(checksum));
}

static void put_stage2_sums(struct memory_image *image)
{
    uint8_t *stage2 = image->bytes + SECTOR_SIZE;
    struct stage2_header header;

    memcpy(&header, stage2, sizeof(header));
    stage2_header_patch(stage2, &header, header.image_header_lba, header.image_header_sectors);
}

static uint8_t *item_at(const struct memory_image *image, uint32_t index, size_t field)
{
    return sector_of(image, HEADER_LBA) + sizeof(struct image_header) +
           index * sizeof(struct image_item) + field;
}

static void put_u64(uint8_t *bytes, uint64_t value)
{
    memcpy(bytes, &value, sizeof(value));
}

static void refuses_what_the_header_cannot_mean(void **state)
{
    struct memory_image image;

    (void)state;
    // A kernel far larger than the file, in an image said to be large enough for it.
    make_image(&image, "quiet");
    put_u64(item_at(&image, 1, offsetof(struct image_item, bytes)), (uint64_t)1 << 40);
    put_u64(item_at(&image, 1, offsetof(struct image_item, memory_bytes)), (uint64_t)1 << 40);
    put_u64(sector_of(&image, HEADER_LBA) + offsetof(struct image_header, image_sectors),
            (uint64_t)1 << 40);
    put_header_sum(&image);
    check_problem(&image, "the kernel takes 2147483648 sectors from LBA 23");
    check_problem(&image, "whole cylinders");
    free(image.bytes);

    make_image(&image, "quiet");
    put_u64(item_at(&image, 1, offsetof(struct image_item, memory_bytes)), 0x100000);
    put_header_sum(&image);
    check_problem(&image, "asks for 1048576 bytes of memory");
    free(image.bytes);

    make_image(&image, "quiet");
    put_u64(item_at(&image, 0, offsetof(struct image_item, memory_bytes)), (uint64_t)1 << 63);
    put_header_sum(&image);
    check_problem(&image, "asks for 9223372036854775808 bytes of memory for the command line of 5");
    free(image.bytes);

    make_image(&image, "quiet");
    put_u64(image.bytes + SECTOR_SIZE + offsetof(struct stage2_header, image_header_lba), 20);
    put_stage2_sums(&image);
    check_problem(&image, "1 sectors of image header at LBA 20");
    put_u64(image.bytes + SECTOR_SIZE + offsetof(struct stage2_header, image_header_lba),
            UINT64_MAX - 1);
    put_stage2_sums(&image);
    check_problem(&image, "the image header takes 1 sectors");
    free(image.bytes);

    make_image(&image, "quiet");
    image.bytes[SECTOR_SIZE + offsetof(struct stage2_header, image_header_sectors)] = 2;
    put_stage2_sums(&image);
    check_problem(&image, "has 512 bytes, stage 2's header says 2 sectors");
    free(image.bytes);
}

static void put_item_sum(struct memory_image *image, uint32_t index, uint64_t lba, uint64_t sectors)
{
    struct checksum_state state;

    checksum_begin(&state);
    checksum_add(&state, image->bytes + lba * SECTOR_SIZE, sectors * SECTOR_SIZE);
    const struct image_checksum checksum = checksum_end(&state);
    memcpy(item_at(image, index, offsetof(struct image_item, checksum)), &checksum,
           sizeof(checksum));
    put_header_sum(image);
}

static void refuses_items_that_are_wrong_inside(void **state)
{
    struct memory_image image;

    (void)state;
    make_image(&image, "quiet");
    image.bytes[COMMAND_LINE_LBA * SECTOR_SIZE + 2] = 0x1B;
    put_item_sum(&image, 0, COMMAND_LINE_LBA, 1);
    check_problem(&image, "control character 1bh at byte 2");
    free(image.bytes);

    make_image(&image, "quiet");
    image.bytes[COMMAND_LINE_LBA * SECTOR_SIZE + 200] = 'x';
    put_item_sum(&image, 0, COMMAND_LINE_LBA, 1);
    check_problem(&image, "followed by bytes that are not zero");
    free(image.bytes);

    make_image(&image, "quiet");
    image.bytes[KERNEL_LBA * SECTOR_SIZE + 4] = 1; // a 32-bit ELF file
    put_item_sum(&image, 1, KERNEL_LBA, KERNEL_SECTORS);
    check_problem(&image, "EI_CLASS 1");
    free(image.bytes);
}

static void names_the_wrong_field_of_the_partition(void **state)
{
    static const struct {
        uint32_t offset;
        const char *message;
    } fields[] = {
        {0, "active flag"},        {1, "first CHS address"},
        {3, "first CHS address"},  {4, "type"},
        {5, "last CHS address"},   {7, "last CHS address"},
        {8, "first LBA"},          {11, "first LBA"},
        {12, "number of sectors"}, {15, "number of sectors"},
        {16, "entries 2 to 4"},    {63, "entries 2 to 4"},
    };
    struct memory_image image;

    (void)state;
    make_image(&image, "");
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        uint8_t *byte = image.bytes + MBR_PARTITION_OFFSET + fields[i].offset;
        *byte ^= 1;
        check_problem(&image, fields[i].message);
        *byte ^= 1;
    }
    image.bytes[MBR_DISK_SIGNATURE_OFFSET] ^= 1;
    check_problem(&image, "disk signature");
    free(image.bytes);
}

// Any fields in stage 2's header, image header and kernel, all sums put right afterwards: no read
// outside the file, no endless loop, whatever the verdict.
static void survives_hostile_images(void **state)
{
    static const uint64_t values[] = {0,      1,          2,           0x7F,      0xFFF,
                                      0x1000, 0xFFFFFFFF, 0x100000000, INT64_MAX, UINT64_MAX};
    uint64_t random = 0xFEDCBA;
    struct memory_image image;
    struct image_report report;
    uint8_t *good;

    (void)state;
    make_image(&image, "quiet");
    // Enough padding to see the end, little enough to be quick.
    image.size = 200ull * SECTOR_SIZE;
    good = malloc(image.size);
    assert_non_null(good);
    memcpy(good, image.bytes, image.size);
    for (int i = 0; i < HOSTILE_IMAGES; i++) {
        static const uint64_t places[] = {SECTOR_SIZE, HEADER_LBA * SECTOR_SIZE,
                                          KERNEL_LBA * SECTOR_SIZE};
        for (uint64_t changes = 1 + random_below(&random, 3); changes != 0; changes--) {
            const uint64_t place = places[random_below(&random, 3)] + random_below(&random, 180);
            const uint64_t value = values[random_below(&random, 10)] + random_below(&random, 3);
            memcpy(image.bytes + place, &value, 1 + random_below(&random, 8));
        }
        put_item_sum(&image, 1, KERNEL_LBA, KERNEL_SECTORS);
        put_header_sum(&image);
        struct stage2_header header;
        struct message why;
        if (stage2_header_read(image.bytes + SECTOR_SIZE, &header, &why)) {
            put_stage2_sums(&image);
        }
        read_image(&image, &report);
        assert_true(report.problem_count != 0); // the image is cut short, if nothing else
        assert_true(report.part_count <= 10);
        image_report_free(&report);
        memcpy(image.bytes, good, image.size);
    }
    free(good);
    free(image.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_the_header_cannot_mean),
        cmocka_unit_test(refuses_items_that_are_wrong_inside),
        cmocka_unit_test(names_the_wrong_field_of_the_partition),
        cmocka_unit_test(survives_hostile_images),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
