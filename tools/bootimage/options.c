// Parses the arguments of bootimage's commands. Called by create.c and inspect.c.
#include "options.h"

#include "commands.h"

#include <stdio.h>
#include <string.h>

#define HELP_OPTION "--help"

bool options_refuse(const char *command, const char *what, const char *argument)
{
    (void)fprintf(stderr, "bootimage: %s '", what);
    print_on_one_line(stderr, argument);
    (void)fprintf(stderr, "': see bootimage %s --help\n", command);
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

// What follows an option, which *next may be; NULL after a line on standard error.
static const char *option_value(const char *command, const struct option *option,
                                const char *argument, const char *value, char ***next)
{
    if (option->is_flag) {
        if (value != NULL) {
            (void)options_refuse(command, "no value belongs to option", argument);
            return NULL;
        }
        return option->name;
    }
    if (value == NULL && **next != NULL) {
        value = *(*next)++;
    }
    if (value == NULL) {
        (void)options_refuse(command, "nothing follows option", argument);
    }
    return value;
}

static bool give(const char *command, struct option *option, const char *argument,
                 const char *value)
{
    if (option->take != NULL) {
        return option->take(option->context, value);
    }
    if (option->value != NULL) {
        return options_refuse(command, "given a second time:", argument);
    }
    option->value = value;
    return true;
}

static bool take_operand(const char *command, const char *argument, struct option *options,
                         size_t count)
{
    struct option *option = find_operand(options, count);

    return option != NULL ? give(command, option, argument, argument)
                          : options_refuse(command, "unexpected argument", argument);
}

static bool take_option(const char *command, const char *argument, char ***next,
                        struct option *options, size_t count)
{
    const char *value;
    struct option *option = find_option(argument, options, count, &value);

    if (option == NULL) {
        return options_refuse(command, "unknown option", argument);
    }
    value = option_value(command, option, argument, value, next);
    return value != NULL && give(command, option, argument, value);
}

enum options_result options_parse(const char *command, char **arguments, struct option *options,
                                  size_t count)
{
    bool only_operands = false;

    while (*arguments != NULL) {
        const char *argument = *arguments++;
        bool taken = true;

        if (only_operands || argument[0] != '-') {
            taken = take_operand(command, argument, options, count);
        } else if (strcmp(argument, "--") == 0) {
            only_operands = true;
        } else if (strcmp(argument, HELP_OPTION) == 0) {
            return OPTIONS_HELP;
        } else {
            taken = take_option(command, argument, &arguments, options, count);
        }
        if (!taken) {
            return OPTIONS_WRONG;
        }
    }
    return OPTIONS_TAKEN;
}
