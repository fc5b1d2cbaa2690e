// Prints the command line between brackets, and its length: the test knows what it must be.
#include "arch/x86_64/machine_exit.h"
#include "console/console.h"
#include "kernel.h"
#include "lib/string.h"
#include "panic.h"

_Noreturn void kernel_main(const struct boot_info *info)
{
    console_initialise(info);
    ASSERT(info->command_line != (void *)0);
    ASSERT(info->command_line[info->command_line_length] == '\0');
    ASSERT(strlen(info->command_line) == info->command_line_length);
    kprintf_on(CONSOLE_SERIAL, "command line [%s] %llu bytes\n", info->command_line,
               (unsigned long long)info->command_line_length);
    machine_exit(MACHINE_EXIT_SUCCESS);
}
