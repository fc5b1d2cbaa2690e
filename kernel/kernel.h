// Where C begins.
#ifndef KERNEL_KERNEL_H
#define KERNEL_KERNEL_H

#include "firstlight/boot_info.h"

// Called by _start (arch/x86_64/start.asm); main.c has the kernel's, a test its own.
_Noreturn void kernel_main(const struct boot_info *info);

#endif
