// QEMU on this host: where it is, and its arguments. Used by run.c, test.c and
// machine_start.c.
#ifndef BOOTIMAGE_QEMU_H
#define BOOTIMAGE_QEMU_H

#include "message.h"

#include <stdbool.h>
#include <stddef.h>

// The program's path, from malloc: `named` (by --qemu) where not NULL, else what the environment
// variable QEMU names, else qemu-system-x86_64 in PATH or a usual place. A name without / is looked
// for in PATH. NULL, with a message, where there is none that can be run.
char *qemu_find(const char *named, struct message *why);

// EXIT_SUCCESS when the image can be read and QEMU is there: *program is its path, from malloc, to
// be asked for as by qemu_find. Else an exit status, after a line on standard error.
int qemu_prepare(const char *named, const char *image, char **program);

// A program's arguments, NULL at the end. Starts as all zeros.
struct arguments {
    char **items;
    size_t count;
    size_t capacity; // of items
    bool failed;     // memory was not enough: it lacks something
};

void arguments_add(struct arguments *arguments, const char *text);
void arguments_add_list(struct arguments *arguments, const char *const *texts); // NULL at its end
void arguments_free(struct arguments *arguments);

// Adds -drive with an image of any form that drive.h knows. `options` is put in front of file=, as
// in "snapshot=on,"; a comma in the path is doubled, and a colon is none of a protocol.
void arguments_add_drive(struct arguments *arguments, const char *options, const char *image);

// Adds the device by which a kernel ends QEMU (verdict.h).
void arguments_add_exit_device(struct arguments *arguments);

// Whether QEMU's own arguments, NULL at the end, have this option: "-gdb" or "--gdb".
bool arguments_have(char *const *arguments, const char *option);

#endif
