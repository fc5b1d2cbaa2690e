// The terminal behind console.c: where each character goes.
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

size_t text_screen_cursor(const struct text_screen *screen)
{
    const uint32_t last = screen->columns - 1;
    const uint32_t column = screen->column < last ? screen->column : last;
    return (size_t)screen->row * screen->columns + column;
}

void text_screen_clear(struct text_screen *screen)
{
    fill(screen, 0, (size_t)screen->columns * screen->rows);
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
    const size_t kept = (size_t)screen->columns * (screen->rows - 1);
    memmove(screen->cells, screen->cells + screen->columns, kept * sizeof screen->cells[0]);
    fill(screen, kept, screen->columns);
}

static void new_line(struct text_screen *screen)
{
    screen->column = 0;
    if (screen->row + 1 < screen->rows) {
        screen->row++;
    } else {
        scroll(screen);
    }
}

static void put_character(struct text_screen *screen, unsigned char character)
{
    // Only now, not when the line became full: a line feed after a full line is one line feed.
    if (screen->column >= screen->columns) {
        new_line(screen);
    }
    screen->cells[(size_t)screen->row * screen->columns + screen->column] =
        (uint16_t)(screen->attribute << 8 | character);
    screen->column++;
}

static void tab(struct text_screen *screen)
{
    const uint32_t next = (screen->column / TAB_COLUMNS + 1) * TAB_COLUMNS;
    screen->column = next < screen->columns ? next : screen->columns;
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
