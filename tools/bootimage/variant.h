// Other forms of a disk image, for emulators that want them: made of a raw image by the programs
// that know them. Used by create.c and convert.c.
#ifndef BOOTIMAGE_VARIANT_H
#define BOOTIMAGE_VARIANT_H

#include "host_file.h"
#include "message.h"

#include <stdbool.h>

enum image_variant {
    VARIANT_RAW,
    VARIANT_VHD,  // fixed: the raw image and a footer
    VARIANT_VMDK, // monolithicSparse
    VARIANT_ISO,  // El Torito, the raw image as an emulated hard disk
};

// Help for the option, and what options_refuse says of another value.
#define VARIANT_OPTION_HELP                                                                        \
    "one of\n  raw   the disk as it is\n  vhd   for VirtualBox and Hyper-V\n"                      \
    "  vmdk  for VirtualBox and VMware\n  iso   a CD that boots as a hard disk"
#define VARIANT_OPTION_WRONG "not raw, vhd, vmdk or iso:"

// False when there is no variant of this name.
bool variant_find(const char *name, enum image_variant *variant);

// Makes the variant (not raw) of the raw image that `raw` has written, in the file that `output`
// has just begun, and which is to become `name`. The same raw image gives the same bytes, with
// SOURCE_DATE_EPOCH as it is. False, with a message.
bool variant_make(const struct host_output *raw, enum image_variant variant,
                  struct host_output *output, struct message *why);

#endif
