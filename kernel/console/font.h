// A font for framebuffers: printable ASCII in cells of 8 x 16 pixels. Licence as the project's
// (MIT).
#ifndef KERNEL_CONSOLE_FONT_H
#define KERNEL_CONSOLE_FONT_H

#include <stdint.h>

#define FONT_WIDTH  8u
#define FONT_HEIGHT 16u

// The rows of a character's cell, the top first; bit 7 is the leftmost pixel. What is not printable
// ASCII is a box.
const uint8_t *font_rows(unsigned char character);

#endif
