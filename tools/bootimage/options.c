// Parses the arguments of bootimage's commands. Called by main.c and the commands.
#include "options.h"

#include "commands.h"
#include "output.h"

#include <stdio.h>
#include <string.h>

#define END_OF_OPTIONS "--"

const struct option common_options[COMMON_OPTION_COUNT] = {
    {.name = "--color",
     .value = "WHEN",
     .help = "auto, always or never: auto, which is the default, colours what is printed on a "
             "terminal, unless NO_COLOR is set"},
    {.name = "-h, --help", .help = "show this help, wherever it stands in the line"},
};

#define COLOUR_OPTION (&common_options[0])

bool options_refuse(const struct command *command, const char *what, const char *argument)
{
    begin_complaint();
    (void)fprintf(stderr, "%s '", what);
    print_on_one_line(stderr, argument);
    (void)fprintf(stderr, "': see bootimage %s --help\n", command->name);
    return false;
}

static bool has_name(const struct option *option)
{
    return option->name[0] == '-';
}

// The option of the command, or of all, that an argument names, with `value` at what follows its =
// sign, or NULL.
static const struct option *find_option(const struct command *command, const char *argument,
                                        const char **value)
{
    const size_t length = strcspn(argument, "=");

    *value = argument[length] == '=' ? argument + length + 1 : NULL;
    for (size_t i = 0; i < command->option_count; i++) {
        const struct option *option = &command->options[i];
        if (!option->takes_the_rest && strlen(option->name) == length &&
            memcmp(option->name, argument, length) == 0) {
            return option;
        }
    }
    return strncmp(argument, COLOUR_OPTION->name, length) == 0 &&
                   COLOUR_OPTION->name[length] == '\0'
               ? COLOUR_OPTION
               : NULL;
}

// The first argument without a name, if the command takes such.
static const struct option *find_operand(const struct command *command, const char **values)
{
    const struct option *last = NULL;

    for (size_t i = 0; i < command->option_count; i++) {
        const struct option *option = &command->options[i];
        if (!has_name(option)) {
            if (values[i] == NULL || option->take != NULL) {
                return option;
            }
            last = option;
        }
    }
    return last; // given already, as the line on standard error will say
}

static bool passes_arguments_on(const struct command *command)
{
    for (size_t i = 0; i < command->option_count; i++) {
        if (command->options[i].takes_the_rest) {
            return true;
        }
    }
    return false;
}

// What follows an option, which *next may be; NULL after a line on standard error.
static const char *option_value(const struct command *command, const struct option *option,
                                const char *argument, const char *value, char ***next)
{
    if (option->value == NULL) {
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

// One run of the parser.
struct parsing {
    const struct command *command;
    const char **values;
    void *context;
};

static bool give(const struct parsing *parsing, const struct option *option, const char *argument,
                 const char *value)
{
    const char **place = &parsing->values[option - parsing->command->options];
    const bool is_first = *place == NULL;

    *place = value;
    if (option->take != NULL) {
        return option->take(parsing->context, value);
    }
    return is_first || options_refuse(parsing->command, "given a second time:", argument);
}

static bool take_operand(const struct parsing *parsing, const char *argument)
{
    const struct option *option = find_operand(parsing->command, parsing->values);

    return option != NULL ? give(parsing, option, argument, argument)
                          : options_refuse(parsing->command, "unexpected argument", argument);
}

static bool take_option(const struct parsing *parsing, const char *argument, char ***next)
{
    const char *value;
    const struct option *option = find_option(parsing->command, argument, &value);

    if (option == NULL) {
        return options_refuse(parsing->command, "unknown option", argument);
    }
    value = option_value(parsing->command, option, argument, value, next);
    if (option == COLOUR_OPTION && value != NULL) {
        return choose_colour(value) ||
               options_refuse(parsing->command, "not auto, always or never:", value);
    }
    return value != NULL && give(parsing, option, argument, value);
}

static bool check_required(const struct command *command, const char **values)
{
    for (size_t i = 0; i < command->option_count; i++) {
        const struct option *option = &command->options[i];
        if (!option->required || (values[i] != NULL && values[i][0] != '\0')) {
            continue;
        }
        begin_complaint();
        (void)fprintf(stderr, "%s '%s%s%s' is missing: see bootimage %s --help\n",
                      has_name(option) ? "option" : "argument", option->name,
                      option->value != NULL ? " " : "", option->value != NULL ? option->value : "",
                      command->name);
        return false;
    }
    return true;
}

bool options_parse(const struct command *command, char **arguments, const char **values,
                   char ***rest, void *context)
{
    const struct parsing parsing = {command, values, context};
    bool only_operands = false;

    for (size_t i = 0; i < command->option_count; i++) {
        values[i] = NULL;
    }
    while (*arguments != NULL) {
        const char *argument = *arguments++;
        bool taken = true;

        if (only_operands || argument[0] != '-') {
            taken = take_operand(&parsing, argument);
        } else if (strcmp(argument, END_OF_OPTIONS) == 0) {
            if (passes_arguments_on(command)) {
                break;
            }
            only_operands = true;
        } else {
            taken = take_option(&parsing, argument, &arguments);
        }
        if (!taken) {
            return false;
        }
    }
    if (rest != NULL) {
        *rest = arguments;
    }
    return check_required(command, values);
}

bool options_ask_for_help(const struct command *command, char **arguments)
{
    for (; *arguments != NULL && strcmp(*arguments, END_OF_OPTIONS) != 0; arguments++) {
        const char *value;
        const struct option *option = find_option(command, *arguments, &value);

        if (strcmp(*arguments, "--help") == 0 || strcmp(*arguments, "-h") == 0) {
            return true;
        }
        if (option != NULL && option->value != NULL && value == NULL && arguments[1] != NULL) {
            arguments++; // its value, whatever that looks like
        }
    }
    return false;
}
