// Where the kernel's words go: the screen, which is a framebuffer or in VGA text mode, and COM1;
// both with one call.
#ifndef KERNEL_CONSOLE_CONSOLE_H
#define KERNEL_CONSOLE_CONSOLE_H

#include "console/text_screen.h"
#include "firstlight/boot_info.h"

#include <stdarg.h>
#include <stdint.h>

// Sets COM1 up, and clears the screen. Takes any boot_info, even a null pointer or one too old to
// tell where the screen is: then there is COM1 only, to complain on.
void console_initialise(const struct boot_info *info);

// The consoles, to be added up.
#define CONSOLE_SCREEN 1u
#define CONSOLE_SERIAL 2u

// Prints to both. lib/format.h says what the format may contain.
void kprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Prints to some, for what is too long for a screen.
void kprintf_on(unsigned consoles, const char *format, ...) __attribute__((format(printf, 2, 3)));
void kprintf_list(unsigned consoles, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

// The colours of what comes next on the screen; COM1 has none, so that a test can read it.
void console_set_colours(enum text_colour foreground, enum text_colour background);

// Lines of the screen below the one with the cursor: how many line feeds it takes until the top is
// lost. 0 without a screen.
uint32_t console_rows_left(void);

#endif
