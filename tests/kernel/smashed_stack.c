// Writes beyond an array on the stack, if its command line says so.
#include "arch/x86_64/exceptions.h"
#include "arch/x86_64/machine_exit.h"
#include "backtrace.h"
#include "console/console.h"
#include "kernel.h"
#include "lib/command_line.h"
#include "lib/string.h"
#include "panic.h"
#include "stack_protector.h"

#include <stdbool.h>
#include <stddef.h>

#define ARRAY_BYTES 16u
#define BEYOND      32u // up to the return address

// Not known to the compiler.
static volatile size_t bytes = ARRAY_BYTES;

__attribute__((noinline)) static int fill_array(void)
{
    char array[ARRAY_BYTES];
    memset(array, 'A', bytes);
    return array[0];
}

_Noreturn void kernel_main(const struct boot_info *info)
{
    console_initialise(info);
    backtrace_initialise(info);
    exceptions_initialise(info);
    stack_protector_initialise(info);
    kprintf("guard %016llx\n", (unsigned long long)__stack_chk_guard);
    for (size_t i = 1; i <= sizeof __stack_chk_guard; i++) {
        ASSERT(info->entropy[BOOT_ENTROPY_SIZE - i] == 0);
    }
    kprintf("filled with %c\n", fill_array());
    if (command_line_has_word(info->command_line, (size_t)info->command_line_length, "smash")) {
        bytes = ARRAY_BYTES + BEYOND;
        kprintf("filled with %c\n", fill_array());
    }
    machine_exit(MACHINE_EXIT_SUCCESS);
}
