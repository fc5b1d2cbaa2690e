// What the files of bootimage inspect share: inspect.c has the command and the table of parts,
// inspect_kernel.c the kernel and what it asks for, inspect_boot.c what the loader will do.
#ifndef BOOTIMAGE_INSPECT_H
#define BOOTIMAGE_INSPECT_H

#include "image_read.h"

#include <stdbool.h>
#include <stdint.h>

// Prints text from the image so that it cannot do anything to the terminal.
void print_quoted(const char *text, uint64_t length);

// Prints segments and boot request of a kernel that has been read.
void print_kernel(const struct image_report *report);

// Prints the plan of a boot, sliding a position-independent kernel. False after a line on standard
// error, when there is none.
bool print_boot(const char *path, struct image_report *report);

#endif
