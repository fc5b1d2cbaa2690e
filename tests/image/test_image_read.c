// Unit tests of the image's reader: it accepts what the writer made and sees every damage.
// test_image_read_hostile.c has the files whose sums are right all the same.
#include "image_read.h"
#include "test_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check_part(const struct image_report *report, uint32_t index, enum image_part_kind kind,
                       uint64_t lba, uint64_t bytes)
{
    assert_true(index < report->part_count);
    assert_int_equal(report->parts[index].kind, kind);
    assert_int_equal(report->parts[index].lba, lba);
    assert_int_equal(report->parts[index].bytes, bytes);
    assert_true(report->parts[index].good);
}

static void accepts_what_the_writer_made(void **state)
{
    struct memory_image image;
    struct image_report report;

    (void)state;
    make_image(&image, "quiet");
    read_image(&image, &report);
    assert_int_equal(report.problem_count, 0);
    assert_int_equal(report.part_count, 7);
    check_part(&report, 0, IMAGE_PART_MBR, 0, SECTOR_SIZE);
    check_part(&report, 1, IMAGE_PART_FIRST_BLOCK, 1, 6ull * SECTOR_SIZE);
    check_part(&report, 2, IMAGE_PART_STAGE2_REST, 7, 14ull * SECTOR_SIZE);
    check_part(&report, 3, IMAGE_PART_HEADER, HEADER_LBA, SECTOR_SIZE);
    check_part(&report, 4, IMAGE_PART_COMMAND_LINE, COMMAND_LINE_LBA, 5);
    check_part(&report, 5, IMAGE_PART_KERNEL, KERNEL_LBA, 3 * TEST_PAGE + 3000);
    check_part(&report, 6, IMAGE_PART_PADDING, PADDING_LBA,
               (uint64_t)(IMAGE_SECTORS - PADDING_LBA) * SECTOR_SIZE);
    assert_string_equal(report.command_line, "quiet");
    assert_true(report.has_kernel);
    assert_int_equal(report.kernel.elf.segment_count, 2);
    image_report_free(&report);
    free(image.bytes);
}

// Bytes behind the image are the disk's that it was copied to.
static void accepts_a_larger_disk(void **state)
{
    struct memory_image image;
    struct image_report report;
    struct message why;

    (void)state;
    make_image(&image, "");
    assert_true(memory_image_write(&image, "rubbish", 7, &why));
    read_image(&image, &report);
    assert_int_equal(report.problem_count, 0);
    image_report_free(&report);
    free(image.bytes);
}

// Every bit of everything that is not a plain run of kernel bytes or zeros.
static void sees_every_changed_bit_before_the_kernel(void **state)
{
    struct memory_image image;
    struct image_report report;

    (void)state;
    make_image(&image, "quiet");
    // The padding is read in each run; a short one is enough here.
    for (uint64_t at = 0; at < KERNEL_LBA * SECTOR_SIZE; at++) {
        image.bytes[at] ^= (uint8_t)(1u << (at * 5 % 8));
        read_image(&image, &report);
        if (report.problem_count == 0) {
            fail_msg("a changed bit in byte %llu was not seen", (unsigned long long)at);
        }
        image_report_free(&report);
        image.bytes[at] ^= (uint8_t)(1u << (at * 5 % 8));
    }
    read_image(&image, &report);
    assert_int_equal(report.problem_count, 0);
    image_report_free(&report);
    free(image.bytes);
}

static void sees_a_changed_bit_in_every_sector_behind(void **state)
{
    struct memory_image image;

    (void)state;
    make_image(&image, "quiet");
    for (uint64_t lba = KERNEL_LBA; lba < IMAGE_SECTORS; lba += lba < PADDING_LBA ? 1 : 131) {
        const uint64_t at = lba * SECTOR_SIZE + lba * 37 % SECTOR_SIZE;
        image.bytes[at] ^= 0x40;
        check_problem(&image,
                      lba < PADDING_LBA ? "the kernel is damaged" : "the padding is damaged");
        image.bytes[at] ^= 0x40;
    }
    image.bytes[image.size - 1] ^= 1;
    check_problem(&image, "the padding is damaged");
    free(image.bytes);
}

static void sees_swapped_zeroed_and_stale_sectors(void **state)
{
    uint8_t sector[SECTOR_SIZE];
    struct memory_image image;
    uint8_t *first;
    uint8_t *second;

    (void)state;
    make_image(&image, "");
    first = sector_of(&image, KERNEL_LBA - 1 + 9);
    second = first + SECTOR_SIZE;
    memcpy(sector, first, SECTOR_SIZE);
    memcpy(first, second, SECTOR_SIZE);
    check_problem(&image, "the kernel is damaged"); // the same sector twice
    memcpy(second, sector, SECTOR_SIZE);
    check_problem(&image, "the kernel is damaged"); // swapped
    memset(first, 0, SECTOR_SIZE);
    check_problem(&image, "the kernel is damaged"); // zero
    free(image.bytes);
}

static void sees_every_truncation(void **state)
{
    static const uint64_t sizes[] = {0,
                                     1,
                                     511,
                                     512,
                                     1023,
                                     1024,
                                     8ull * SECTOR_SIZE,
                                     9ull * SECTOR_SIZE,
                                     HEADER_LBA * SECTOR_SIZE,
                                     HEADER_LBA * SECTOR_SIZE + 511,
                                     COMMAND_LINE_LBA * SECTOR_SIZE,
                                     KERNEL_LBA * SECTOR_SIZE,
                                     KERNEL_LBA * SECTOR_SIZE + 1,
                                     (PADDING_LBA - 1) * SECTOR_SIZE,
                                     PADDING_LBA * SECTOR_SIZE - 1,
                                     PADDING_LBA * SECTOR_SIZE,
                                     (IMAGE_SECTORS - 1) * SECTOR_SIZE,
                                     IMAGE_SECTORS * SECTOR_SIZE - 1};
    struct memory_image image;

    (void)state;
    make_image(&image, "quiet");
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        // A copy of that very size, so that the sanitizer sees a read behind it.
        struct memory_image cut = {.bytes = malloc(sizes[i] + 1), .size = sizes[i]};
        assert_non_null(cut.bytes);
        memcpy(cut.bytes, image.bytes, sizes[i]);
        check_problem(&cut, "it is cut short");
        free(cut.bytes);
    }
    free(image.bytes);
}

static bool fail_to_read(void *context, uint64_t offset, void *buffer, size_t size,
                         struct message *why)
{
    const uint64_t *good_bytes = context;

    if (offset + size > *good_bytes) {
        return message_refuse(why, "the disk is broken");
    }
    memset(buffer, 0, size);
    return true;
}

static void reports_read_errors(void **state)
{
    uint64_t good_bytes = 0;
    struct image_report report;
    const struct image_reader reader = {fail_to_read, &good_bytes, 1 << 20};

    (void)state;
    image_read(&reader, &report);
    assert_int_equal(report.problem_count, 1);
    assert_string_equal(report.problems[0].text, "the disk is broken");
    image_report_free(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_what_the_writer_made),
        cmocka_unit_test(accepts_a_larger_disk),
        cmocka_unit_test(sees_every_changed_bit_before_the_kernel),
        cmocka_unit_test(sees_a_changed_bit_in_every_sector_behind),
        cmocka_unit_test(sees_swapped_zeroed_and_stale_sectors),
        cmocka_unit_test(sees_every_truncation),
        cmocka_unit_test(reports_read_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
