// Reads the arguments of a TCG plugin. Called by each plugin's qemu_plugin_install.
#include "plugin_arguments.h"

#include <stdio.h>
#include <string.h>

static bool take(const char *argument, struct plugin_argument *known, size_t known_count)
{
    for (size_t i = 0; i < known_count; i++) {
        const size_t length = strlen(known[i].name);
        if (strncmp(argument, known[i].name, length) == 0 && argument[length] == '=') {
            known[i].value = strdup(argument + length + 1); // QEMU's does not outlive the call
            return known[i].value != NULL;
        }
    }
    return false;
}

bool plugin_arguments_take(const char *plugin, int count, char **given,
                           struct plugin_argument *known, size_t known_count)
{
    for (int i = 0; i < count; i++) {
        if (!take(given[i], known, known_count)) {
            fprintf(stderr, "%s: unknown argument %s\n", plugin, given[i]);
            return false;
        }
    }
    for (size_t i = 0; i < known_count; i++) {
        if (known[i].value == NULL && !known[i].optional) {
            fprintf(stderr, "%s: %s=VALUE is missing\n", plugin, known[i].name);
            return false;
        }
    }
    return true;
}
