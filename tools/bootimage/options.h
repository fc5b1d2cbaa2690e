// Command-line options of the form --name VALUE or --name=VALUE.
#ifndef BOOTIMAGE_OPTIONS_H
#define BOOTIMAGE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct option {
    const char *name;  // with the dashes; NULL: the one argument without
    const char *value; // NULL until it is given
};

// Puts the arguments' values into the options. False, after one line on standard error, when one is
// unknown, lacks its value or comes twice. `command` is the name of the command, for that line.
bool options_parse(const char *command, char **arguments, struct option *options, size_t count);

#endif
