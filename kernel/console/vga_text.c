// A text_screen in VGA memory, and the hardware cursor. Called by console.c.
#include "console/vga_text.h"

#include "arch/x86_64/ports.h"

// The CRT controller in colour text modes: an index port, and behind it the data port.
#define CRTC_INDEX           0x3D4
#define CRTC_DATA            0x3D5
#define CRTC_CURSOR_LOCATION 0x0E // high byte; the next register has the low byte

static struct text_screen screen;

void vga_text_initialise(uint16_t *cells)
{
    screen.cells = cells;
    if (cells == NULL) {
        return;
    }
    vga_text_set_colours(TEXT_LIGHT_GREY, TEXT_BLACK);
    text_screen_clear(&screen);
    vga_text_update_cursor();
}

void vga_text_write(const char *text, size_t length)
{
    if (screen.cells != NULL) {
        text_screen_write(&screen, text, length);
    }
}

void vga_text_set_colours(enum text_colour foreground, enum text_colour background)
{
    text_screen_set_colours(&screen, foreground, background);
}

void vga_text_update_cursor(void)
{
    if (screen.cells == NULL) {
        return;
    }
    // After a full line the cursor waits in its last column.
    const uint32_t last = TEXT_SCREEN_COLUMNS - 1;
    const uint32_t column = screen.column < last ? screen.column : last;
    const uint32_t location = screen.row * TEXT_SCREEN_COLUMNS + column;
    port_write8(CRTC_INDEX, CRTC_CURSOR_LOCATION);
    port_write8(CRTC_DATA, (uint8_t)(location >> 8));
    port_write8(CRTC_INDEX, CRTC_CURSOR_LOCATION + 1);
    port_write8(CRTC_DATA, (uint8_t)location);
}

uint32_t vga_text_rows_left(void)
{
    return screen.cells == NULL ? 0 : TEXT_SCREEN_ROWS - 1 - screen.row;
}
