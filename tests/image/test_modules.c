// Unit tests of modules in an image: the writer's header and order, the reader's walk, and that
// neither holds a module in memory.
#include "image_header.h"
#include "image_layout.h"
#include "image_read.h"
#include "test_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LARGE_MODULE (0x200000 + 1)
#define MOST_READ    0x10000u // by one call
#define MANY_MODULES 800u

// A module's file: byte i is a function of i and of `seed`.
struct made_file {
    uint64_t seed;
    uint64_t bytes;
    uint64_t next;         // reading goes from the front to the back
    uint64_t passes;       // that have begun
    uint64_t change_after; // passes; other bytes then
    uint64_t fail_at;      // bytes that can be read
};

static uint8_t byte_of(uint64_t seed, uint64_t at)
{
    return (uint8_t)(1 + (at * 7 + at / 251 + seed) % 255);
}

static bool read_made_file(void *context, uint64_t offset, void *buffer, size_t size,
                           struct message *why)
{
    struct made_file *file = context;
    uint8_t *bytes = buffer;

    assert_true(size <= MOST_READ && offset + size <= file->bytes);
    if (offset == 0) {
        file->passes++;
        file->next = 0;
    }
    assert_int_equal(offset, file->next);
    file->next += size;
    if (offset + size > file->fail_at) {
        return message_refuse(why, "cannot be read");
    }
    for (size_t i = 0; i < size; i++) {
        bytes[i] = byte_of(file->seed + (file->passes > file->change_after), offset + i);
    }
    return true;
}

static struct made_file made_file(uint64_t seed, uint64_t bytes)
{
    return (struct made_file){
        .seed = seed, .bytes = bytes, .change_after = UINT64_MAX, .fail_at = UINT64_MAX};
}

static struct image_module module_of(const char *name, const char *command_line,
                                     struct made_file *file)
{
    return (struct image_module){name, command_line, {read_made_file, file, file->bytes}};
}

static void make_with(struct memory_image *image, const struct image_module *modules,
                      uint32_t count)
{
    struct image_parts parts = {
        .command_line = "quiet",
        .command_line_bytes = 5,
        .modules = modules,
        .module_count = count,
    };

    make_image_of(image, &parts);
}

static void check_content(const struct memory_image *image, const struct image_item *item,
                          uint64_t seed)
{
    const uint8_t *bytes = sector_of(image, item->lba);
    const uint64_t end = image_item_sectors(item->bytes) * SECTOR_SIZE;

    for (uint64_t i = 0; i < end; i++) {
        if (bytes[i] != (i < item->bytes ? byte_of(seed, i) : 0)) {
            fail_msg("byte %llu of the module is wrong", (unsigned long long)i);
        }
    }
}

static void writes_modules_in_order(void **state)
{
    struct made_file files[] = {made_file(1, 1), made_file(2, 512), made_file(3, 70000),
                                made_file(4, LARGE_MODULE)};
    const struct image_module modules[] = {
        module_of("a", "", &files[0]), module_of("initrd", "root=a b", &files[1]),
        module_of("a", "", &files[2]), module_of("gr\xC3\xBC\xC3\x9F large", "x", &files[3])};
    struct memory_image image;
    struct image_items items;
    struct image_item *item;
    struct message why;
    uint32_t cursor = 0;

    (void)state;
    make_with(&image, modules, 4);
    if (!image_header_parse(sector_of(&image, HEADER_LBA), SECTOR_SIZE * 2ull, HEADER_LBA, &items,
                            &why)) {
        fail_msg("refused: %s", why.text);
    }
    assert_int_equal(items.module_count, 4);
    uint64_t lba = items.kernel->lba + KERNEL_SECTORS;
    for (unsigned i = 0; i < 4; i++) {
        item = image_items_next_module(&items, &cursor);
        assert_non_null(item);
        const char *name = image_item_text(&items, item);
        assert_string_equal(name, modules[i].name);
        assert_string_equal(name + item->name_bytes + 1, modules[i].command_line);
        assert_int_equal(item->lba, lba);
        assert_int_equal(item->bytes, files[i].bytes);
        assert_int_equal(item->memory_bytes, (item->bytes + TEST_PAGE - 1) / TEST_PAGE * TEST_PAGE);
        assert_int_equal(item->memory_alignment, i == 3 ? 0x200000 : TEST_PAGE);
        assert_int_equal(item->memory_phase, 0);
        assert_int_equal(item->flags, 0);
        check_content(&image, item, files[i].seed);
        assert_int_equal(files[i].passes, 2);
        lba += image_item_sectors(item->bytes);
    }
    assert_null(image_items_next_module(&items, &cursor));
    free(image.bytes);
}

static void makes_the_header_as_large_as_needed(void **state)
{
    char command_line[COMMAND_LINE_MAX_BYTES + 1];
    char name[MODULE_NAME_MAX_BYTES + 1];
    struct made_file files[] = {made_file(1, 1), made_file(2, 2)};
    struct image_module modules[] = {module_of(name, command_line, &files[0]),
                                     module_of(name, command_line, &files[1])};
    struct memory_image image;
    struct image_report report;
    struct message why;
    struct image_plan plan;

    (void)state;
    memset(command_line, 'c', sizeof(command_line) - 1);
    command_line[sizeof(command_line) - 1] = '\0';
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    make_with(&image, modules, 2);
    read_image(&image, &report);
    assert_int_equal(report.problem_count, 0);
    // 48 of the header, 4 items of 80, 2 texts of 256 + 4096: 9072 bytes.
    assert_int_equal(report.parts[3].bytes, 18ull * SECTOR_SIZE);
    assert_int_equal(report.items.modules_text_bytes, 2 * (256 + 4096));
    image_report_free(&report);
    free(image.bytes);

    const struct packed_kernel kernel = {.size = 1};
    const struct image_parts parts = {.kernel = &kernel, .command_line = ""};
    struct image_parts full = parts;
    struct image_module many[MANY_MODULES];
    for (unsigned i = 0; i < MANY_MODULES; i++) {
        many[i] = module_of("n", "", &files[0]);
    }
    // 48 + 80 for the kernel, then 80 + 3 for each module, at most 65024.
    full.modules = many;
    full.module_count = 781;
    assert_true(image_plan_make(20, &full, &plan, &why));
    assert_int_equal(plan.header_sectors, 127);
    assert_int_equal(plan.item_count, 782);
    full.module_count = 782;
    assert_false(image_plan_make(20, &full, &plan, &why));
    assert_string_equal(why.text,
                        "782 modules with 2346 bytes of names and command lines need an image "
                        "header of 65034 bytes, 65024 are the most: give fewer modules or shorter "
                        "texts");
}

static void refuses_texts(void **state)
{
    static const struct {
        const char *name;
        const char *command_line;
        const char *message;
    } cases[] = {
        {"", "", "module 2 has no name: give it one"},
        {"a\nb", "", "the name of module 2 has control character 0ah at byte 1: remove it"},
        {"a", "b\x1b",
         "the command line of module 2 has control character 1bh at byte 1: remove "
         "it"},
    };
    const struct packed_kernel kernel = {.size = 1};
    struct made_file file = made_file(1, 1);
    char name[MODULE_NAME_MAX_BYTES + 2];
    struct image_module modules[2];
    const struct image_parts parts = {
        .kernel = &kernel, .command_line = "", .modules = modules, .module_count = 2};
    struct image_plan plan;
    struct message why;

    (void)state;
    modules[0] = module_of("good", "", &file);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        modules[1] = module_of(cases[i].name, cases[i].command_line, &file);
        assert_false(image_plan_make(20, &parts, &plan, &why));
        assert_string_equal(why.text, cases[i].message);
    }
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    modules[1] = module_of(name, "", &file);
    assert_false(image_plan_make(20, &parts, &plan, &why));
    assert_string_equal(why.text, "the name of module 2 has 256 bytes, 255 are the most: shorten "
                                  "it");
    name[MODULE_NAME_MAX_BYTES] = '\0';
    assert_true(image_plan_make(20, &parts, &plan, &why));
}

static void refuses_modules_that_no_disk_holds(void **state)
{
    const struct packed_kernel kernel = {.size = 1};
    struct made_file files[] = {made_file(1, (uint64_t)1 << 40), made_file(1, (uint64_t)1 << 40),
                                made_file(1, UINT64_MAX)};
    const struct image_module modules[] = {module_of("a", "", &files[0]),
                                           module_of("b", "", &files[1])};
    const struct image_module endless = module_of("c", "", &files[2]);
    struct image_parts parts = {
        .kernel = &kernel, .command_line = "", .modules = modules, .module_count = 1};
    struct image_plan plan;
    struct message why;

    (void)state;
    assert_true(image_plan_make(20, &parts, &plan, &why));
    parts.module_count = 2;
    assert_false(image_plan_make(20, &parts, &plan, &why));
    assert_non_null(strstr(why.text, "2048 GiB"));
    parts.modules = &endless;
    parts.module_count = 1;
    assert_false(image_plan_make(20, &parts, &plan, &why));
}

// Writes an image of one module; false with the message.
static bool write_one(struct made_file *file, struct message *why)
{
    const struct image_module module = module_of("name", "", file);
    uint8_t mbr[SECTOR_SIZE];
    uint8_t stage2[20 * SECTOR_SIZE];
    uint8_t bytes[SECTOR_SIZE] = {1};
    const struct packed_kernel kernel = {
        .bytes = bytes, .size = 1, .memory_bytes = TEST_PAGE, .memory_alignment = TEST_PAGE};
    const struct image_parts parts = {
        .mbr = mbr,
        .mbr_bytes = sizeof(mbr),
        .stage2 = stage2,
        .stage2_bytes = sizeof(stage2),
        .kernel = &kernel,
        .command_line = "",
        .modules = &module,
        .module_count = 1,
    };
    struct memory_image image = {.refuse_at = UINT64_MAX};
    const struct image_writer writer = {memory_image_write, &image};

    make_loader(mbr, stage2, 20, FIRST_BLOCK_SECTORS);
    const bool done = image_write(&parts, &writer, why);
    free(image.bytes);
    return done;
}

static void refuses_files_that_fail_or_change(void **state)
{
    struct made_file file = made_file(1, 100000);
    struct message why;

    (void)state;
    assert_true(write_one(&file, &why));
    file = made_file(1, 100000);
    file.fail_at = 70000;
    assert_false(write_one(&file, &why));
    assert_string_equal(why.text, "module 'name': cannot be read");
    file = made_file(1, 100000);
    file.change_after = 1;
    assert_false(write_one(&file, &why));
    assert_string_equal(why.text, "module 'name': changed while it was read: try again");
}

// ---- Reading ------------------------------------------------------------------------------

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
        cmocka_unit_test(writes_modules_in_order),
        cmocka_unit_test(makes_the_header_as_large_as_needed),
        cmocka_unit_test(refuses_texts),
        cmocka_unit_test(refuses_modules_that_no_disk_holds),
        cmocka_unit_test(refuses_files_that_fail_or_change),
        cmocka_unit_test(reads_modules_back),
        cmocka_unit_test(sees_damage_in_every_sector_of_a_module),
        cmocka_unit_test(reads_items_in_any_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
