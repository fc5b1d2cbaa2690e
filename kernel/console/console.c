// kprintf: formats for both consoles at once. Called by everyone.
#include "console/console.h"

#include "console/serial.h"
#include "console/vga_text.h"
#include "lib/format.h"

#include <stddef.h>

// The screen's memory as this kernel sees it, or a null pointer where it is in no text mode.
static uint16_t *find_screen(const struct boot_info *info)
{
    return info != NULL && BOOT_INFO_HAS(info, text_mode) ? info->text_mode.address : NULL;
}

void console_initialise(const struct boot_info *info)
{
    (void)serial_initialise();
    vga_text_initialise(find_screen(info));
}

// The sink; its context is the number of CONSOLE_* bits.
static void write(void *context, const char *text, size_t length)
{
    const unsigned consoles = *(const unsigned *)context;
    if (consoles & CONSOLE_SCREEN) {
        vga_text_write(text, length);
    }
    if (consoles & CONSOLE_SERIAL) {
        serial_write(text, length);
    }
}

void kprintf_list(unsigned consoles, const char *format, va_list arguments)
{
    (void)format_list(write, &consoles, format, arguments);
    vga_text_update_cursor();
}

void kprintf_on(unsigned consoles, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    kprintf_list(consoles, format, arguments);
    va_end(arguments);
}

void kprintf(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    kprintf_list(CONSOLE_SCREEN | CONSOLE_SERIAL, format, arguments);
    va_end(arguments);
}
