// Draws colour bars, gradients and text by the colour masks of boot_info, pixel by pixel. Called by
// framebuffer.c.
#include "test_card.h"

#include "lib/format.h"
#include "small_font.h"

#define BARS      8u
#define GRADIENTS 4u

#define WHITE      0xFFFFFFu // red, green, blue: eight bits each
#define TEXT_PAPER 0x000040u
#define TEXT_INK   0xFFFFC0u
#define CHANNEL    0xFFu

#define TEXT_LINES        4u
#define TEXT_COLUMNS      44u
#define CHARACTER_COLUMNS (SMALL_FONT_WIDTH + 1)
#define CHARACTER_ROWS    (SMALL_FONT_HEIGHT + 3)

static const uint32_t bars[BARS] = {WHITE,    0xFFFF00, 0x00FFFF, 0x00FF00,
                                    0xFF00FF, 0xFF0000, 0x0000FF, 0x000000};
static const uint32_t gradients[GRADIENTS] = {WHITE, 0xFF0000, 0x00FF00, 0x0000FF};

// A channel's highest bits, where its mask has them.
static uint32_t channel(uint32_t value, uint8_t size, uint8_t shift)
{
    return (size < 8 ? value >> (8 - size) : value << (size - 8)) << shift;
}

static void put_pixel(const struct boot_framebuffer *framebuffer, uint32_t x, uint32_t y,
                      uint32_t colour)
{
    uint32_t pixel =
        channel(colour >> 16 & CHANNEL, framebuffer->red_size, framebuffer->red_shift) |
        channel(colour >> 8 & CHANNEL, framebuffer->green_size, framebuffer->green_shift) |
        channel(colour & CHANNEL, framebuffer->blue_size, framebuffer->blue_shift);
    const uint32_t bytes = (framebuffer->bits_per_pixel + 7) / 8;
    volatile uint8_t *place = (volatile uint8_t *)framebuffer->address +
                              (uint64_t)y * framebuffer->pitch + (uint64_t)x * bytes;
    for (uint32_t i = 0; i < bytes; i++, pixel >>= 8) {
        place[i] = (uint8_t)pixel;
    }
}

// From black on the left to the whole colour on the right.
static uint32_t gradient(uint32_t colour, uint32_t x, uint32_t width)
{
    const uint32_t part = x * CHANNEL / (width - 1);
    return (colour & (part << 16)) | (colour & (part << 8)) | (colour & part);
}

static uint32_t background(uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
    if (x == 0 || y == 0 || x == width - 1 || y == height - 1) {
        return WHITE;
    }
    // In units of a sixteenth of the height.
    const uint32_t part = y * 2 * TEST_CARD_PARTS / height;
    if (part < 2 * TEST_CARD_GRADIENTS) {
        return bars[x * BARS / width];
    }
    if (part < 2 * TEST_CARD_TEXT) {
        return gradient(gradients[part - 2 * TEST_CARD_GRADIENTS], x, width);
    }
    return TEXT_PAPER;
}

static void draw_character(const struct boot_framebuffer *framebuffer, uint32_t left, uint32_t top,
                           uint32_t scale, char character)
{
    const uint8_t *rows = small_font_rows(character);
    for (uint32_t y = 0; y < SMALL_FONT_HEIGHT * scale; y++) {
        for (uint32_t x = 0; x < SMALL_FONT_WIDTH * scale; x++) {
            if (rows[y / scale] >> (SMALL_FONT_WIDTH - 1 - x / scale) & 1) {
                put_pixel(framebuffer, left + x, top + y, TEXT_INK);
            }
        }
    }
}

// As large as the part of the screen that is there for it allows.
static void draw_text(const struct boot_framebuffer *framebuffer)
{
    char lines[TEXT_LINES][TEXT_COLUMNS + 1];
    (void)format_buffer(lines[0], sizeof lines[0], "FIRSTLIGHT");
    (void)format_buffer(lines[1], sizeof lines[1], "%u X %u, %u BITS A PIXEL, PITCH %u",
                        framebuffer->width, framebuffer->height, framebuffer->bits_per_pixel,
                        framebuffer->pitch);
    (void)format_buffer(lines[2], sizeof lines[2], "RED %u@%u, GREEN %u@%u, BLUE %u@%u",
                        framebuffer->red_size, framebuffer->red_shift, framebuffer->green_size,
                        framebuffer->green_shift, framebuffer->blue_size, framebuffer->blue_shift);
    (void)format_buffer(lines[3], sizeof lines[3], "THE WHITE BORDER IS ONE PIXEL WIDE");
    const uint32_t first = framebuffer->height * TEST_CARD_TEXT / TEST_CARD_PARTS;
    const uint32_t by_width = framebuffer->width / (TEXT_COLUMNS * CHARACTER_COLUMNS);
    const uint32_t by_height = (framebuffer->height - first) / ((TEXT_LINES + 1) * CHARACTER_ROWS);
    const uint32_t smaller = by_width < by_height ? by_width : by_height;
    const uint32_t scale = smaller > 0 ? smaller : 1;
    const uint32_t text_height = (TEXT_LINES * CHARACTER_ROWS - 3) * scale;
    const uint32_t top = first + (framebuffer->height - first - text_height) / 2;
    for (uint32_t line = 0; line < TEXT_LINES; line++) {
        for (uint32_t i = 0; lines[line][i] != '\0'; i++) {
            draw_character(framebuffer, (i + 2) * CHARACTER_COLUMNS * scale,
                           top + line * CHARACTER_ROWS * scale, scale, lines[line][i]);
        }
    }
}

void test_card_draw(const struct boot_framebuffer *framebuffer)
{
    for (uint32_t y = 0; y < framebuffer->height; y++) {
        for (uint32_t x = 0; x < framebuffer->width; x++) {
            put_pixel(framebuffer, x, y, background(x, y, framebuffer->width, framebuffer->height));
        }
    }
    draw_text(framebuffer);
}
