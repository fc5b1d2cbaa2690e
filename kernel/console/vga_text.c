// The hardware cursor of VGA text modes. Called by console.c.
#include "console/vga_text.h"

#include "arch/x86_64/ports.h"

// The CRT controller in colour text modes: an index port, and behind it the data port.
#define CRTC_INDEX           0x3D4
#define CRTC_DATA            0x3D5
#define CRTC_CURSOR_LOCATION 0x0E // high byte; the next register has the low byte

void vga_text_show(const struct text_screen *screen)
{
    const size_t location = text_screen_cursor(screen);
    port_write8(CRTC_INDEX, CRTC_CURSOR_LOCATION);
    port_write8(CRTC_DATA, (uint8_t)(location >> 8));
    port_write8(CRTC_INDEX, CRTC_CURSOR_LOCATION + 1);
    port_write8(CRTC_DATA, (uint8_t)location);
}
