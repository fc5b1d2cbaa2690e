// Unit tests of reading modules back: the walk over the items, and every damage.
#include "image_header.h"
#include "image_read.h"
#include "module_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void make_two(struct memory_image *image)
{
    struct made_file files[] = {made_file(1, 70000), made_file(2, 3)};
    const struct image_module modules[] = {module_of("first", "", &files[0]),
                                           module_of("second", "", &files[1])};

    make_with(image, modules, 2);
}

#define FIRST_LBA  PADDING_LBA // where the padding of an image without modules begins
#define SECOND_LBA (FIRST_LBA + 137)

static void reads_modules_back(void **state)
{
    struct memory_image image;
    struct image_report report;

    (void)state;
    make_two(&image);
    read_image(&image, &report);
    assert_int_equal(report.problem_count, 0);
    assert_int_equal(report.part_count, 9);
    assert_int_equal(report.parts[6].kind, IMAGE_PART_MODULE);
    assert_int_equal(report.parts[6].lba, FIRST_LBA);
    assert_int_equal(report.parts[6].bytes, 70000);
    assert_true(report.parts[6].good);
    assert_string_equal(image_item_text(&report.items, report.parts[6].item), "first");
    assert_int_equal(report.parts[7].kind, IMAGE_PART_MODULE);
    assert_int_equal(report.parts[7].lba, SECOND_LBA);
    assert_string_equal(image_item_text(&report.items, report.parts[7].item), "second");
    assert_int_equal(report.parts[8].kind, IMAGE_PART_PADDING);
    image_report_free(&report);
    free(image.bytes);
}

static void sees_damage_in_every_sector_of_a_module(void **state)
{
    struct memory_image image;

    (void)state;
    make_two(&image);
    for (uint64_t lba = FIRST_LBA; lba <= SECOND_LBA; lba++) {
        uint8_t *byte = sector_of(&image, lba) + lba * 37 % SECTOR_SIZE;
        *byte ^= 0x40;
        check_problem(&image, lba < SECOND_LBA ? "module 1, first, is damaged"
                                               : "module 2, second, is damaged");
        *byte ^= 0x40;
    }
    sector_of(&image, SECOND_LBA)[3] = 1;
    check_problem(&image, "module 2, second, is followed by bytes that are not zero");
    sector_of(&image, SECOND_LBA)[3] = 0;
    image.size = (FIRST_LBA + 136) * SECTOR_SIZE;
    check_problem(&image, "module 1, first, takes 137 sectors");
    free(image.bytes);
}

static void swap_items(struct memory_image *image, uint32_t a, uint32_t b)
{
    struct image_item *items =
        (struct image_item *)(void *)(sector_of(image, HEADER_LBA) + sizeof(struct image_header));
    const struct image_item item = items[a];

    items[a] = items[b];
    items[b] = item;
}

// Another tool might put the items in another order, and leave room between them.
static void reads_items_in_any_order(void **state)
{
    struct memory_image image;
    struct image_report report;
    struct message why;

    (void)state;
    make_two(&image);
    // The second module moves to the end of the padding, the command line behind that.
    struct image_header header;
    struct image_item *items =
        (struct image_item *)(void *)(sector_of(&image, HEADER_LBA) + sizeof(header));
    const uint64_t end = image.size / SECTOR_SIZE;
    memcpy(sector_of(&image, end - 7), sector_of(&image, SECOND_LBA), SECTOR_SIZE);
    memset(sector_of(&image, SECOND_LBA), 0, SECTOR_SIZE);
    memcpy(sector_of(&image, end - 3), sector_of(&image, items[0].lba), SECTOR_SIZE);
    memset(sector_of(&image, items[0].lba), 0, SECTOR_SIZE);
    items[0].lba = end - 3;
    items[3].lba = end - 7;
    swap_items(&image, 0, 1); // kernel, line, first, second
    swap_items(&image, 1, 2); // kernel, first, line, second
    swap_items(&image, 2, 3); // kernel, first, second, line
    memcpy(&header, sector_of(&image, HEADER_LBA), sizeof(header));
    header.checksum = image_header_checksum(sector_of(&image, HEADER_LBA), header.header_bytes);
    memcpy(sector_of(&image, HEADER_LBA), &header, sizeof(header));
    assert_true(image_header_parse(sector_of(&image, HEADER_LBA), header.header_bytes, HEADER_LBA,
                                   &report.items, &why));

    static const enum image_part_kind kinds[] = {
        IMAGE_PART_MBR,     IMAGE_PART_FIRST_BLOCK, IMAGE_PART_STAGE2_REST,  IMAGE_PART_HEADER,
        IMAGE_PART_PADDING, IMAGE_PART_KERNEL,      IMAGE_PART_MODULE,       IMAGE_PART_PADDING,
        IMAGE_PART_MODULE,  IMAGE_PART_PADDING,     IMAGE_PART_COMMAND_LINE, IMAGE_PART_PADDING};
    read_image(&image, &report);
    // The disk signature covers the header, so that it is the one thing that is wrong.
    assert_int_equal(report.problem_count, 1);
    assert_non_null(strstr(report.problems[0].text, "disk signature"));
    assert_int_equal(report.part_count, 12);
    for (uint32_t i = 0; i < report.part_count; i++) {
        assert_int_equal(report.parts[i].kind, kinds[i]);
        assert_int_equal(report.parts[i].good, i != 0);
    }
    assert_string_equal(report.command_line, "quiet");
    image_report_free(&report);
    free(image.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_modules_back),
        cmocka_unit_test(sees_damage_in_every_sector_of_a_module),
        cmocka_unit_test(reads_items_in_any_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
