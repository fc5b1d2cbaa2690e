// Command-line options of the form --name VALUE, --name=VALUE, or --name alone, and arguments
// without a name. Every command has a table of those it takes; the help is printed from it, too.
#ifndef BOOTIMAGE_OPTIONS_H
#define BOOTIMAGE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct command;

// Takes one value of an option that may come several times; `context` is what options_parse was
// given. False, after one line on standard error, ends the parsing.
typedef bool option_taker(void *context, const char *value);

struct option {
    const char *name;    // "--output", or "IMAGE" for an argument without a name
    const char *value;   // what it takes, as help calls it: "FILE"; NULL: a flag, or no name
    const char *help;    // laid out as help.h says
    option_taker *take;  // gets each value in the order of the command line; NULL: comes once
    bool required;       // must be given, and not be empty
    bool takes_the_rest; // named "--": its arguments go to another program, untouched
};

// What every command takes besides: --color and --help.
#define COMMON_OPTION_COUNT 2
extern const struct option common_options[COMMON_OPTION_COUNT];

// Puts the arguments' values at the places of their options in the command's table: NULL for what
// is not given, of a flag its name. False, after one line on standard error, for what is unknown,
// lacks its value, has one that it does not take, comes twice, or is missing. `rest` gets what
// follows "--" in a command that has an option of that name, and may be NULL in others; elsewhere
// "--" makes operands of all that follow.
bool options_parse(const struct command *command, char **arguments, const char **values,
                   char ***rest, void *context);

// Whether the arguments ask for help: --help or -h where no value stands, in front of "--".
bool options_ask_for_help(const struct command *command, char **arguments);

// Prints `bootimage: WHAT 'ARGUMENT': see bootimage COMMAND --help` on standard error; false.
bool options_refuse(const struct command *command, const char *what, const char *argument);

#endif
