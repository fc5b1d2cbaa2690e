// Where the kernel's words go: the VGA text screen and COM1, both with one call.
#ifndef KERNEL_CONSOLE_CONSOLE_H
#define KERNEL_CONSOLE_CONSOLE_H

#include "firstlight/boot_info.h"

#include <stdarg.h>

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

#endif
