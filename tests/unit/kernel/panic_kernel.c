// Panics in the way its command line names; test_panic.py looks at what it leaves behind.
#include "arch/x86_64/machine_exit.h"
#include "console/console.h"
#include "kernel.h"
#include "lib/command_line.h"
#include "panic.h"

#include <stdbool.h>
#include <stddef.h>

static bool asked(const struct boot_info *info, const char *word)
{
    return command_line_has_word(info->command_line, (size_t)info->command_line_length, word);
}

_Noreturn void kernel_main(const struct boot_info *info)
{
    console_initialise(info);
    ASSERT(info->version >= 1); // one that holds
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
