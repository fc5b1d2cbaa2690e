// kernel/memory_report.c and kernel/lib/command_line.c.
#include "lib/command_line.h"
#include "memory/memory_report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

static void assert_row(uint64_t base, uint64_t length, uint32_t kind, const char *expected)
{
    const struct boot_memory_range range = {.base = base, .length = length, .kind = kind};
    char line[MEMORY_REPORT_LINE];
    assert_int_equal(memory_report_row(line, &range), strlen(expected));
    assert_string_equal(line, expected);
}

static void rows(void **state)
{
    (void)state;
    char heading[MEMORY_REPORT_LINE];
    memory_report_heading(heading);
    assert_string_equal(heading, "first byte        last byte               size  kind");
    assert_row(0, 639 * KIB, BOOT_MEMORY_USABLE,
               "0000000000000000  000000000009fbff     639 KiB  usable");
    assert_row(MIB, 1, BOOT_MEMORY_LOADER_RECLAIMABLE,
               "0000000000100000  0000000000100000       1 B    loader");
    assert_row(MIB, MIB, BOOT_MEMORY_KERNEL,
               "0000000000100000  00000000001fffff       1 MiB  kernel");
    assert_row(GIB, 9 * GIB - 1, BOOT_MEMORY_ACPI_RECLAIMABLE,
               "0000000040000000  000000027ffffffe    9215 MiB  ACPI tables");
    assert_row(GIB, 10 * GIB + 1, BOOT_MEMORY_ACPI_NVS,
               "0000000040000000  00000002c0000000      10 GiB  ACPI NVS");
    assert_row(0xB0000000, 256 * MIB, BOOT_MEMORY_RESERVED,
               "00000000b0000000  00000000bfffffff     256 MiB  reserved");
    assert_row(0x1000, 10 * KIB + 3, BOOT_MEMORY_BAD,
               "0000000000001000  0000000000003802      10 KiB  bad");
    assert_row(0, UINT64_MAX, 99, "0000000000000000  fffffffffffffffe  17179869183 GiB  unknown");
}

static void usable_memory_is_only_the_usable(void **state)
{
    (void)state;
    const struct boot_memory_range map[] = {
        {.base = 0, .length = 0x1000, .kind = BOOT_MEMORY_RESERVED},
        {.base = 0x1000, .length = 0x9E000, .kind = BOOT_MEMORY_USABLE},
        {.base = 0x100000, .length = 0x100000, .kind = BOOT_MEMORY_KERNEL},
        {.base = 0x200000, .length = 0x10000, .kind = BOOT_MEMORY_LOADER_RECLAIMABLE},
        {.base = 5 * GIB, .length = 8 * GIB, .kind = BOOT_MEMORY_USABLE},
        {.base = 20 * GIB, .length = GIB, .kind = BOOT_MEMORY_BAD},
    };
    assert_int_equal(memory_report_usable(map, 6), 0x9E000 + 8 * GIB);
    assert_int_equal(memory_report_usable(map, 2), 0x9E000);
    assert_int_equal(memory_report_usable(map, 0), 0);
}

static int has_exit(const char *line)
{
    return command_line_has_word(line, strlen(line), "exit");
}

static void finds_whole_words(void **state)
{
    (void)state;
    assert_true(has_exit("exit"));
    assert_true(has_exit("  exit  "));
    assert_true(has_exit("debug exit"));
    assert_true(has_exit("exit debug"));
    assert_true(has_exit("exits exi exit"));
    assert_false(has_exit(""));
    assert_false(has_exit("   "));
    assert_false(has_exit("exi"));
    assert_false(has_exit("exits"));
    assert_false(has_exit("no-exit"));
    assert_false(has_exit("exit=1"));
    assert_false(has_exit("EXIT"));
    assert_false(has_exit("e xit"));
}

static void reads_no_further_than_the_line(void **state)
{
    (void)state;
    assert_false(command_line_has_word("exit", 3, "exit"));
    assert_true(command_line_has_word("exits", 4, "exit"));
    assert_false(command_line_has_word("exit", 0, "exit"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows),
        cmocka_unit_test(usable_memory_is_only_the_usable),
        cmocka_unit_test(finds_whole_words),
        cmocka_unit_test(reads_no_further_than_the_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
