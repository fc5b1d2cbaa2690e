// What the tests of whole boots share.
#include "test_boot.h"

#include "entered_kernel.h"
#include "unit.h"

#define PAGE 0x1000u

struct elf_file large_kernel(uint64_t bytes)
{
    const struct elf64_program_header segments[] = {
        loadable(RX, KERNEL_BASE, PAGE, 0x1800, 0x1800),
        loadable(R, KERNEL_BASE + 0x2000, 0x3000, bytes, bytes),
        loadable(RW, KERNEL_BASE + 0x2000 + bytes, 0x3000 + bytes, 0x900, 0x5900),
    };
    return elf_file_make(segments, 3, sizeof(struct elf64_header), 0x3900 + bytes,
                         KERNEL_BASE + 0x10);
}

struct elf_file ordinary_kernel(void)
{
    return large_kernel(PAGE);
}

struct test_boot *test_boot_begin_bare(struct elf_file kernel, struct boot_image image)
{
    struct test_boot *boot = allocate(sizeof *boot);
    *boot = (struct test_boot){.kernel = kernel, .command_line = "", .image = image};
    fake_machine_begin(&boot->machine, 0x80, &boot->image);
    return boot;
}

struct test_boot *test_boot_begin(struct elf_file kernel, const char *command_line)
{
    struct boot_image image;
    boot_image_make(&image, &kernel, command_line);
    struct test_boot *boot = test_boot_begin_bare(kernel, image);
    boot->command_line = command_line;
    test_boot_add_memory(boot, MIB, 63 * MIB);
    return boot;
}

void test_boot_end(struct test_boot *boot)
{
    fake_machine_end(&boot->machine);
    boot_image_free(&boot->image);
    elf_file_free(&boot->kernel);
    free(boot);
}

void test_boot_add_memory(struct test_boot *boot, uint64_t base, uint64_t length)
{
    fake_machine_add_range(&boot->machine, base, length, BOOT_MEMORY_USABLE);
}

void test_boot_check_entered(const struct test_boot *boot)
{
    struct entered_kernel kernel;
    entered_kernel_begin(&kernel, &boot->machine);
    entered_kernel_check_segments(&kernel, &boot->kernel);
    entered_kernel_check_command_line(&kernel, boot->command_line);
    entered_kernel_end(&kernel);
}

void test_boot_enters(struct test_boot *boot)
{
    fake_machine_boot(&boot->machine);
    test_boot_check_entered(boot);
}

void test_boot_check_stopped(const struct test_boot *boot, const char *words)
{
    assert_int_equal(boot->machine.ending, BOOT_STOPPED);
    const struct message *line = &boot->machine.line;
    assert_memory_equal(line->text, "firstlight: ", sizeof "firstlight: " - 1);
    assert_message_has(line->text, words);
    assert_null(strchr(line->text, '\n'));
    // Not cut short, with room for the end of the line.
    assert_true(line->length + sizeof "\r\n" <= MESSAGE_CAPACITY);
}

void test_boot_stops(struct test_boot *boot, const char *words)
{
    fake_machine_boot(&boot->machine);
    test_boot_check_stopped(boot, words);
}
