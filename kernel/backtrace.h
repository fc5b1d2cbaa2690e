// The call chain, printed with the functions' names.
#ifndef KERNEL_BACKTRACE_H
#define KERNEL_BACKTRACE_H

#include "firstlight/boot_info.h"

#include <stdint.h>

// Before this call nothing is printed: the stack's bounds and the symbols are in boot_info.
void backtrace_initialise(const struct boot_info *info);

// Prints the instruction, unless it is 0, and the callers, beginning with that of the function
// whose frame pointer (RBP) this is.
void backtrace_print(uint64_t instruction, uint64_t frame_pointer);

#endif
