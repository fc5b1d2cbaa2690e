// kernel/console/console.c and vga_text.c: where kprintf's text goes, and where the screen is
// found.
#include "console/console.h"
#include "mock_machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define COLUMNS 80u
#define ROWS    25u
#define CELLS   ((size_t)COLUMNS * ROWS)

static uint16_t screen[CELLS];

// A boot_info whose text mode is on `screen`.
static struct boot_info make_info(void)
{
    return (struct boot_info){
        .version = BOOT_INFO_VERSION,
        .size = sizeof(struct boot_info),
        .text_mode = {.address = screen, .columns = COLUMNS, .rows = ROWS},
    };
}

static unsigned cursor(void)
{
    return (unsigned)(machine.crtc[0x0E] << 8 | machine.crtc[0x0F]);
}

static int reset(void **state)
{
    (void)state;
    mock_machine_reset(UART_WORKS);
    memset(screen, 0xEE, sizeof screen);
    return 0;
}

static void screen_is_untouched(void)
{
    for (size_t i = 0; i < CELLS; i++) {
        assert_int_equal(screen[i], 0xEEEE);
    }
}

static void prints_to_both(void **state)
{
    (void)state;
    const struct boot_info info = make_info();
    console_initialise(&info);
    console_set_colours(TEXT_LIGHT_CYAN, TEXT_BLACK);
    kprintf("%s %d\n", "Hi", 5);
    assert_string_equal(machine.sent, "Hi 5\r\n");
    assert_int_equal(screen[0], 0x0B00 | 'H');
    assert_int_equal(screen[3], 0x0B00 | '5');
    assert_int_equal(screen[4], 0x0700 | ' ');
    assert_int_equal(screen[CELLS - 1], 0x0700 | ' ');
    assert_int_equal(cursor(), 80);
    assert_int_equal(console_rows_left(), 23);
    assert_int_equal(machine.other_ports, 0);
}

static void prints_to_one(void **state)
{
    (void)state;
    const struct boot_info info = make_info();
    console_initialise(&info);
    kprintf_on(CONSOLE_SCREEN, "%c", 'A');
    kprintf_on(CONSOLE_SERIAL, "%c", 'B');
    assert_string_equal(machine.sent, "B");
    assert_int_equal(screen[0], 0x0700 | 'A');
    assert_int_equal(screen[1], 0x0700 | ' ');
    assert_int_equal(cursor(), 1);
}

static void cursor_stays_on_the_screen(void **state)
{
    (void)state;
    const struct boot_info info = make_info();
    console_initialise(&info);
    for (unsigned row = 0; row < ROWS - 1; row++) {
        kprintf("\n");
    }
    kprintf("%80s", "");
    assert_int_equal(cursor(), CELLS - 1);
    assert_int_equal(console_rows_left(), 0);
}

static void no_boot_info_means_serial_only(void **state)
{
    (void)state;
    console_initialise(NULL);
    kprintf("why\n");
    assert_string_equal(machine.sent, "why\r\n");
    assert_int_equal(console_rows_left(), 0);
    screen_is_untouched();
}

static void short_boot_info_means_serial_only(void **state)
{
    (void)state;
    struct boot_info info = make_info();
    info.size = offsetof(struct boot_info, text_mode);
    console_initialise(&info);
    kprintf("why\n");
    assert_string_equal(machine.sent, "why\r\n");
    screen_is_untouched();
}

static void no_text_mode_means_serial_only(void **state)
{
    (void)state;
    struct boot_info info = make_info();
    info.text_mode.address = NULL;
    console_initialise(&info);
    kprintf("why\n");
    assert_string_equal(machine.sent, "why\r\n");
    screen_is_untouched();
}

static void no_uart_means_screen_only(void **state)
{
    (void)state;
    machine.uart = UART_ABSENT;
    const struct boot_info info = make_info();
    console_initialise(&info);
    kprintf("Z");
    assert_int_equal(machine.sent_length, 0);
    assert_int_equal(screen[0], 0x0700 | 'Z');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(prints_to_both, reset),
        cmocka_unit_test_setup(prints_to_one, reset),
        cmocka_unit_test_setup(cursor_stays_on_the_screen, reset),
        cmocka_unit_test_setup(no_boot_info_means_serial_only, reset),
        cmocka_unit_test_setup(short_boot_info_means_serial_only, reset),
        cmocka_unit_test_setup(no_text_mode_means_serial_only, reset),
        cmocka_unit_test_setup(no_uart_means_screen_only, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
