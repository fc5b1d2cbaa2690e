// A text screen drawn into a linear framebuffer of any size and colour depth.
#ifndef KERNEL_CONSOLE_FRAMEBUFFER_H
#define KERNEL_CONSOLE_FRAMEBUFFER_H

#include "console/text_screen.h"
#include "firstlight/boot_info.h"

// Clears the framebuffer and gives the screen cells in memory: as many as fit, with the font
// enlarged where there would be more than FRAMEBUFFER_COLUMNS_MAX by FRAMEBUFFER_ROWS_MAX.
#define FRAMEBUFFER_COLUMNS_MAX 160u
#define FRAMEBUFFER_ROWS_MAX    64u
void framebuffer_initialise(const struct boot_framebuffer *info, struct text_screen *screen);

// Draws what has changed since the last time, and the cursor, a line below the character.
void framebuffer_show(const struct text_screen *screen);

#endif
