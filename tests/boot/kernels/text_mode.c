// Draws on the text screen at the address boot_info gives, before anything else touches it; the
// test looks at the screen. The cursor must be where boot_info says, as the CRT controller has it.
#include "arch/x86_64/ports.h"
#include "console/console.h"
#include "kernel.h"
#include "panic.h"

#define CRTC_INDEX       0x3D4u
#define CRTC_DATA        0x3D5u
#define CRTC_CURSOR_HIGH 0x0Eu // VGA: CRT controller, cursor location
#define CRTC_CURSOR_LOW  0x0Fu
#define WHITE_ON_BLUE    0x1F00u
#define CELL_BYTES       2u
#define LAST_CELL        (80u * 25u - 1u)

static uint32_t cursor_cell(void)
{
    port_write8(CRTC_INDEX, CRTC_CURSOR_HIGH);
    const uint32_t high = port_read8(CRTC_DATA);
    port_write8(CRTC_INDEX, CRTC_CURSOR_LOW);
    return high << 8 | port_read8(CRTC_DATA);
}

_Noreturn void kernel_main(const struct boot_info *info)
{
    const struct boot_text_mode *text = &info->text_mode;
    const uint32_t cursor = cursor_cell();
    volatile uint16_t *cells = text->address;
    const uint16_t before = cells[LAST_CELL];
    console_initialise((void *)0); // COM1 only
    ASSERT(text->columns == 80 && text->rows == 25 && cells != (void *)0);
    ASSERT(text->cursor_row * text->columns + text->cursor_column == cursor);
    ASSERT((before & 0xFF) == ' ' || (before & 0xFF) == 0); // a blank screen
    static const char line[] = "text mode is intact";
    for (uint32_t i = 0; i + 1 < sizeof line; i++) {
        cells[text->columns + i] = (uint16_t)(WHITE_ON_BLUE | (uint8_t)line[i]);
    }
    cells[text->columns * text->rows - 1] = WHITE_ON_BLUE | '#';
    kprintf("text mode: %u x %u, cursor %u %u\n", text->columns, text->rows, text->cursor_column,
            text->cursor_row);
    for (;;) { // the test looks, and ends QEMU
        __asm__ volatile("cli\n\thlt");
    }
}
