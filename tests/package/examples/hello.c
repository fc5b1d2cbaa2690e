// A kernel in C, without the starter kernel. Also compiled by gcc, which knows nothing of
// Firstlight.
#include "machine.h"

#include <firstlight/boot_info.h>

#ifndef COMPILER
#define COMPILER "C"
#endif

void _start(const struct boot_info *info);

void _start(const struct boot_info *info)
{
    print("Hello from " COMPILER ": ");
    print_number(info->memory_map_count);
    print(" ranges of memory\n");
    finish();
}
