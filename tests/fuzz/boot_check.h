// What the targets that boot the fake machine have in common.
#ifndef BOOT_CHECK_H
#define BOOT_CHECK_H

#include "boot_image.h"
#include "fake_machine.h"

// Fails unless the machine has entered a kernel with all of the boot contract kept, by what the
// kernel on the disk asks for.
void boot_check_entered(const struct fake_machine *machine);

#endif
