// Panics in the way its command line names; test_panic.py looks at what it leaves behind.
#include "panic.h"
#include "arch/x86_64/machine_exit.h"
#include "backtrace.h"
#include "console/console.h"
#include "kernel.h"
#include "lib/command_line.h"

#include <stdbool.h>
#include <stddef.h>

static bool asked(const struct boot_info *info, const char *word)
{
    return command_line_has_word(info->command_line, (size_t)info->command_line_length, word);
}

// Each does something behind the call: it is no jump.
__attribute__((noinline)) static int third_function(int depth)
{
    if (depth == 2) {
        panic("at the bottom of it");
    }
    return depth;
}

__attribute__((noinline)) static int second_function(int depth)
{
    return third_function(depth + 1) + 1;
}

__attribute__((noinline)) static int first_function(int depth)
{
    return second_function(depth + 1) + 1;
}

_Noreturn void kernel_main(const struct boot_info *info)
{
    console_initialise(info);
    backtrace_initialise(info);
    ASSERT(info->version >= 1); // one that holds
    if (asked(info, "deep")) {
        kprintf("%d\n", first_function(0));
    }
    if (asked(info, "panic")) {
        kprintf("half a line");
        panic("%s number %d", "reason", 42);
    }
    if (asked(info, "assert")) {
        ASSERT(info->version == 0);
    }
    if (asked(info, "low")) {
        for (int line = 1; line <= 40; line++) {
            kprintf("line %d\n", line);
        }
        panic("at the bottom");
    }
    kprintf("no panic\n");
    machine_exit(MACHINE_EXIT_SUCCESS);
}
