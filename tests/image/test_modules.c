// Unit tests of writing modules: header, order, and that none is held in memory.
#include "image_header.h"
#include "image_read.h"
#include "module_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LARGE_MODULE (0x200000 + 1)
#define MANY_MODULES 800u

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_modules_in_order),
        cmocka_unit_test(makes_the_header_as_large_as_needed),
        cmocka_unit_test(refuses_texts),
        cmocka_unit_test(refuses_modules_that_no_disk_holds),
        cmocka_unit_test(refuses_files_that_fail_or_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
