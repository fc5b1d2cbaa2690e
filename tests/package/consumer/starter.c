// A kernel_main of the user's on the starter kernel.
#include "arch/x86_64/machine_exit.h"
#include "console/console.h"
#include "kernel.h"

void kernel_main(const struct boot_info *info)
{
    console_initialise(info);
    kprintf("on_starter\n");
    machine_exit(MACHINE_EXIT_SUCCESS);
}
