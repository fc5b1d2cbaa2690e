// Draws characters pixel by pixel. Called by console.c. The cells are in memory of the kernel's, a
// second time as they were last drawn: so nothing is read from the framebuffer, which is slow, and
// scrolling draws no more than what differs.
#include "console/framebuffer.h"

#include "console/font.h"
#include "lib/string.h"

#include <stdbool.h>

#define CELLS_MAX ((size_t)FRAMEBUFFER_COLUMNS_MAX * FRAMEBUFFER_ROWS_MAX)

#define CURSOR_ROW (FONT_HEIGHT - 2) // and the one below it

// A cell that no screen has: black on black, not a character. What is drawn is not that.
#define NEVER_DRAWN 0

// The colours of VGA text mode as red, green, blue; bytes from the top.
static const uint32_t palette[] = {
    [TEXT_BLACK] = 0x000000,      [TEXT_BLUE] = 0x0000AA,          [TEXT_GREEN] = 0x00AA00,
    [TEXT_CYAN] = 0x00AAAA,       [TEXT_RED] = 0xAA0000,           [TEXT_MAGENTA] = 0xAA00AA,
    [TEXT_BROWN] = 0xAA5500,      [TEXT_LIGHT_GREY] = 0xAAAAAA,    [TEXT_DARK_GREY] = 0x555555,
    [TEXT_LIGHT_BLUE] = 0x5555FF, [TEXT_LIGHT_GREEN] = 0x55FF55,   [TEXT_LIGHT_CYAN] = 0x55FFFF,
    [TEXT_LIGHT_RED] = 0xFF5555,  [TEXT_LIGHT_MAGENTA] = 0xFF55FF, [TEXT_YELLOW] = 0xFFFF55,
    [TEXT_WHITE] = 0xFFFFFF,
};

static struct boot_framebuffer framebuffer;
static uint32_t scale; // pixels of the screen for one of the font, both ways
static uint16_t cells[CELLS_MAX];
static uint16_t drawn[CELLS_MAX];
static size_t drawn_cursor;

void framebuffer_initialise(const struct boot_framebuffer *info, struct text_screen *screen)
{
    framebuffer = *info;
    scale = 1;
    while (info->width / (FONT_WIDTH * scale) > FRAMEBUFFER_COLUMNS_MAX ||
           info->height / (FONT_HEIGHT * scale) > FRAMEBUFFER_ROWS_MAX) {
        scale++;
    }
    screen->cells = cells;
    screen->columns = info->width / (FONT_WIDTH * scale);
    screen->rows = info->height / (FONT_HEIGHT * scale);
    memset(info->address, 0, info->size);
    memset(drawn, NEVER_DRAWN, sizeof drawn);
    drawn_cursor = 0;
}

// The highest bits of an 8-bit channel, where its mask has them.
static uint32_t channel(uint32_t value, uint8_t size, uint8_t shift)
{
    return (size < 8 ? value >> (8 - size) : value << (size - 8)) << shift;
}

static uint32_t pixel_of(uint32_t colour)
{
    return channel(colour >> 16, framebuffer.red_size, framebuffer.red_shift) |
           channel(colour >> 8 & 0xFF, framebuffer.green_size, framebuffer.green_shift) |
           channel(colour & 0xFF, framebuffer.blue_size, framebuffer.blue_shift);
}

static void put_pixel(uint8_t *place, uint32_t pixel, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i++, pixel >>= 8) {
        place[i] = (uint8_t)pixel;
    }
}

static void draw_cell(const struct text_screen *screen, size_t index, bool with_cursor)
{
    const uint16_t cell = screen->cells[index];
    const uint32_t ink = pixel_of(palette[cell >> 8 & 0xF]);
    const uint32_t paper = pixel_of(palette[cell >> 12 & 0x7]);
    const uint8_t *rows = font_rows((unsigned char)cell);
    const uint32_t bytes = (framebuffer.bits_per_pixel + 7) / 8;
    const size_t top = index / screen->columns * FONT_HEIGHT * scale;
    const size_t left = index % screen->columns * FONT_WIDTH * scale;
    for (uint32_t y = 0; y < FONT_HEIGHT * scale; y++) {
        const bool cursor_row = with_cursor && y / scale >= CURSOR_ROW;
        const uint8_t row = cursor_row ? UINT8_MAX : rows[y / scale];
        uint8_t *place =
            (uint8_t *)framebuffer.address + (top + y) * framebuffer.pitch + left * bytes;
        for (uint32_t x = 0; x < FONT_WIDTH * scale; x++, place += bytes) {
            const bool set = (row >> (FONT_WIDTH - 1 - x / scale) & 1) != 0;
            put_pixel(place, set ? ink : paper, bytes);
        }
    }
}

void framebuffer_show(const struct text_screen *screen)
{
    const size_t cursor = text_screen_cursor(screen);
    const size_t count = (size_t)screen->columns * screen->rows;
    for (size_t i = 0; i < count; i++) {
        const bool cursor_moved = cursor != drawn_cursor && (i == cursor || i == drawn_cursor);
        if (screen->cells[i] != drawn[i] || cursor_moved) {
            draw_cell(screen, i, i == cursor);
            drawn[i] = screen->cells[i];
        }
    }
    drawn_cursor = cursor;
}
