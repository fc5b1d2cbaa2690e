// The kernel. kernel_main is entered on the loader's stack, with interrupts off; boot_info tells
// what there is (firstlight/boot_info.h).
#include "arch/x86_64/exceptions.h"
#include "arch/x86_64/halt.h"
#include "arch/x86_64/machine_exit.h"
#include "backtrace.h"
#include "console/console.h"
#include "kernel.h"
#include "lib/command_line.h"
#include "panic.h"
#include "stack_protector.h"

#include <stddef.h>

// `exit` on the command line ends the emulator: a test wants a kernel that comes to an end.
static bool exit_requested(const struct boot_info *info)
{
    return command_line_has_word(info->command_line, (size_t)info->command_line_length, "exit");
}

_Noreturn void kernel_main(const struct boot_info *info)
{
    console_initialise(info);
    if (exit_requested(info)) {
        panic_exits_machine();
    }
    backtrace_initialise(info);
    exceptions_initialise(info);
    stack_protector_initialise(info);

    console_set_colours(TEXT_LIGHT_CYAN, TEXT_BLACK);
    kprintf("Hello World!\n");

    if (exit_requested(info)) {
        machine_exit(MACHINE_EXIT_SUCCESS);
    }
    halt_for_ever();
}
