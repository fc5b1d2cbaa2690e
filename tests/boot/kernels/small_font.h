// Capital letters, digits and a few signs, five pixels wide and seven high.
#ifndef SMALL_FONT_H
#define SMALL_FONT_H

#include <stdint.h>

#define SMALL_FONT_WIDTH  5u
#define SMALL_FONT_HEIGHT 7u

// The rows of a character, from the top; bit 4 is its left column. Blank for what it does not have.
const uint8_t *small_font_rows(char character);

#endif
