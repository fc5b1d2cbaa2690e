// The compiler's stack protector: functions with arrays put a secret number between these and their
// return address, and look at it before they return (-fstack-protector-strong).
#ifndef KERNEL_STACK_PROTECTOR_H
#define KERNEL_STACK_PROTECTOR_H

#include "firstlight/boot_info.h"

#include <stdint.h>

// What the compiler's code reads and calls; the names are its own.
extern uint64_t __stack_chk_guard;
_Noreturn void __stack_chk_fail(void);

// Makes the number from the last 8 of boot_info's random bytes, and clears these: 24 are left for
// others. To be called by a function that does not return: its own number changes.
void stack_protector_initialise(const struct boot_info *info);

#endif
