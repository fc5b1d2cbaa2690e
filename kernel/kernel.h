// Where C begins.
#ifndef KERNEL_KERNEL_H
#define KERNEL_KERNEL_H

#include "firstlight/boot_info.h"

// Called by _start (arch/x86_64/start.asm); main.c has the kernel's, a test its own.
_Noreturn void kernel_main(const struct boot_info *info);

// What the time-stamp counter said at the kernel's first instruction (arch/x86_64/start.asm).
extern const uint64_t kernel_start_time;

#endif
