// Unit tests of bootloader/load/image_header.c: one good header, and each field of it made wrong.
#include "image_header.h"
#include "unit.h"

#define HEADER_LBA   70u
#define HEADER_BYTES (UINT64_C(2) * SECTOR_SIZE)

struct test_header {
    struct image_header header;
    struct image_item items[2];
    uint8_t rest[HEADER_BYTES - sizeof(struct image_header) - 2 * sizeof(struct image_item)];
};

_Static_assert(sizeof(struct test_header) == HEADER_BYTES, "two sectors");

static void seal(struct test_header *image)
{
    image->header.checksum = image_header_checksum(image, HEADER_BYTES);
}

static struct test_header good_header(void)
{
    struct test_header image = {
        .header = {.version = IMAGE_VERSION,
                   .header_bytes = HEADER_BYTES,
                   .item_size = sizeof(struct image_item),
                   .item_count = 2,
                   .image_sectors = 1000},
        .items = {{.kind = IMAGE_ITEM_KERNEL,
                   .lba = HEADER_LBA + 2,
                   .bytes = 100 * SECTOR_SIZE - 1,
                   .memory_bytes = 0x20000,
                   .memory_alignment = 0x200000,
                   .memory_phase = 0x1FF000},
                  {.kind = IMAGE_ITEM_COMMAND_LINE,
                   .lba = HEADER_LBA + 102,
                   .bytes = COMMAND_LINE_MAX_BYTES,
                   .memory_bytes = 0x1000,
                   .memory_alignment = 0x1000}},
    };
    memcpy(image.header.magic, IMAGE_MAGIC, IMAGE_MAGIC_SIZE);
    seal(&image);
    return image;
}

static void assert_refused(const struct test_header *given, const char *words)
{
    struct test_header image = *given;
    struct image_items items;
    struct message why;
    assert_false(image_header_parse(&image, HEADER_BYTES, HEADER_LBA, &items, &why));
    assert_message_has(why.text, "image header: ");
    assert_message_has(why.text, words);
}

static void accepts_a_good_header(void **state)
{
    (void)state;
    struct test_header image = good_header();
    struct image_items items;
    struct message why;
    assert_true(image_header_parse(&image, HEADER_BYTES, HEADER_LBA, &items, &why));
    assert_memory_equal(items.kernel, &image.items[0], sizeof image.items[0]);
    assert_non_null(items.command_line);
    assert_memory_equal(items.command_line, &image.items[1], sizeof image.items[1]);
    assert_int_equal(items.image_sectors, 1000);
    // More may have been read than the header takes.
    _Alignas(8) uint8_t larger[HEADER_BYTES + SECTOR_SIZE] = {0};
    memcpy(larger, &image, sizeof image);
    assert_true(image_header_parse(larger, HEADER_BYTES + SECTOR_SIZE, HEADER_LBA, &items, &why));
}

static void command_line_is_optional(void **state)
{
    (void)state;
    struct test_header image = good_header();
    image.header.item_count = 1;
    seal(&image);
    struct image_items items;
    struct message why;
    assert_true(image_header_parse(&image, HEADER_BYTES, HEADER_LBA, &items, &why));
    assert_null(items.command_line);
}

static void sees_every_single_bit(void **state)
{
    (void)state;
    struct test_header image = good_header();
    uint8_t *bytes = (uint8_t *)&image;
    for (unsigned bit = 0; bit < HEADER_BYTES * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_refused(&image, "image");
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void checksum_is_of_the_header_with_the_field_zero(void **state)
{
    (void)state;
    struct test_header image = good_header();
    struct image_checksum sealed = image.header.checksum;
    image.header.checksum = (struct image_checksum){.sum = 1, .weighted_sum = 2};
    struct image_checksum again = image_header_checksum(&image, HEADER_BYTES);
    assert_memory_equal(&again, &sealed, sizeof sealed);
    assert_refused(&image, "checksum");
}

static void refuses_a_wrong_header(void **state)
{
    (void)state;
    struct test_header image = good_header();
    image.header.magic[0] ^= 1;
    assert_refused(&image, "magic");
    image = good_header();
    image.header.version = 3;
    assert_refused(&image, "version 3, this loader knows version 2");

    static const uint32_t wrong_sizes[] = {0,    1,     511,         513,
                                           1536, 65536, 0xFFFFFE00u, 127 * 512 + 512};
    for (unsigned i = 0; i < sizeof wrong_sizes / sizeof wrong_sizes[0]; i++) {
        image = good_header();
        image.header.header_bytes = wrong_sizes[i];
        assert_refused(&image, "its size is wrong");
    }
    image = good_header();
    image.header.item_size = 64;
    assert_refused(&image, "size of an item");
    static const uint32_t wrong_counts[] = {0, (HEADER_BYTES - 48) / 80 + 1, 0xFFFFFFFFu};
    for (unsigned i = 0; i < sizeof wrong_counts / sizeof wrong_counts[0]; i++) {
        image = good_header();
        image.header.item_count = wrong_counts[i];
        assert_refused(&image, "number of items");
    }
}

static void refuses_what_was_not_read(void **state)
{
    (void)state;
    struct test_header image = good_header();
    struct image_items items;
    struct message why;
    assert_false(image_header_parse(&image, 0, HEADER_LBA, &items, &why));
    assert_message_has(why.text, "size or place");
    assert_false(image_header_parse(&image, SECTOR_SIZE, HEADER_LBA, &items, &why));
    assert_message_has(why.text, "its size is wrong");
    assert_false(image_header_parse(&image, HEADER_BYTES, UINT64_MAX - 1, &items, &why));
    assert_message_has(why.text, "size or place");
}

// Makes one change to item 0 or 1, seals the header again and expects the words.
#define ASSERT_ITEM_REFUSED(index, change, words)                                                  \
    do {                                                                                           \
        struct test_header image = good_header();                                                  \
        struct image_item *item = &image.items[index];                                             \
        change;                                                                                    \
        seal(&image);                                                                              \
        assert_refused(&image, words);                                                             \
    } while (0)

static void refuses_wrong_kinds(void **state)
{
    (void)state;
    ASSERT_ITEM_REFUSED(0, item->kind = 0, "item 0 is of a kind this loader does not know");
    ASSERT_ITEM_REFUSED(1, item->kind = 5, "item 1 is of a kind this loader does not know");
    ASSERT_ITEM_REFUSED(1, item->kind = IMAGE_ITEM_KERNEL, "item 1 is a second kernel");
    ASSERT_ITEM_REFUSED(0, (item->kind = IMAGE_ITEM_COMMAND_LINE, item->bytes = 10),
                        "item 1 is a second command line");
    ASSERT_ITEM_REFUSED(1, item->flags = 1, "item 1 has unknown flags");
    ASSERT_ITEM_REFUSED(0, item->bytes = 0, "item 0 is empty");
    ASSERT_ITEM_REFUSED(1, item->bytes++, "more than 4095");
    ASSERT_ITEM_REFUSED(
        0, (image.header.item_count = 1, item->kind = IMAGE_ITEM_COMMAND_LINE, item->bytes = 10),
        "no kernel");
}

static void refuses_wrong_positions(void **state)
{
    (void)state;
    ASSERT_ITEM_REFUSED(0, item->lba = HEADER_LBA + 1, "item 0 lies over the header");
    ASSERT_ITEM_REFUSED(0, item->lba = 0, "item 0 lies over the header");
    ASSERT_ITEM_REFUSED(1, item->lba--, "item 1 lies over");
    ASSERT_ITEM_REFUSED(1, item->lba = 993, "item 1 passes the end");
    ASSERT_ITEM_REFUSED(1, item->lba = UINT64_MAX, "item 1 passes the end");
    ASSERT_ITEM_REFUSED(0, item->bytes = UINT64_MAX, "item 0 passes the end");
    ASSERT_ITEM_REFUSED(0, (item->bytes = UINT64_MAX, image.header.image_sectors = UINT64_MAX),
                        "item 0 has a wrong memory size");
    // One sector further and it would not fit.
    struct test_header image = good_header();
    image.items[1].lba = 992;
    seal(&image);
    struct image_items items;
    struct message why;
    assert_true(image_header_parse(&image, HEADER_BYTES, HEADER_LBA, &items, &why));
}

static void refuses_wrong_memory_wishes(void **state)
{
    (void)state;
    ASSERT_ITEM_REFUSED(0, item->memory_bytes = 0xC000, "memory size");
    ASSERT_ITEM_REFUSED(0, item->memory_bytes += 512, "memory size");
    ASSERT_ITEM_REFUSED(0, item->memory_bytes = 0, "memory size");
    ASSERT_ITEM_REFUSED(1, item->memory_alignment = 0, "memory alignment");
    ASSERT_ITEM_REFUSED(1, item->memory_alignment = 2048, "memory alignment");
    ASSERT_ITEM_REFUSED(1, item->memory_alignment = 0x3000, "memory alignment");
    ASSERT_ITEM_REFUSED(1, item->memory_alignment = 0x80000000u, "memory alignment");
    ASSERT_ITEM_REFUSED(0, item->memory_phase = 0x200000, "memory phase");
    ASSERT_ITEM_REFUSED(0, item->memory_phase = 0x800, "memory phase");
}

static void counts_sectors(void **state)
{
    (void)state;
    assert_int_equal(image_item_sectors(1), 1);
    assert_int_equal(image_item_sectors(512), 1);
    assert_int_equal(image_item_sectors(513), 2);
    assert_int_equal(image_item_sectors(UINT64_MAX), UINT64_MAX / 512 + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_a_good_header),
        cmocka_unit_test(command_line_is_optional),
        cmocka_unit_test(sees_every_single_bit),
        cmocka_unit_test(checksum_is_of_the_header_with_the_field_zero),
        cmocka_unit_test(refuses_a_wrong_header),
        cmocka_unit_test(refuses_what_was_not_read),
        cmocka_unit_test(refuses_wrong_kinds),
        cmocka_unit_test(refuses_wrong_positions),
        cmocka_unit_test(refuses_wrong_memory_wishes),
        cmocka_unit_test(counts_sectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
