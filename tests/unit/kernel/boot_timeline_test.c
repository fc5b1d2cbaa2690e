// kernel/boot_timeline.c.
#include "boot_timeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TEXT_MOST 8192

static void append(void *context, const char *line)
{
    char *text = context;
    const size_t used = strlen(text);
    const int more = snprintf(text + used, TEXT_MOST - used, "%s\n", line);
    assert_in_range(more, 1, TEXT_MOST - used - 1);
}

static void assert_timeline(const struct boot_info *info, uint64_t kernel_start,
                            const char *expected)
{
    char text[TEXT_MOST] = "";
    boot_timeline_write(info, kernel_start, append, text);
    assert_string_equal(text, expected);
}

// Three steps, the last of which reads the kernel and a module with a name that would break lines.
static struct boot_info three_steps(uint64_t frequency)
{
    static const struct boot_item items[] = {
        {.kind = BOOT_ITEM_KERNEL,
         .stored_bytes = 500000,
         .bytes = 1000000,
         .begin = 4200,
         .parts = {1000, 200, 600}},
        {.kind = BOOT_ITEM_MODULE,
         .stored_bytes = 3,
         .bytes = 3,
         .begin = 6000,
         .parts = {1000, 1, 0}},
    };
    static const struct boot_module module = {.name = "a\nb\x7F\xC3\xA4 c"};
    return (struct boot_info){
        .tsc_frequency = frequency,
        .timestamp_count = BOOT_STEP_COUNT,
        .timestamps =
            {[BOOT_STEP_MBR] = 1000, [BOOT_STEP_STAGE2] = 4000, [BOOT_STEP_KERNEL] = 8000},
        .items = items,
        .item_count = 2,
        .modules = &module,
        .module_count = 1,
    };
}

static void steps_come_in_the_order_of_time(void **state)
{
    (void)state;
    const struct boot_info info = three_steps(0);
    assert_timeline(
        &info, 9000,
        "boot timeline in cycles of the time-stamp counter\n"
        "       from        took       bytes     bytes/s  part        of\n"
        "          0        1000           -           -  step        firmware and MBR\n"
        "       1000        3000           -           -  step        reading stage 2\n"
        "       4000        4000           -           -  step        kernel\n"
        "       4200        1000      500000           -  read        kernel\n"
        "       5200         200     1000000           -  verify      kernel\n"
        "       5400         600     1000000           -  decompress  kernel\n"
        "       6000        1000           3           -  read        a?b??? c\n"
        "       7000           1           3           -  verify      a?b??? c\n"
        "       8000        1000           -           -  step        entering the kernel\n"
        "          0        9000           -           -  total       to the kernel's first "
        "instruction\n");
}

// At 2 MHz a cycle is half a microsecond.
static void a_known_frequency_gives_time(void **state)
{
    (void)state;
    struct boot_info info = three_steps(2000000);
    info.item_count = 1;
    assert_timeline(
        &info, 9001,
        "boot timeline in microseconds, time-stamp counter at 2000000 Hz\n"
        "       from        took       bytes     bytes/s  part        of\n"
        "          0         500           -           -  step        firmware and MBR\n"
        "        500        1500           -           -  step        reading stage 2\n"
        "       2000        2000           -           -  step        kernel\n"
        "       2100         500      500000  1000000000  read        kernel\n"
        "       2600         100     1000000 10000000000  verify      kernel\n"
        "       2700         300     1000000  3333333333  decompress  kernel\n"
        "       4000         500           -           -  step        entering the kernel\n"
        "          0        4500           -           -  total       to the kernel's first "
        "instruction\n");
}

// A step without a stamp, one that this kernel does not know, and numbers at their limits.
static void odd_stamps_are_borne(void **state)
{
    (void)state;
    const struct boot_info info = {
        .tsc_frequency = UINT64_MAX,
        .timestamp_count = BOOT_STEP_COUNT + 1,
        .timestamps = {[BOOT_STEP_STAGE2] = 7, [BOOT_STEP_COUNT] = UINT64_MAX - 1},
    };
    assert_timeline(
        &info, UINT64_MAX,
        "boot timeline in cycles of the time-stamp counter\n"
        "       from        took       bytes     bytes/s  part        of\n"
        "          0           7           -           -  step        reading stage 2\n"
        "          7 18446744073709551607           -           -  step        another step\n"
        "18446744073709551614           1           -           -  step        entering the "
        "kernel\n"
        "          0 18446744073709551615           -           -  total       to the kernel's "
        "first instruction\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_come_in_the_order_of_time),
        cmocka_unit_test(a_known_frequency_gives_time),
        cmocka_unit_test(odd_stamps_are_borne),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
