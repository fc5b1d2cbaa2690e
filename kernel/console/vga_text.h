// The screen in VGA text mode 03h.
#ifndef KERNEL_CONSOLE_VGA_TEXT_H
#define KERNEL_CONSOLE_VGA_TEXT_H

#include "console/text_screen.h"

#include <stddef.h>
#include <stdint.h>

// Takes over the screen whose memory lies at `cells` and clears it. With a null pointer, as before
// the call, there is no screen, and the others do nothing.
void vga_text_initialise(uint16_t *cells);

void vga_text_write(const char *text, size_t length);
void vga_text_set_colours(enum text_colour foreground, enum text_colour background);

// Shows the cursor where the next character goes.
void vga_text_update_cursor(void);

// Lines below the one the cursor is in: how many line feeds it takes until the top is lost.
uint32_t vga_text_rows_left(void);

#endif
