// kernel/console/text_screen.c on an array, with guards before and behind it.
#include "console/text_screen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COLUMNS     80u
#define ROWS        25u
#define CELLS       ((size_t)COLUMNS * ROWS)
#define GUARD       200
#define GUARD_VALUE 0xDEAD

static uint16_t memory[GUARD + CELLS + GUARD];
static struct text_screen screen;

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof memory / sizeof memory[0]; i++) {
        memory[i] = GUARD_VALUE;
    }
    screen = (struct text_screen){
        .cells = memory + GUARD, .columns = COLUMNS, .rows = ROWS, .row = 3, .column = 9};
    text_screen_set_colours(&screen, TEXT_LIGHT_GREY, TEXT_BLACK);
    text_screen_clear(&screen);
    return 0;
}

static int check_guards(void **state)
{
    (void)state;
    for (size_t i = 0; i < GUARD; i++) {
        if (memory[i] != GUARD_VALUE || memory[GUARD + CELLS + i] != GUARD_VALUE) {
            return -1;
        }
    }
    return 0;
}

static void write_text(const char *text)
{
    text_screen_write(&screen, text, strlen(text));
}

// Compares a row's characters with the text, and what follows it with spaces.
static void assert_row(unsigned row, const char *text)
{
    char characters[COLUMNS + 1] = {0};
    char expected[COLUMNS + 1];
    for (unsigned i = 0; i < COLUMNS; i++) {
        characters[i] = (char)screen.cells[row * COLUMNS + i];
    }
    snprintf(expected, sizeof expected, "%-80s", text);
    assert_string_equal(characters, expected);
}

static void assert_position(unsigned row, unsigned column)
{
    assert_int_equal(screen.row, row);
    assert_int_equal(screen.column, column);
}

static void clears_in_its_colours(void **state)
{
    (void)state;
    for (size_t i = 0; i < CELLS; i++) {
        assert_int_equal(screen.cells[i], 0x0720);
    }
    assert_position(0, 0);
    text_screen_set_colours(&screen, TEXT_YELLOW, TEXT_BLUE);
    text_screen_clear(&screen);
    assert_int_equal(screen.cells[0], 0x1E20);
    assert_int_equal(screen.cells[CELLS - 1], 0x1E20);
}

static void writes_character_and_attribute(void **state)
{
    (void)state;
    text_screen_set_colours(&screen, TEXT_LIGHT_CYAN, TEXT_BLACK);
    write_text("H\xE9");
    assert_int_equal(screen.cells[0], 0x0B48);
    assert_int_equal(screen.cells[1], 0x0BE9);
    assert_int_equal(screen.cells[2], 0x0720);
    assert_position(0, 2);
}

static void obeys_control_characters(void **state)
{
    (void)state;
    write_text("one\ntwo\rT\n\ta\tb\n");
    assert_row(0, "one");
    assert_row(1, "Two");
    assert_row(2, "        a       b");
    assert_position(3, 0);
    write_text("\bab\b\bc");
    assert_row(3, "cb");
}

static void wraps_only_when_needed(void **state)
{
    (void)state;
    char line[COLUMNS + 1] = {0};
    memset(line, 'x', COLUMNS);
    write_text(line);
    assert_position(0, COLUMNS);
    write_text("\nnext");
    assert_row(0, line);
    assert_row(1, "next");
    write_text("\n");
    write_text(line);
    write_text("+");
    assert_row(2, line);
    assert_row(3, "+");
    write_text("\n");
    write_text(line);
    write_text("\b#");
    line[COLUMNS - 1] = '#';
    assert_row(4, line);
}

static void tab_at_the_end_wraps(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        write_text("\t");
    }
    assert_position(0, COLUMNS);
    write_text("\tz");
    assert_row(0, "");
    assert_row(1, "z");
}

static void scrolls_at_the_bottom(void **state)
{
    (void)state;
    char line[16];
    for (unsigned i = 0; i < 30; i++) {
        snprintf(line, sizeof line, "%sline %u", i == 0 ? "" : "\n", i);
        write_text(line);
    }
    for (unsigned row = 0; row < ROWS; row++) {
        snprintf(line, sizeof line, "line %u", row + 5);
        assert_row(row, line);
    }
    assert_position(ROWS - 1, 7);
    text_screen_set_colours(&screen, TEXT_WHITE, TEXT_RED);
    write_text("\n");
    assert_row(ROWS - 2, "line 29");
    assert_int_equal(screen.cells[CELLS - 1], 0x4F20);
    assert_int_equal(screen.cells[CELLS - COLUMNS - 1], 0x0720);
}

static void keeps_within_the_screen(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20000; i++) {
        const char character = (char)(i * 2654435761u >> 24);
        text_screen_write(&screen, &character, 1);
        assert_true(screen.row < ROWS);
        assert_true(screen.column <= COLUMNS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(clears_in_its_colours, set_up, check_guards),
        cmocka_unit_test_setup_teardown(writes_character_and_attribute, set_up, check_guards),
        cmocka_unit_test_setup_teardown(obeys_control_characters, set_up, check_guards),
        cmocka_unit_test_setup_teardown(wraps_only_when_needed, set_up, check_guards),
        cmocka_unit_test_setup_teardown(tab_at_the_end_wraps, set_up, check_guards),
        cmocka_unit_test_setup_teardown(scrolls_at_the_bottom, set_up, check_guards),
        cmocka_unit_test_setup_teardown(keeps_within_the_screen, set_up, check_guards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
