// kernel/console/framebuffer.c: what it draws step by step is what the cells say, in every depth,
// and nothing beside it is touched.
#include "console/font.h"
#include "console/framebuffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WIDTH       333u // 41 columns and 5 pixels
#define HEIGHT      150u // 9 rows and 6 pixels
#define PITCH_SPARE 12u
#define GUARD       0xEE
#define WRITES      300u

struct depth {
    uint32_t bits;
    uint8_t red_size, red_shift, green_size, green_shift, blue_size, blue_shift;
    uint32_t light_cyan; // 55FFFF
    uint32_t light_grey; // AAAAAA
};

static const struct depth depths[] = {
    {32, 8, 16, 8, 8, 8, 0, 0x55FFFF, 0xAAAAAA},
    {32, 8, 0, 8, 8, 8, 16, 0xFFFF55, 0xAAAAAA},
    {32, 10, 20, 10, 10, 10, 0, 0x154FF3FC, 0x2A8AA2A8},
    {24, 8, 16, 8, 8, 8, 0, 0x55FFFF, 0xAAAAAA},
    {16, 5, 11, 6, 5, 5, 0, 0x57FF, 0xAD55},
    {15, 5, 10, 5, 5, 5, 0, 0x2BFF, 0x56B5},
};

static struct text_screen screen;
static struct boot_framebuffer framebuffer;

static uint32_t pixel_bytes(void)
{
    return (framebuffer.bits_per_pixel + 7) / 8;
}

static void start(const struct depth *depth, uint32_t width, uint32_t height)
{
    const uint32_t pitch = width * ((depth->bits + 7) / 8) + PITCH_SPARE;
    framebuffer = (struct boot_framebuffer){
        .address = malloc((size_t)pitch * height),
        .size = (uint64_t)pitch * height,
        .width = width,
        .height = height,
        .pitch = pitch,
        .bits_per_pixel = depth->bits,
        .red_size = depth->red_size,
        .red_shift = depth->red_shift,
        .green_size = depth->green_size,
        .green_shift = depth->green_shift,
        .blue_size = depth->blue_size,
        .blue_shift = depth->blue_shift,
    };
    assert_non_null(framebuffer.address);
    memset(framebuffer.address, GUARD, framebuffer.size);
    screen = (struct text_screen){0};
    framebuffer_initialise(&framebuffer, &screen);
    text_screen_set_colours(&screen, TEXT_LIGHT_GREY, TEXT_BLACK);
    text_screen_clear(&screen);
    framebuffer_show(&screen);
}

static uint32_t pixel_at(uint32_t x, uint32_t y)
{
    uint32_t pixel = 0;
    const uint8_t *place = (const uint8_t *)framebuffer.address + (size_t)y * framebuffer.pitch +
                           (size_t)x * pixel_bytes();
    memcpy(&pixel, place, pixel_bytes());
    return pixel;
}

// Whether a pixel of the font shows ink, by the text screen's cells.
static bool has_ink(uint32_t x, uint32_t y, uint32_t scale)
{
    const uint32_t column = x / scale / FONT_WIDTH;
    const uint32_t row = y / scale / FONT_HEIGHT;
    if (column >= screen.columns || row >= screen.rows) {
        return false;
    }
    const size_t index = (size_t)row * screen.columns + column;
    const uint32_t line = y / scale % FONT_HEIGHT;
    if (index == text_screen_cursor(&screen) && line >= FONT_HEIGHT - 2) {
        return true;
    }
    return font_rows((unsigned char)screen.cells[index])[line] >> (7 - x / scale % FONT_WIDTH) & 1;
}

static void check_all(uint32_t scale, uint32_t ink)
{
    for (uint32_t y = 0; y < framebuffer.height; y++) {
        for (uint32_t x = 0; x < framebuffer.width; x++) {
            const uint32_t expected = has_ink(x, y, scale) ? ink : 0;
            if (pixel_at(x, y) != expected) {
                fail_msg("pixel %u, %u is %x, expected %x", x, y, pixel_at(x, y), expected);
            }
        }
    }
}

static void draws_in_every_depth(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof depths / sizeof depths[0]; i++) {
        start(&depths[i], WIDTH, HEIGHT);
        assert_int_equal(screen.columns, 41);
        assert_int_equal(screen.rows, 9);
        text_screen_write(&screen, "grey {}|~", 9);
        framebuffer_show(&screen);
        check_all(1, depths[i].light_grey);
        text_screen_set_colours(&screen, TEXT_LIGHT_CYAN, TEXT_BLACK);
        text_screen_clear(&screen);
        text_screen_write(&screen, "\tHello\nWorld!", 13);
        framebuffer_show(&screen);
        check_all(1, depths[i].light_cyan);
        free(framebuffer.address);
    }
}

// Much text, shown now and then: wraps, scrolls, and the cursor goes along.
static void follows_the_cells(void **state)
{
    (void)state;
    start(&depths[0], WIDTH, HEIGHT);
    for (unsigned i = 0; i < WRITES; i++) {
        char text[64];
        const int length = snprintf(text, sizeof text, i % 7 == 0 ? "\r\n\t%u\b" : "%u %x\x80 %s",
                                    i, i * 2654435761u, i % 3 == 0 ? "\n" : "and");
        text_screen_write(&screen, text, (size_t)length);
        if (i % 4 != 0) {
            framebuffer_show(&screen);
            check_all(1, depths[0].light_grey);
        }
    }
    free(framebuffer.address);
}

// What is drawn already is left alone: a pixel that somebody else put there stays.
static void draws_only_what_changed(void **state)
{
    (void)state;
    start(&depths[0], WIDTH, HEIGHT);
    text_screen_write(&screen, "abc\n", 4);
    framebuffer_show(&screen);
    uint8_t *pixel = framebuffer.address;
    *pixel = GUARD;
    text_screen_write(&screen, "def", 3);
    framebuffer_show(&screen);
    assert_int_equal(*pixel, GUARD);
    text_screen_write(&screen, "\n\n\n\n\n\n\n\n", 8); // scrolls: another character is there now
    framebuffer_show(&screen);
    check_all(1, depths[0].light_grey);
    free(framebuffer.address);
}

static void background_fills_the_cell(void **state)
{
    (void)state;
    start(&depths[0], WIDTH, HEIGHT);
    text_screen_set_colours(&screen, TEXT_WHITE, TEXT_BLUE);
    text_screen_write(&screen, " ", 1);
    framebuffer_show(&screen);
    for (uint32_t y = 0; y < FONT_HEIGHT; y++) {
        for (uint32_t x = 0; x < FONT_WIDTH; x++) {
            assert_int_equal(pixel_at(x, y), 0x0000AA);
        }
    }
    assert_int_equal(pixel_at(FONT_WIDTH, 0), 0);
    free(framebuffer.address);
}

static void enlarges_the_font(void **state)
{
    (void)state;
    static const struct {
        uint32_t width, height, scale, columns, rows;
    } cases[] = {
        {1280, 1024, 1, 160, 64}, {1288, 1024, 2, 80, 32},  {640, 480, 1, 80, 30},
        {1920, 1080, 2, 120, 33}, {3840, 2160, 3, 160, 45}, {320, 200, 1, 40, 12},
        {640, 1040, 2, 40, 32},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        start(&depths[0], cases[i].width, cases[i].height);
        assert_int_equal(screen.columns, cases[i].columns);
        assert_int_equal(screen.rows, cases[i].rows);
        text_screen_write(&screen, "large\n", 6);
        framebuffer_show(&screen);
        check_all(cases[i].scale, depths[0].light_grey);
        free(framebuffer.address);
    }
}

// Each printable character has a picture of its own.
static void font_is_complete(void **state)
{
    (void)state;
    for (unsigned a = ' '; a <= '~'; a++) {
        for (unsigned b = a + 1; b <= '~' + 1; b++) {
            const uint8_t *left = font_rows((unsigned char)a);
            assert_memory_not_equal(left, font_rows((unsigned char)b), FONT_HEIGHT);
        }
    }
    assert_ptr_equal(font_rows(0), font_rows(255));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_in_every_depth),    cmocka_unit_test(follows_the_cells),
        cmocka_unit_test(draws_only_what_changed), cmocka_unit_test(background_fills_the_cell),
        cmocka_unit_test(enlarges_the_font),       cmocka_unit_test(font_is_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
