// Command-line options of the form --name VALUE, --name=VALUE, or --name alone.
#ifndef BOOTIMAGE_OPTIONS_H
#define BOOTIMAGE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

// Takes one value of an option that may come several times. False, after one line on standard
// error, ends the parsing.
typedef bool option_taker(void *context, const char *value);

struct option {
    const char *name;   // with the dashes; NULL: the one argument without
    bool is_flag;       // has no value
    option_taker *take; // gets each value in the order of the command line; NULL: comes once
    void *context;      // for `take`
    const char *value;  // NULL until it is given; of a flag, its name
};

enum options_result {
    OPTIONS_TAKEN,
    OPTIONS_WRONG, // one line on standard error says what
    OPTIONS_HELP,  // --help was among them
};

// Puts the arguments' values into the options. Wrong is what is unknown, lacks its value, has one
// that it does not take, or comes twice. `command` is the name of the command, for the line on
// standard error.
enum options_result options_parse(const char *command, char **arguments, struct option *options,
                                  size_t count);

// Prints `bootimage: WHAT 'ARGUMENT': see bootimage COMMAND --help` on standard error; false.
bool options_refuse(const char *command, const char *what, const char *argument);

#endif
