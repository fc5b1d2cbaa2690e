// How QEMU is to be told of an image: a raw disk, a VHD, a VMDK or a CD. Used by qemu.c
// and image_file.c.
#ifndef BOOTIMAGE_DRIVE_H
#define BOOTIMAGE_DRIVE_H

#include "host_file.h"

// Values of QEMU's -drive with a comma behind: "format=raw,". The form is known by its own marks;
// what has none is a raw disk, as what cannot be read.
const char *drive_options(struct host_input *image);

// The form in words, as "a VHD"; NULL for a raw disk.
const char *drive_form(struct host_input *image);

#endif
