// The arguments of the tests' TCG plugins, which QEMU passes on as `name=value`. Compiled into each
// plugin (Plugin.cmake).
#ifndef PLUGIN_ARGUMENTS_H
#define PLUGIN_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

struct plugin_argument {
    const char *name;
    bool optional;
    char *value; // null until it is given; a copy that is never freed
};

// Takes the values of `known` from what QEMU passed. False, with a line on standard error that
// begins with the plugin's name, when one is unknown, has no value, or is missing and not optional.
bool plugin_arguments_take(const char *plugin, int count, char **given,
                           struct plugin_argument *known, size_t known_count);

#endif
