// What the commands `run` and `test` take alike: entries of their tables, and numbers. Used by
// run.c and test.c, on Windows too, where neither can boot.
#ifndef BOOTIMAGE_MACHINE_OPTIONS_H
#define BOOTIMAGE_MACHINE_OPTIONS_H

#include "options.h"

#define OPTION_QEMU                                                                                \
    {                                                                                              \
        .name = "--qemu", .value = "PROGRAM",                                                      \
        .help = "the QEMU to run; else what the environment variable QEMU names, else "            \
                "qemu-system-x86_64"                                                               \
    }

#define OPTION_QEMU_ARGUMENTS                                                                      \
    {                                                                                              \
        .name = "--", .value = "ARGUMENT...", .takes_the_rest = true,                              \
        .help = "arguments for QEMU, as `-- -m 1G -smp 4`"                                         \
    }

#define MACHINE_DEFAULT_SECONDS 60u // as the help of --timeout says

// Reads a decimal number from `least` to `most`. False for anything else.
bool number_parse(const char *text, unsigned least, unsigned most, unsigned *number);

// Reads the value of --timeout, 1 to 86400 seconds; NULL, where it was not given, leaves *seconds
// as it is. False, after one line on standard error that sends to the command's help.
bool timeout_parse(const struct command *command, const char *text, unsigned *seconds);

#endif
