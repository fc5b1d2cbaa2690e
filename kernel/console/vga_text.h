// The screen in VGA text mode 03h: the cells are the screen's memory, only the cursor is to be
// moved.
#ifndef KERNEL_CONSOLE_VGA_TEXT_H
#define KERNEL_CONSOLE_VGA_TEXT_H

#include "console/text_screen.h"

// Moves the hardware's cursor to where the text_screen has it.
void vga_text_show(const struct text_screen *screen);

#endif
