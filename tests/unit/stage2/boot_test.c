// Unit tests of stage 2's main.c and image.c: boots that succeed, on machines that fail nothing.
#include "entered_kernel.h"
#include "fake_disk.h"
#include "kernel_layout.h"
#include "test_boot.h"
#include "unit.h"

#define ELF_HEADER sizeof(struct elf64_header)

static void an_ordinary_kernel_boots(void **state)
{
    (void)state;
    struct test_boot *boot = test_boot_begin(ordinary_kernel(), "");
    test_boot_enters(boot);
    fake_disk_check_thrift(&boot->machine.disk);
    test_boot_end(boot);
}

static void every_length_of_command_line_arrives(void **state)
{
    (void)state;
    static const size_t lengths[] = {1, 511, 512, 513, 4094, COMMAND_LINE_MAX_BYTES};
    static char text[COMMAND_LINE_MAX_BYTES + 1];
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        memset(text, 'a' + (int)i, lengths[i]);
        text[lengths[i]] = '\0';
        struct test_boot *boot = test_boot_begin(ordinary_kernel(), text);
        test_boot_enters(boot);
        fake_disk_check_thrift(&boot->machine.disk);
        test_boot_end(boot);
    }
}

static void a_command_line_is_not_left_over(void **state)
{
    (void)state;
    struct test_boot *boot = test_boot_begin(ordinary_kernel(), "left over from the boot before");
    test_boot_enters(boot);
    test_boot_end(boot);
    boot = test_boot_begin(ordinary_kernel(), "");
    test_boot_enters(boot);
    test_boot_end(boot);
}

static void every_kind_of_cpu(void **state)
{
    (void)state;
    for (unsigned features = 0; features < 4; features++) {
        struct test_boot *boot = test_boot_begin(ordinary_kernel(), "exit");
        boot->machine.nx = (features & 1) != 0;
        boot->machine.gigabyte_pages = (features & 2) != 0;
        test_boot_add_memory(boot, 4 * GIB, 4 * GIB);
        test_boot_enters(boot);
        struct entered_kernel kernel;
        entered_kernel_begin(&kernel, &boot->machine);
        assert_int_equal(kernel.largest_page, boot->machine.gigabyte_pages ? GIB : 2 * MIB);
        entered_kernel_end(&kernel);
        test_boot_end(boot);
    }
}

static void the_boot_drive_is_passed_on(void **state)
{
    (void)state;
    static const uint8_t drives[] = {0x00, 0x01, 0x80, 0x81, 0xE0, 0xFE};
    for (size_t i = 0; i < sizeof drives; i++) {
        struct test_boot *boot = test_boot_begin(ordinary_kernel(), "");
        boot->machine.disk.drive = drives[i];
        test_boot_enters(boot); // compares
        test_boot_end(boot);
    }
}

// ---- Kernels of every shape ---------------------------------------------------------------

static void a_large_kernel_is_read_once_in_few_transfers(void **state)
{
    (void)state;
    struct test_boot *boot = test_boot_begin(large_kernel(8 * MIB), "quiet");
    const uint64_t sectors = 8 * MIB / SECTOR_SIZE;
    test_boot_enters(boot);
    fake_disk_check_thrift(&boot->machine.disk);
    assert_in_range(boot->machine.disk.transfers, sectors / 127, sectors / 127 + 5);
    // Its wish for 2 MiB pages was granted.
    const struct image_item *item = boot_image_item(&boot->image, IMAGE_ITEM_KERNEL);
    assert_int_equal(item->memory_alignment, 2 * MIB);
    assert_int_equal(boot->machine.blocks[0].physical % item->memory_alignment, item->memory_phase);
    test_boot_end(boot);
}

// Sizes around what one transfer holds.
static void kernels_of_all_sizes_boot(void **state)
{
    (void)state;
    for (uint64_t pages = 11; pages < 19; pages++) {
        struct test_boot *boot = test_boot_begin(large_kernel(pages * PAGE_SIZE), "");
        test_boot_enters(boot);
        fake_disk_check_thrift(&boot->machine.disk);
        test_boot_end(boot);
    }
}

// Its file's last page shows nothing of what was in memory before.
static void a_kernel_without_bss_boots(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {1, SECTOR_SIZE - 1, SECTOR_SIZE, PAGE_SIZE - 1, PAGE_SIZE};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const struct elf64_program_header segments[] = {
            loadable(RX, KERNEL_BASE, 0x1000, 0x100, 0x100),
            loadable(RW, KERNEL_BASE + 0x1000, 0x2000, sizes[i], sizes[i]),
        };
        struct test_boot *boot = test_boot_begin(
            elf_file_make(segments, 2, ELF_HEADER, 0x2000 + sizes[i], KERNEL_BASE), "");
        test_boot_enters(boot);
        test_boot_end(boot);
    }
}

static void a_kernel_in_the_low_half_boots(void **state)
{
    (void)state;
    const struct elf64_program_header segments[] = {
        loadable(RX, 0x200000, 0x1000, 0x100, 0x100),
        loadable(RW, 0x201000, 0x2000, 0x100, 0x3000),
    };
    struct test_boot *boot =
        test_boot_begin(elf_file_make(segments, 2, ELF_HEADER, 0x2100, 0x200000), "");
    test_boot_enters(boot);
    test_boot_end(boot);
}

static void a_segment_wins_over_the_screen(void **state)
{
    (void)state;
    const struct elf64_program_header segments[] = {
        loadable(RX, 0xB8000, 0x1000, 0x100, 0x100),
        loadable(RW, 0xB9000, 0x2000, 0x100, 0x3000),
    };
    struct test_boot *boot =
        test_boot_begin(elf_file_make(segments, 2, ELF_HEADER, 0x2100, 0xB8000), "");
    test_boot_enters(boot);
    test_boot_end(boot);
}

static void a_kernel_where_the_loader_puts_its_own_boots(void **state)
{
    (void)state;
    const struct elf64_program_header segments[] = {
        loadable(RX, 0xFFFF800000000000u, 0x1000, 0x100, 0x100),
        loadable(RW, 0xFFFFFF0000000000u, 0x2000, 0x100, 0x3000),
    };
    struct test_boot *boot =
        test_boot_begin(elf_file_make(segments, 2, ELF_HEADER, 0x2100, 0xFFFF800000000000u), "");
    test_boot_enters(boot);
    test_boot_end(boot);
}

// ---- Kernels that bootimage did not lay out -----------------------------------------------

// Boots the kernel from an image that holds it as it is. Returns the layout stage 2 will find.
static struct kernel_layout boots_unpacked(struct elf_file kernel)
{
    struct elf_kernel elf;
    struct kernel_layout layout;
    struct message why;
    assert_true(elf_parse(kernel.bytes, kernel.size, &elf, &why));
    assert_true(kernel_layout_plan(&elf, &layout, &why));
    struct boot_image image;
    boot_image_make_unpacked(&image, &kernel, layout.memory_bytes);
    struct test_boot *boot = test_boot_begin_bare(kernel, image);
    test_boot_add_memory(boot, MIB, 15 * MIB);
    test_boot_enters(boot);
    fake_disk_check_thrift(&boot->machine.disk);
    test_boot_end(boot);
    return layout;
}

// Segments that share pages, .bss between them, offsets that do not match addresses: stage 2 copies
// them all.
static void a_kernel_that_must_be_copied_boots(void **state)
{
    (void)state;
    const struct elf64_program_header segments[] = {
        loadable(RX, KERNEL_BASE + 0x100, 0x200, 0x1400, 0x1400),
        loadable(R, KERNEL_BASE + 0x1600, 0x1700, 0x300, 0x300),
        loadable(RW, KERNEL_BASE + 0x2000, 0x1B10, 0x800, 0x2400),
        loadable(RW, KERNEL_BASE + 0x4400, 0x2400, 0x123, 0x4000),
    };
    struct elf_file kernel = elf_file_make(segments, 4, ELF_HEADER, 0x2523, KERNEL_BASE + 0x100);
    for (uint32_t i = 0; i < 4; i++) {
        elf_file_segment(&kernel, i)->p_align = 1;
    }
    const struct kernel_layout layout = boots_unpacked(kernel);
    assert_int_equal(layout.base_offset, layout.file_bytes);
}

// .bss between the segments: its pages lie behind the file.
static void a_kernel_in_several_pieces_boots(void **state)
{
    (void)state;
    const struct elf64_program_header segments[] = {
        loadable(RX, KERNEL_BASE, 0x1000, 0x1000, 0x1000),
        loadable(RW, KERNEL_BASE + 0x1000, 0x2000, 0x900, 0x5000),
        loadable(R, KERNEL_BASE + 0x8000, 0x3000, 0x1000, 0x1000),
    };
    const struct kernel_layout layout =
        boots_unpacked(elf_file_make(segments, 3, ELF_HEADER, 0x4000, KERNEL_BASE));
    assert_false(layout.contiguous);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ordinary_kernel_boots),
        cmocka_unit_test(every_length_of_command_line_arrives),
        cmocka_unit_test(a_command_line_is_not_left_over),
        cmocka_unit_test(every_kind_of_cpu),
        cmocka_unit_test(the_boot_drive_is_passed_on),
        cmocka_unit_test(a_large_kernel_is_read_once_in_few_transfers),
        cmocka_unit_test(kernels_of_all_sizes_boot),
        cmocka_unit_test(a_kernel_without_bss_boots),
        cmocka_unit_test(a_kernel_in_the_low_half_boots),
        cmocka_unit_test(a_segment_wins_over_the_screen),
        cmocka_unit_test(a_kernel_where_the_loader_puts_its_own_boots),
        cmocka_unit_test(a_kernel_that_must_be_copied_boots),
        cmocka_unit_test(a_kernel_in_several_pieces_boots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
