// Prints in all colours and all characters, and scrolls; test_console.py looks at the screen.
// Compiled for text mode, and with FRAMEBUFFER.
#include "console/console.h"

#include "arch/x86_64/halt.h"
#include "firstlight/boot_request.h"
#include "kernel.h"

#ifdef FRAMEBUFFER
BOOT_REQUEST(.video = BOOT_VIDEO_FRAMEBUFFER_REQUIRED, .width = 640, .height = 480);
#endif

#define LINES_BEFORE 40
#define COLOURS      16u
#define BACKGROUNDS  8u

_Noreturn void kernel_main(const struct boot_info *info)
{
    console_initialise(info);
    for (int i = 1; i <= LINES_BEFORE; i++) {
        kprintf("line %d scrolls away\n", i);
    }
    for (unsigned i = 0; i < COLOURS; i++) {
        console_set_colours((enum text_colour)i, (enum text_colour)((i + 1) % BACKGROUNDS));
        kprintf("colour %-2u", i);
        console_set_colours(TEXT_LIGHT_GREY, TEXT_BLACK);
        kprintf(i % 4 == 3 ? "\n" : " ");
    }
    for (int letter = ' '; letter <= '~'; letter++) {
        kprintf(letter % 32 == 31 ? "%c\n" : "%c", letter);
    }
    kprintf("\nno\ryes\n\ttab\tby tab\nbacx\bk\n%80s%s", "a full line", "\nand the next\n");
    kprintf_on(CONSOLE_SERIAL, "on COM1 only\n");
    kprintf_on(CONSOLE_SCREEN, "on the screen only");
    kprintf_on(CONSOLE_SERIAL, "rows left %u\n", (unsigned)console_rows_left());
    halt_for_ever();
}
