// Takes chance and time out of the files that qemu-img makes, so that the same image gives the same
// bytes. Used by variant.c.
#ifndef BOOTIMAGE_VARIANT_PATCH_H
#define BOOTIMAGE_VARIANT_PATCH_H

#include "host_file.h"
#include "message.h"

#include <stdbool.h>

// Both write into the file that `output` has open. `raw` is the path of the raw image: what
// identifies it takes the place of what was drawn by chance. False, with a message.

// A fixed VHD's footer: no time, a unique identifier that is derived.
bool variant_patch_vhd(const char *raw, struct host_output *output, struct message *why);

// A VMDK's embedded descriptor: a content identifier that is derived, and the name that the file
// will have instead of the one it has while it is made.
bool variant_patch_vmdk(const char *raw, struct host_output *output, struct message *why);

#endif
