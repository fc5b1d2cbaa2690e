// Compiled once for the kernel and once, with FIRSTLIGHT_TEST_KERNEL, for the tests' kernels.
#include "panic.h"

#include "arch/x86_64/halt.h"
#include "arch/x86_64/machine_exit.h"
#include "backtrace.h"
#include "console/console.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef FIRSTLIGHT_TEST_KERNEL
static bool exits_machine = true;
#else
static bool exits_machine;
#endif

void panic_exits_machine(void)
{
    exits_machine = true;
}

_Noreturn void panic_end(void)
{
    if (exits_machine) {
        machine_exit(MACHINE_EXIT_FAILURE);
    }
    halt_for_ever();
}

void panic_begin(void)
{
    static bool panicking;
    if (panicking) { // while printing: another message would end here again
        panic_end();
    }
    panicking = true;
    console_set_colours(TEXT_LIGHT_RED, TEXT_BLACK);
    kprintf("\npanic: ");
}

_Noreturn void panic_at(const char *file, int line, const char *format, ...)
{
    panic_begin();
    kprintf("%s:%d: ", file, line);
    va_list arguments;
    va_start(arguments, format);
    kprintf_list(CONSOLE_SCREEN | CONSOLE_SERIAL, format, arguments);
    va_end(arguments);
    kprintf("\n");
    backtrace_print(0, (uint64_t)__builtin_frame_address(0));
    panic_end();
}
