// Parses the arguments of bootimage's commands. Called by create.c and inspect.c.
#include "options.h"

#include <stdio.h>
#include <string.h>

static bool refuse(const char *command, const char *what, const char *argument)
{
    (void)fprintf(stderr, "bootimage: %s '%s': see bootimage %s --help\n", what, argument, command);
    return false;
}

// The option that an argument names, with `value` at what follows its = sign, or NULL.
static struct option *find_option(const char *argument, struct option *options, size_t count,
                                  const char **value)
{
    const size_t length = strcspn(argument, "=");

    *value = argument[length] == '=' ? argument + length + 1 : NULL;
    for (size_t i = 0; i < count; i++) {
        if (options[i].name != NULL && strlen(options[i].name) == length &&
            memcmp(options[i].name, argument, length) == 0) {
            return &options[i];
        }
    }
    return NULL;
}

static struct option *find_operand(struct option *options, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (options[i].name == NULL) {
            return &options[i];
        }
    }
    return NULL;
}

bool options_parse(const char *command, char **arguments, struct option *options, size_t count)
{
    bool only_operands = false;

    for (; *arguments != NULL; arguments++) {
        const char *argument = *arguments;
        const char *value = argument;
        struct option *option;

        if (!only_operands && strcmp(argument, "--") == 0) {
            only_operands = true;
            continue;
        }
        if (!only_operands && argument[0] == '-') {
            option = find_option(argument, options, count, &value);
            if (option == NULL) {
                return refuse(command, "unknown option", argument);
            }
            if (value == NULL) {
                value = *++arguments;
            }
            if (value == NULL) {
                return refuse(command, "nothing follows option", argument);
            }
        } else {
            option = find_operand(options, count);
            if (option == NULL) {
                return refuse(command, "unexpected argument", argument);
            }
        }
        if (option->value != NULL) {
            return refuse(command, "given a second time:", argument);
        }
        option->value = value;
    }
    return true;
}
