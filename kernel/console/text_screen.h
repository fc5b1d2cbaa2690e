// A screen of characters in memory, as a terminal: wrapping, scrolling, colours. It knows no port
// and no address, so that the unit tests run it on an array.
#ifndef KERNEL_CONSOLE_TEXT_SCREEN_H
#define KERNEL_CONSOLE_TEXT_SCREEN_H

#include <stddef.h>
#include <stdint.h>

// The sixteen colours of VGA text mode. As background only the first eight: in text mode bit 3
// blinks there.
enum text_colour {
    TEXT_BLACK = 0,
    TEXT_BLUE = 1,
    TEXT_GREEN = 2,
    TEXT_CYAN = 3,
    TEXT_RED = 4,
    TEXT_MAGENTA = 5,
    TEXT_BROWN = 6,
    TEXT_LIGHT_GREY = 7,
    TEXT_DARK_GREY = 8,
    TEXT_LIGHT_BLUE = 9,
    TEXT_LIGHT_GREEN = 10,
    TEXT_LIGHT_CYAN = 11,
    TEXT_LIGHT_RED = 12,
    TEXT_LIGHT_MAGENTA = 13,
    TEXT_YELLOW = 14,
    TEXT_WHITE = 15,
};

// A cell is a character of code page 437 in its low byte and an attribute in the high one.
struct text_screen {
    uint16_t *cells; // columns * rows
    uint32_t columns;
    uint32_t rows;
    uint32_t row;
    uint32_t column; // as many as there are: the next character wraps
    uint8_t attribute;
};

// The cell with the cursor: where the next character goes, or the last of a full line.
size_t text_screen_cursor(const struct text_screen *screen);

// Fills the cells with spaces in the current colours and moves to the top left.
void text_screen_clear(struct text_screen *screen);

void text_screen_set_colours(struct text_screen *screen, enum text_colour foreground,
                             enum text_colour background);

// Writes the text. \n starts a line, \r goes to the start of this one, \b one back, \t to the
// next multiple of 8 columns; all else is printed.
void text_screen_write(struct text_screen *screen, const char *text, size_t length);

#endif
