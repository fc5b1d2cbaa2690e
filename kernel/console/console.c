// kprintf: formats for both consoles at once. Called by everyone.
#include "console/console.h"

#include "console/framebuffer.h"
#include "console/serial.h"
#include "console/vga_text.h"
#include "lib/format.h"

#include <stddef.h>

static struct text_screen screen; // without cells where there is none
static void (*show)(const struct text_screen *screen);

static void find_screen(const struct boot_info *info)
{
    screen.cells = NULL;
    if (info == NULL || !BOOT_INFO_HAS(info, framebuffer)) { // or it is too old to tell
        return;
    }
    if (info->framebuffer.address != NULL) {
        framebuffer_initialise(&info->framebuffer, &screen);
        show = framebuffer_show;
    } else if (info->text_mode.address != NULL) {
        screen.cells = info->text_mode.address;
        screen.columns = info->text_mode.columns;
        screen.rows = info->text_mode.rows;
        show = vga_text_show;
    }
}

void console_initialise(const struct boot_info *info)
{
    (void)serial_initialise();
    find_screen(info);
    console_set_colours(TEXT_LIGHT_GREY, TEXT_BLACK);
    if (screen.cells != NULL) {
        text_screen_clear(&screen);
        show(&screen);
    }
}

void console_set_colours(enum text_colour foreground, enum text_colour background)
{
    text_screen_set_colours(&screen, foreground, background);
}

uint32_t console_rows_left(void)
{
    return screen.cells == NULL ? 0 : screen.rows - 1 - screen.row;
}

// The sink; its context is the number of CONSOLE_* bits.
static void write(void *context, const char *text, size_t length)
{
    const unsigned consoles = *(const unsigned *)context;
    if (screen.cells != NULL && (consoles & CONSOLE_SCREEN)) {
        text_screen_write(&screen, text, length);
    }
    if (consoles & CONSOLE_SERIAL) {
        serial_write(text, length);
    }
}

void kprintf_list(unsigned consoles, const char *format, va_list arguments)
{
    (void)format_list(write, &consoles, format, arguments);
    if (screen.cells != NULL && (consoles & CONSOLE_SCREEN)) {
        show(&screen);
    }
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
