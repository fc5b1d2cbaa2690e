// Whole boots with what comes along: modules, symbols, a framebuffer, text mode.
#include "entered_kernel.h"
#include "firstlight/boot_request.h"
#include "image_format.h"
#include "memory_layout.h"
#include "test_boot.h"
#include "unit.h"

static struct test_boot *boot_with(const struct boot_image_module *modules, uint32_t count,
                                   const uint8_t *symbols, size_t symbols_bytes)
{
    struct elf_file kernel = ordinary_kernel();
    struct boot_image image;
    boot_image_make_with(&image, &kernel, modules, count, symbols, symbols_bytes);
    struct test_boot *boot = test_boot_begin_bare(kernel, image);
    boot->command_line = "with";
    test_boot_add_memory(boot, MIB, 63 * MIB);
    return boot;
}

static void modules_arrive_as_they_were(void **state)
{
    (void)state;
    uint64_t seed = 3;
    static uint8_t bytes[3 * MIB];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(random_next(&seed) >> 56);
    }
    const struct boot_image_module modules[] = {
        {"one byte", "", bytes, 1},
        {"a page", "its own line", bytes + 1, 0x1000},
        {"odd", "x=1 y=2", bytes + 77, 0x12345},
        {"large", "", bytes, 2 * MIB + 0x7777},
    };
    struct test_boot *boot = boot_with(modules, 4, NULL, 0);
    fake_machine_boot(&boot->machine);
    struct entered_kernel kernel;
    entered_kernel_begin(&kernel, &boot->machine);
    entered_kernel_check_segments(&kernel, &boot->kernel);
    entered_kernel_check_command_line(&kernel, "with");
    entered_kernel_check_modules(&kernel, modules, 4);
    assert_int_equal(kernel.info.symbols.count, 0);
    entered_kernel_end(&kernel);
    test_boot_end(boot);
}

// A boot stops at a module that is damaged, and its message says `words`.
static void a_damaged_module_is_called(const char *name, const char *words)
{
    const struct boot_image_module module = {name, "", "text", 4};
    struct test_boot *boot = boot_with(&module, 1, NULL, 0);
    const uint64_t lba = boot_image_item(&boot->image, IMAGE_ITEM_MODULE)->lba;
    boot->image.bytes[lba * SECTOR_SIZE] ^= 1;
    test_boot_stops(boot, words);
    test_boot_end(boot);
}

// Other bytes would be taken for packed ones.
static void messages_name_modules_in_short_ascii(void **state)
{
    (void)state;
    char name[66] = "";
    memset(name, 'n', 64);
    a_damaged_module_is_called("initrd ~", "firstlight: initrd ~ is damaged");
    a_damaged_module_is_called(name, "nnn is damaged");
    name[64] = 'n';
    a_damaged_module_is_called(name, "firstlight: module is damaged");
    a_damaged_module_is_called("gr\xC3\xB6\xC3\x9F"
                               "e",
                               "firstlight: module is damaged");
}

struct symbols {
    struct symbols_header header;
    struct boot_symbol table[2];
    char names[16];
};

static void symbols_arrive(void **state)
{
    (void)state;
    struct symbols symbols = {{2, 16}, {{0x10, 0}, {0x40, 7}}, "_start\0panic\0ab"};
    const struct boot_image_module module = {"m", "", "text", 4};
    struct test_boot *boot = boot_with(&module, 1, (const uint8_t *)&symbols, sizeof symbols);
    fake_machine_boot(&boot->machine);
    struct entered_kernel kernel;
    entered_kernel_begin(&kernel, &boot->machine);
    entered_kernel_check_modules(&kernel, &module, 1);
    entered_kernel_check_symbols(&kernel, (const uint8_t *)&symbols, sizeof symbols);
    entered_kernel_end(&kernel);
    test_boot_end(boot);

    symbols.table[0].name = 16;
    boot = boot_with(&module, 1, (const uint8_t *)&symbols, sizeof symbols);
    test_boot_stops(boot, "symbols: wrong");
    test_boot_end(boot);
}

// Of a module of some reads, on a machine whose clock goes on by so much from one read to the next.
static struct test_boot *boot_a_long_load(uint16_t ticks_between)
{
    static uint8_t bytes[3 * MIB];
    const struct boot_image_module module = {"long", "", bytes, sizeof bytes};
    struct test_boot *boot = boot_with(&module, 1, NULL, 0);
    boot->machine.ticks_between = ticks_between;
    fake_machine_boot(&boot->machine);
    struct entered_kernel kernel;
    entered_kernel_begin(&kernel, &boot->machine);
    entered_kernel_check_modules(&kernel, &module, 1);
    entered_kernel_end(&kernel);
    return boot;
}

static void a_slow_load_is_told(void **state)
{
    (void)state;
    struct test_boot *boot = boot_a_long_load(0); // the clock stands still
    assert_int_equal(boot->machine.shown, 0);
    test_boot_end(boot);

    const uint32_t reads = (3 * MIB / SECTOR_SIZE + DISK_BUFFER_SECTORS - 1) / DISK_BUFFER_SECTORS;
    boot = boot_a_long_load(9); // half a second
    assert_in_range(boot->machine.shown, reads / 2, reads / 2 + 5);
    assert_string_equal(boot->machine.last_shown.text, "\rloading long: 99 %\r\n");
    test_boot_end(boot);

    boot = boot_a_long_load(18); // a second: each read, and the end of each item's line
    assert_in_range(boot->machine.shown, reads, reads + 8);
    test_boot_end(boot);
}

static void text_mode_is_described(void **state)
{
    (void)state;
    struct test_boot *boot = test_boot_begin(ordinary_kernel(), "");
    boot->machine.text_mode = (struct boot_text_mode){
        .physical_address = 0xB8000, .columns = 80, .rows = 25, .cursor_row = 7};
    fake_machine_boot(&boot->machine);
    struct entered_kernel kernel;
    entered_kernel_begin(&kernel, &boot->machine);
    assert_int_equal((uintptr_t)kernel.info.text_mode.address, 0xB8000);
    assert_int_equal(kernel.info.text_mode.rows, 25);
    assert_int_equal(kernel.info.text_mode.cursor_row, 7);
    assert_int_equal(kernel.info.framebuffer.size, 0);
    assert_int_equal(kernel.info.tables.rsdp_physical, FAKE_RSDP);
    assert_int_equal(kernel.info.disk.signature, FAKE_DISK_SIGNATURE);
    assert_int_equal(kernel.info.firmware, BOOT_FIRMWARE_BIOS);
    assert_int_equal(kernel.info.tsc_frequency, FAKE_FREQUENCY);
    assert_int_equal(kernel.info.timestamp_count, BOOT_STEP_COUNT);
    entered_kernel_end(&kernel);
    test_boot_end(boot);
}

// A kernel that asks for a framebuffer, as its note says.
static struct test_boot *boot_asking_for_video(uint32_t video)
{
    const struct boot_request_note note = {
        .name_size = sizeof BOOT_REQUEST_NOTE_NAME,
        .descriptor_size = sizeof(struct boot_request),
        .type = BOOT_REQUEST_NOTE_TYPE,
        .name = BOOT_REQUEST_NOTE_NAME,
        .request = {.version = BOOT_REQUEST_VERSION,
                    .size = sizeof(struct boot_request),
                    .video = video},
    };
    struct elf64_program_header segments[] = {
        loadable(RX, KERNEL_BASE, 0x1000, 0x1800, 0x1800),
        loadable(R, KERNEL_BASE + 0x2000, 0x3000, 0x800, 0x800),
        loadable(R, KERNEL_BASE + 0x2000, 0x3000, sizeof note, sizeof note),
    };
    segments[2].p_type = ELF_PT_NOTE;
    segments[2].p_align = 8;
    struct elf_file file =
        elf_file_make(segments, 3, sizeof(struct elf64_header), 0x3800, KERNEL_BASE);
    memcpy(file.bytes + 0x3000, &note, sizeof note);
    struct test_boot *boot = test_boot_begin(file, "");
    boot->machine.framebuffer = (struct boot_framebuffer){.physical_address = 0xFD000000,
                                                          .size = 1280ull * 1024 * 4,
                                                          .width = 1280,
                                                          .height = 1024,
                                                          .pitch = 1280 * 4,
                                                          .bits_per_pixel = 32};
    return boot;
}

static void a_framebuffer_is_mapped(void **state)
{
    (void)state;
    struct test_boot *boot = boot_asking_for_video(BOOT_VIDEO_FRAMEBUFFER);
    fake_machine_boot(&boot->machine);
    struct entered_kernel kernel;
    entered_kernel_begin(&kernel, &boot->machine);
    const struct boot_framebuffer *screen = &kernel.info.framebuffer;
    assert_true(boot->machine.framebuffer_set);
    assert_int_equal(screen->physical_address, 0xFD000000);
    assert_int_equal(screen->pitch, 1280 * 4);
    struct mapping mapping;
    for (uint64_t at = 0; at < screen->size; at += 0x1000) {
        assert_true(page_walker_find(&kernel.walker, (uintptr_t)screen->address + at, &mapping));
        assert_int_equal(mapping.physical_address +
                             ((uintptr_t)screen->address + at) % mapping.size,
                         0xFD000000 + at);
    }
    assert_int_equal(kernel.info.text_mode.columns, 0);
    entered_kernel_end(&kernel);
    test_boot_end(boot);
}

static void text_mode_where_there_is_no_framebuffer(void **state)
{
    (void)state;
    struct test_boot *boot = boot_asking_for_video(BOOT_VIDEO_FRAMEBUFFER);
    boot->machine.framebuffer_refused = true;
    boot->machine.text_mode = (struct boot_text_mode){.physical_address = 0xB8000, .columns = 80};
    fake_machine_boot(&boot->machine);
    struct entered_kernel kernel;
    entered_kernel_begin(&kernel, &boot->machine);
    assert_false(boot->machine.framebuffer_set);
    assert_int_equal(kernel.info.framebuffer.size, 0);
    assert_null(kernel.info.framebuffer.address);
    assert_int_equal(kernel.info.text_mode.columns, 80);
    entered_kernel_end(&kernel);
    test_boot_end(boot);
}

// Firmware that puts the framebuffer over the kernel is not believed.
static void a_framebuffer_over_the_kernel(void **state)
{
    (void)state;
    struct test_boot *boot = boot_asking_for_video(BOOT_VIDEO_FRAMEBUFFER_REQUIRED);
    boot->machine.framebuffer.physical_address = MIB;
    test_boot_stops(boot, "firmware puts a device at 0x100000, 5242880 bytes");
    test_boot_end(boot);

    boot = boot_asking_for_video(BOOT_VIDEO_FRAMEBUFFER);
    boot->machine.framebuffer.physical_address = MIB;
    boot->machine.text_mode = (struct boot_text_mode){.physical_address = 0xB8000, .columns = 80};
    fake_machine_boot(&boot->machine);
    assert_false(boot->machine.framebuffer_set);
    struct entered_kernel kernel;
    entered_kernel_begin(&kernel, &boot->machine);
    assert_int_equal(kernel.info.framebuffer.size, 0);
    assert_int_equal(kernel.info.text_mode.columns, 80);
    entered_kernel_check_segments(&kernel, &boot->kernel);
    entered_kernel_end(&kernel);
    test_boot_end(boot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modules_arrive_as_they_were),
        cmocka_unit_test(messages_name_modules_in_short_ascii),
        cmocka_unit_test(symbols_arrive),
        cmocka_unit_test(a_slow_load_is_told),
        cmocka_unit_test(text_mode_is_described),
        cmocka_unit_test(a_framebuffer_is_mapped),
        cmocka_unit_test(text_mode_where_there_is_no_framebuffer),
        cmocka_unit_test(a_framebuffer_over_the_kernel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
