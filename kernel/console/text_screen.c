// The terminal behind vga_text.c: where each character goes.
#include "console/text_screen.h"

#include "lib/string.h"

#define TAB_COLUMNS 8u

static void fill(const struct text_screen *screen, size_t first, size_t count)
{
    const uint16_t blank = (uint16_t)(screen->attribute << 8 | ' ');
    for (size_t i = first; i < first + count; i++) {
        screen->cells[i] = blank;
    }
}

void text_screen_clear(struct text_screen *screen)
{
    fill(screen, 0, TEXT_SCREEN_CELLS);
    screen->row = 0;
    screen->column = 0;
}

void text_screen_set_colours(struct text_screen *screen, enum text_colour foreground,
                             enum text_colour background)
{
    screen->attribute = (uint8_t)(background << 4 | foreground);
}

static void scroll(const struct text_screen *screen)
{
    const size_t kept = TEXT_SCREEN_CELLS - TEXT_SCREEN_COLUMNS;
    memmove(screen->cells, screen->cells + TEXT_SCREEN_COLUMNS, kept * sizeof screen->cells[0]);
    fill(screen, kept, TEXT_SCREEN_COLUMNS);
}

static void new_line(struct text_screen *screen)
{
    screen->column = 0;
    if (screen->row + 1 < TEXT_SCREEN_ROWS) {
        screen->row++;
    } else {
        scroll(screen);
    }
}

static void put_character(struct text_screen *screen, unsigned char character)
{
    // Only now, not when the line became full: a line feed after a full line is one line feed.
    if (screen->column >= TEXT_SCREEN_COLUMNS) {
        new_line(screen);
    }
    screen->cells[screen->row * TEXT_SCREEN_COLUMNS + screen->column] =
        (uint16_t)(screen->attribute << 8 | character);
    screen->column++;
}

static void tab(struct text_screen *screen)
{
    const uint32_t next = (screen->column / TAB_COLUMNS + 1) * TAB_COLUMNS;
    screen->column = next < TEXT_SCREEN_COLUMNS ? next : TEXT_SCREEN_COLUMNS;
}

void text_screen_write(struct text_screen *screen, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        switch (text[i]) {
        case '\n':
            new_line(screen);
            break;
        case '\r':
            screen->column = 0;
            break;
        case '\b':
            screen->column -= screen->column > 0 ? 1 : 0;
            break;
        case '\t':
            tab(screen);
            break;
        default:
            put_character(screen, (unsigned char)text[i]);
        }
    }
}
