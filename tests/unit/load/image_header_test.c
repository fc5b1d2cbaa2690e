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
    image.header.version = 4;
    assert_refused(&image, "version 4, this loader knows version 3");

    static const uint32_t wrong_sizes[] = {0,    1,     511,         513,
                                           1536, 65536, 0xFFFFFE00u, 127 * 512 + 512};
    for (unsigned i = 0; i < sizeof wrong_sizes / sizeof wrong_sizes[0]; i++) {
        image = good_header();
        image.header.header_bytes = wrong_sizes[i];
        assert_refused(&image, "wrong size");
    }
    image = good_header();
    image.header.item_size = 64;
    assert_refused(&image, "size of items");
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
    assert_message_has(why.text, "wrong size");
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
    ASSERT_ITEM_REFUSED(0, item->kind = 0, "item 0: unknown kind");
    ASSERT_ITEM_REFUSED(1, item->kind = 5, "item 1: unknown kind");
    ASSERT_ITEM_REFUSED(1, item->kind = IMAGE_ITEM_KERNEL, "item 1: second of its kind");
    ASSERT_ITEM_REFUSED(0, (item->kind = IMAGE_ITEM_COMMAND_LINE, item->bytes = 10),
                        "item 1: second of its kind");
    ASSERT_ITEM_REFUSED(1, item->flags = 1, "item 1: unknown flags");
    ASSERT_ITEM_REFUSED(0, item->bytes = 0, "item 0: empty");
    ASSERT_ITEM_REFUSED(1, item->bytes++, "command line too long");
    ASSERT_ITEM_REFUSED(
        0, (image.header.item_count = 1, item->kind = IMAGE_ITEM_COMMAND_LINE, item->bytes = 10),
        "no kernel");
}

static void refuses_wrong_positions(void **state)
{
    (void)state;
    ASSERT_ITEM_REFUSED(0, item->lba = HEADER_LBA + 1, "item 0: lies over");
    ASSERT_ITEM_REFUSED(0, item->lba = 0, "item 0: lies over");
    ASSERT_ITEM_REFUSED(1, item->lba--, "item 1: lies over");
    ASSERT_ITEM_REFUSED(1, item->lba = 993, "item 1: passes the end");
    ASSERT_ITEM_REFUSED(1, item->lba = UINT64_MAX, "item 1: passes the end");
    ASSERT_ITEM_REFUSED(0, item->bytes = UINT64_MAX, "item 0: passes the end");
    ASSERT_ITEM_REFUSED(0, (item->bytes = UINT64_MAX, image.header.image_sectors = UINT64_MAX),
                        "item 1: lies over");
    ASSERT_ITEM_REFUSED(0,
                        (item->bytes = UINT64_MAX, image.header.image_sectors = UINT64_MAX,
                         image.header.item_count = 1),
                        "item 0: wrong memory size");
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
    ASSERT_ITEM_REFUSED(0, item->memory_phase = 0x200000, "memory alignment or phase");
    ASSERT_ITEM_REFUSED(0, item->memory_phase = 0x800, "memory alignment or phase");
}

// ---- Modules and symbols --------------------------------------------------------------------

// A kernel, symbols, two modules, and the modules' texts behind the items.
struct module_header {
    struct image_header header;
    struct image_item items[4];
    char texts[HEADER_BYTES - sizeof(struct image_header) - 4 * sizeof(struct image_item)];
};

_Static_assert(sizeof(struct module_header) == HEADER_BYTES, "two sectors");

#define TEXTS "disk\0ro quiet\0font\0"

static struct module_header module_header(void)
{
    struct module_header image = {.texts = TEXTS};
    const struct test_header plain = good_header();
    const struct image_item symbols = {.kind = IMAGE_ITEM_SYMBOLS,
                                       .lba = HEADER_LBA + 102,
                                       .bytes = 1,
                                       .memory_bytes = 0x1000,
                                       .memory_alignment = 0x1000};
    image.header = plain.header;
    image.header.item_count = 4;
    image.items[0] = plain.items[0];
    image.items[0].flags = IMAGE_ITEM_ALIGNMENT_REQUIRED | IMAGE_ITEM_AVOID_ISA_HOLE;
    image.items[1] = symbols;
    image.items[2] = symbols;
    image.items[2].kind = IMAGE_ITEM_MODULE;
    image.items[2].lba++;
    image.items[2].text_offset = offsetof(struct module_header, texts);
    image.items[2].name_bytes = 4;
    image.items[2].command_line_bytes = 8;
    image.items[3] = image.items[2];
    image.items[3].lba++;
    image.items[3].text_offset += 14;
    image.items[3].command_line_bytes = 0;
    return image;
}

static bool parse_modules(struct module_header *image, struct image_items *items,
                          struct message *why)
{
    image->header.checksum = image_header_checksum(image, HEADER_BYTES);
    return image_header_parse(image, HEADER_BYTES, HEADER_LBA, items, why);
}

static void modules_and_symbols(void **state)
{
    (void)state;
    struct module_header image = module_header();
    struct image_items items;
    struct message why = {.text = ""};
    if (!parse_modules(&image, &items, &why)) {
        fail_msg("%s", why.text);
    }
    assert_ptr_equal(items.symbols, &image.items[1]);
    assert_null(items.command_line);
    assert_int_equal(items.module_count, 2);
    assert_int_equal(items.modules_text_bytes, sizeof TEXTS - 1 + 1);
    uint32_t cursor = 0;
    const struct image_item *module = image_items_next_module(&items, &cursor);
    assert_ptr_equal(module, &image.items[2]);
    assert_string_equal(image_item_text(&items, module), "disk");
    assert_string_equal(image_item_text(&items, module) + 5, "ro quiet");
    module = image_items_next_module(&items, &cursor);
    assert_ptr_equal(module, &image.items[3]);
    assert_string_equal(image_item_text(&items, module), "font");
    assert_null(image_items_next_module(&items, &cursor));
    assert_null(image_items_next_module(&items, &cursor));
}

// A text may end with the header's last byte.
static void texts_up_to_the_end(void **state)
{
    (void)state;
    struct module_header image = module_header();
    struct image_items items;
    struct message why;
    const uint32_t last = sizeof image.texts - 6;
    memcpy(image.texts + last, "font\0", 6);
    image.items[3].text_offset = offsetof(struct module_header, texts) + last;
    assert_true(parse_modules(&image, &items, &why));
    image.items[3].text_offset++;
    assert_false(parse_modules(&image, &items, &why));
    assert_message_has(why.text, "item 3: text outside the header");
}

#define ASSERT_MODULE_REFUSED(index, change, words)                                                \
    do {                                                                                           \
        struct module_header image = module_header();                                              \
        struct image_item *item = &image.items[index];                                             \
        struct image_items items;                                                                  \
        struct message why;                                                                        \
        (void)item;                                                                                \
        change;                                                                                    \
        assert_false(parse_modules(&image, &items, &why));                                         \
        assert_message_has(why.text, words);                                                       \
    } while (0)

static void refuses_wrong_modules(void **state)
{
    (void)state;
    ASSERT_MODULE_REFUSED(0, item->flags = 8, "item 0: unknown flags");
    ASSERT_MODULE_REFUSED(1, item->flags = 1, "item 1: unknown flags");
    ASSERT_MODULE_REFUSED(2, item->flags = 2, "item 2: unknown flags");
    ASSERT_MODULE_REFUSED(2, item->kind = IMAGE_ITEM_SYMBOLS, "item 2: second of its kind");
    ASSERT_MODULE_REFUSED(2, item->kind = 5, "item 2: unknown kind");
    ASSERT_MODULE_REFUSED(2, item->bytes = 0, "item 2: empty");
    ASSERT_MODULE_REFUSED(2, item->physical_address = 0x1000, "item 2: says where in memory");
    ASSERT_MODULE_REFUSED(0, item->physical_address = 1, "item 0: says where in memory");
    ASSERT_MODULE_REFUSED(0, item->text_offset = 1, "item 0: has a text");
    ASSERT_MODULE_REFUSED(1, item->name_bytes = 1, "item 1: has a text");
    ASSERT_MODULE_REFUSED(1, item->command_line_bytes = 1, "item 1: has a text");
}

static void refuses_wrong_texts(void **state)
{
    (void)state;
    ASSERT_MODULE_REFUSED(2, item->name_bytes = 0, "item 2: text outside the header");
    ASSERT_MODULE_REFUSED(2, item->name_bytes = 256, "item 2: text outside the header");
    ASSERT_MODULE_REFUSED(2, item->command_line_bytes = 4096, "item 2: text outside the header");
    ASSERT_MODULE_REFUSED(2, item->text_offset--, "item 2: text outside the header");
    ASSERT_MODULE_REFUSED(2, item->text_offset = 0, "item 2: text outside the header");
    ASSERT_MODULE_REFUSED(2, item->text_offset = UINT32_MAX, "item 2: text outside the header");
    ASSERT_MODULE_REFUSED(2, item->text_offset = HEADER_BYTES, "item 2: text outside the header");
    ASSERT_MODULE_REFUSED(2, item->name_bytes = 3, "item 2: text of another length");
    ASSERT_MODULE_REFUSED(2, item->command_line_bytes--, "item 2: text of another length");
    ASSERT_MODULE_REFUSED(3, item->command_line_bytes++, "item 3: text of another length");
    ASSERT_MODULE_REFUSED(2, image.texts[4] = ' ', "item 2: text of another length");
    ASSERT_MODULE_REFUSED(2, image.texts[1] = '\0', "item 2: text of another length");
    ASSERT_MODULE_REFUSED(2, image.texts[13] = 'x', "item 2: text of another length");
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
        cmocka_unit_test(modules_and_symbols),
        cmocka_unit_test(texts_up_to_the_end),
        cmocka_unit_test(refuses_wrong_modules),
        cmocka_unit_test(refuses_wrong_texts),
        cmocka_unit_test(counts_sectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
