// Unit tests of the image's writer: where everything lies, what the fields say, what is refused.
#include "image_header.h"
#include "image_layout.h"
#include "test_support.h"
#include "word_sums.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STAGE2_SECTORS 20

// A plan of parts of these sizes.
static bool plan_sizes(uint32_t stage2_sectors, size_t command_line_bytes, uint64_t kernel_bytes,
                       struct image_plan *plan, struct message *why)
{
    static char command_line[COMMAND_LINE_MAX_BYTES];
    const struct packed_kernel kernel = {.size = kernel_bytes};
    const struct image_parts parts = {
        .kernel = &kernel,
        .command_line = command_line,
        .command_line_bytes = command_line_bytes,
    };

    memset(command_line, 'x', sizeof(command_line));
    return image_plan_make(stage2_sectors, &parts, plan, why);
}

static void plans_the_order_on_disk(void **state)
{
    struct image_plan plan;
    struct message why;

    (void)state;
    assert_true(plan_sizes(STAGE2_SECTORS, 513, 10 * SECTOR_SIZE + 1, &plan, &why));
    assert_int_equal(plan.header_lba, 21);
    assert_int_equal(plan.header_sectors, 1);
    assert_int_equal(plan.command_line_lba, 22);
    assert_int_equal(plan.kernel_lba, 24);
    assert_int_equal(plan.used_sectors, 35);
    assert_int_equal(plan.item_count, 2);
    assert_int_equal(geometry_sectors(&plan.geometry), 3024);

    assert_true(plan_sizes(1, 0, 1, &plan, &why));
    assert_int_equal(plan.header_lba, 2);
    assert_int_equal(plan.command_line_lba, 0);
    assert_int_equal(plan.kernel_lba, 3);
    assert_int_equal(plan.item_count, 1);
}

// The partition's 32-bit count of sectors bounds the padded image.
static void refuses_more_sectors_than_the_partition_table_counts(void **state)
{
    const uint64_t most = IMAGE_MAX_SECTORS / 16065 * 16065;
    struct image_plan plan;
    struct message why;

    (void)state;
    assert_true(plan_sizes(1, 0, (most - 3) * SECTOR_SIZE, &plan, &why));
    assert_int_equal(geometry_sectors(&plan.geometry), most);
    assert_false(plan_sizes(1, 0, (most - 3) * SECTOR_SIZE + 1, &plan, &why));
    assert_non_null(strstr(why.text, "2048 GiB"));
    assert_false(plan_sizes(1, 0, (uint64_t)IMAGE_MAX_SECTORS * SECTOR_SIZE, &plan, &why));
    assert_false(plan_sizes(64, 4095, UINT64_MAX, &plan, &why));
}

static void checks_the_command_line(void **state)
{
    char text[COMMAND_LINE_MAX_BYTES + 1];
    struct message why;

    (void)state;
    memset(text, 'x', sizeof(text));
    assert_true(command_line_check("", 0, &why));
    assert_true(command_line_check(text, COMMAND_LINE_MAX_BYTES, &why));
    assert_false(command_line_check(text, COMMAND_LINE_MAX_BYTES + 1, &why));
    assert_string_equal(why.text, "the command line has 4096 bytes, 4095 are the most: shorten it");
    assert_true(command_line_check("gr\xC3\xBC\xC3\x9F ~!", 9, &why));
    for (int byte = 0; byte < 0x100; byte++) {
        text[7] = (char)byte;
        assert_int_equal(command_line_check(text, 10, &why), byte >= 0x20 && byte != 0x7F);
    }
    text[7] = '\n';
    assert_false(command_line_check(text, 10, &why));
    assert_string_equal(why.text,
                        "the command line has control character 0ah at byte 7: remove it");
}

static uint32_t u32_at(const struct memory_image *image, uint64_t offset)
{
    uint32_t value;

    assert_true(offset + sizeof(value) <= image->size);
    memcpy(&value, image->bytes + offset, sizeof(value));
    return value;
}

static void patches_the_mbr(void **state)
{
    static const uint8_t table[64] = {0x80, 0, 2, 0, 0xDA, 15, 63, 2, 1, 0, 0, 0, 0xCF, 0x0B, 0, 0};
    uint8_t mbr[SECTOR_SIZE];
    uint8_t stage2[STAGE2_SECTORS * SECTOR_SIZE];
    struct memory_image image;

    (void)state;
    make_image(&image, "");
    make_loader(mbr, stage2, STAGE2_SECTORS, FIRST_BLOCK_SECTORS);
    assert_int_equal(image.size, 3024 * SECTOR_SIZE);
    assert_memory_equal(image.bytes, mbr, MBR_DISK_SIGNATURE_OFFSET);
    assert_int_not_equal(u32_at(&image, MBR_DISK_SIGNATURE_OFFSET), 0);
    assert_memory_equal(image.bytes + MBR_PARTITION_OFFSET, table, sizeof(table));
    assert_int_equal(image.bytes[510], 0x55);
    assert_int_equal(image.bytes[511], 0xAA);
    free(image.bytes);
}

static void patches_stage2(void **state)
{
    uint8_t mbr[SECTOR_SIZE];
    uint8_t stage2[STAGE2_SECTORS * SECTOR_SIZE];
    struct stage2_header header;
    struct word_sums sums = {0, 0};
    struct memory_image image;

    (void)state;
    make_image(&image, "text");
    make_loader(mbr, stage2, STAGE2_SECTORS, FIRST_BLOCK_SECTORS);
    memcpy(&header, image.bytes + SECTOR_SIZE, sizeof(header));
    assert_memory_equal(header.signature, STAGE2_SIGNATURE, STAGE2_SIGNATURE_SIZE);
    assert_int_equal(header.image_header_lba, 1 + STAGE2_SECTORS);
    assert_int_equal(header.image_header_sectors, 1);
    assert_int_equal(header.first_block_sectors, FIRST_BLOCK_SECTORS);
    assert_int_equal(header.stage2_sectors, STAGE2_SECTORS);
    // All but the header is as it was.
    assert_memory_equal(image.bytes + SECTOR_SIZE + sizeof(header), stage2 + sizeof(header),
                        sizeof(stage2) - sizeof(header));
    word_sums_add(&sums, image.bytes + SECTOR_SIZE + 16, FIRST_BLOCK_SECTORS * SECTOR_SIZE - 16);
    assert_true(word_sums_equal(&sums, &header.first_block_sums));
    free(image.bytes);
}

// The definition in image_format.h, by hand.
static void word_sums_follow_their_definition(void **state)
{
    static const uint8_t bytes[12] = {1, 0, 0, 0, 2, 0, 0, 0x80, 3, 0, 0, 0x80};
    struct word_sums sums = {0, 0};

    (void)state;
    word_sums_add(&sums, bytes, sizeof(bytes));
    // 1; 80000003; 6: sum is 6, weighted 1 + 80000003 + 6.
    assert_int_equal(sums.sum, 6);
    assert_int_equal(sums.weighted_sum, 0x8000000Au);
    // Zeros count, too: by their number.
    word_sums_add(&sums, "\0\0\0", 4);
    assert_int_equal(sums.sum, 6);
    assert_int_equal(sums.weighted_sum, 0x80000010u);
}

static void lists_the_items(void **state)
{
    struct memory_image image;
    struct image_items items;
    struct message why;

    (void)state;
    make_image(&image, "root=disk quiet");
    assert_true(image_header_parse(sector_of(&image, 21), SECTOR_SIZE, 21, &items, &why));
    assert_non_null(items.command_line);
    assert_int_equal(items.command_line->lba, 22);
    assert_int_equal(items.command_line->bytes, 15);
    assert_int_equal(items.command_line->memory_bytes, TEST_PAGE);
    assert_memory_equal(sector_of(&image, 22), "root=disk quiet\0\0", 17);
    assert_int_equal(items.kernel->lba, 23);
    assert_int_equal(items.kernel->bytes, 3 * TEST_PAGE + 3000);
    assert_memory_equal(sector_of(&image, 23),
                        "\x7F"
                        "ELF",
                        4);
    assert_int_equal(items.image_sectors, 3024);
    free(image.bytes);

    make_image(&image, "");
    assert_true(image_header_parse(sector_of(&image, 21), SECTOR_SIZE, 21, &items, &why));
    assert_null(items.command_line);
    assert_int_equal(items.kernel->lba, 22);
    free(image.bytes);
}

static void other_content_has_another_signature(void **state)
{
    struct memory_image a;
    struct memory_image b;

    (void)state;
    make_image(&a, "one");
    make_image(&b, "two");
    assert_int_not_equal(u32_at(&a, MBR_DISK_SIGNATURE_OFFSET),
                         u32_at(&b, MBR_DISK_SIGNATURE_OFFSET));
    free(b.bytes);
    make_image(&b, "one");
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.bytes, b.bytes, a.size);
    free(a.bytes);
    free(b.bytes);
}

// ---- Refusals -----------------------------------------------------------------------------

struct broken_parts {
    uint8_t mbr[SECTOR_SIZE];
    uint8_t stage2[STAGE2_SECTORS * SECTOR_SIZE];
    struct packed_kernel kernel;
    struct image_parts parts;
};

static void make_parts(struct broken_parts *broken)
{
    struct elf_spec spec;
    struct elf_kernel kernel;
    struct message why;
    uint64_t size;

    make_loader(broken->mbr, broken->stage2, STAGE2_SECTORS, FIRST_BLOCK_SECTORS);
    elf_spec_simple(&spec);
    uint8_t *file = elf_build(&spec, 0, &size);
    assert_true(elf_parse(file, size, &kernel, &why));
    assert_true(kernel_pack(&kernel, &broken->kernel, &why));
    free(file);
    broken->parts = (struct image_parts){
        .mbr = broken->mbr,
        .mbr_bytes = sizeof(broken->mbr),
        .stage2 = broken->stage2,
        .stage2_bytes = sizeof(broken->stage2),
        .kernel = &broken->kernel,
        .command_line = "",
    };
}

// Nothing may have been written by then.
static void check_refused(struct broken_parts *broken, const char *part_of_message)
{
    struct memory_image image = {.refuse_at = UINT64_MAX};
    const struct image_writer writer = {memory_image_write, &image};
    struct message why = {.length = 0};

    assert_false(image_write(&broken->parts, &writer, &why));
    if (strstr(why.text, part_of_message) == NULL) {
        fail_msg("'%s' is not about '%s'", why.text, part_of_message);
    }
    assert_int_equal(image.size, 0);
    packed_kernel_free(&broken->kernel);
}

static void refuses_a_broken_loader(void **state)
{
    struct broken_parts broken;

    (void)state;
    make_parts(&broken);
    broken.parts.mbr_bytes = 511;
    check_refused(&broken, "the MBR built into this tool has 511 bytes");
    make_parts(&broken);
    broken.mbr[511] = 0;
    check_refused(&broken, "does not end with 55h AAh");
    make_parts(&broken);
    broken.parts.stage2_bytes = 511;
    check_refused(&broken, "only 511 bytes");
    make_parts(&broken);
    broken.parts.stage2_bytes -= SECTOR_SIZE;
    check_refused(&broken, "its header says 20 sectors");
    make_parts(&broken);
    broken.stage2[0]++;
    check_refused(&broken, "signature is missing");
    make_parts(&broken);
    make_loader(broken.mbr, broken.stage2, STAGE2_SECTORS, FIRST_BLOCK_SECTORS - 1);
    check_refused(&broken, "20 sectors, 5 of them");
    make_parts(&broken);
    make_loader(broken.mbr, broken.stage2, STAGE2_SECTORS, FIRST_BLOCK_SECTORS + 1);
    check_refused(&broken, "20 sectors, 7 of them");
    make_parts(&broken);
    broken.parts.command_line = "a\tb";
    broken.parts.command_line_bytes = 3;
    check_refused(&broken, "control character 09h at byte 1");
}

static void passes_the_writers_failure_on(void **state)
{
    static const uint64_t limits[] = {0,
                                      511,
                                      512,
                                      5000,
                                      21ull * SECTOR_SIZE,
                                      22ull * SECTOR_SIZE,
                                      30ull * SECTOR_SIZE,
                                      3024 * SECTOR_SIZE - 1};
    struct broken_parts broken;
    struct message why;

    (void)state;
    make_parts(&broken);
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        struct memory_image image = {.refuse_at = limits[i]};
        const struct image_writer writer = {memory_image_write, &image};
        assert_false(image_write(&broken.parts, &writer, &why));
        assert_string_equal(why.text, "no room");
        free(image.bytes);
    }
    packed_kernel_free(&broken.kernel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans_the_order_on_disk),
        cmocka_unit_test(refuses_more_sectors_than_the_partition_table_counts),
        cmocka_unit_test(checks_the_command_line),
        cmocka_unit_test(patches_the_mbr),
        cmocka_unit_test(patches_stage2),
        cmocka_unit_test(word_sums_follow_their_definition),
        cmocka_unit_test(lists_the_items),
        cmocka_unit_test(other_content_has_another_signature),
        cmocka_unit_test(refuses_a_broken_loader),
        cmocka_unit_test(passes_the_writers_failure_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
