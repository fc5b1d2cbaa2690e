// What the targets that boot the fake machine, or read images back, have in common.
#ifndef BOOT_CHECK_H
#define BOOT_CHECK_H

#include "boot_image.h"
#include "fake_machine.h"
#include "image_stream.h"

// Fails unless the machine has entered a kernel with all of the boot contract kept, by what the
// kernel on the disk asks for.
void boot_check_entered(const struct fake_machine *machine);

// Reads the image; a read beside it fails.
struct image_reader boot_image_reader(struct boot_image *image);

#endif
