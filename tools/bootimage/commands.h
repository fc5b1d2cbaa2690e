// bootimage's commands: what one is made of, and the exit statuses that all give. main.c has the
// table of them and runs them, help.c shows it.
#ifndef BOOTIMAGE_COMMANDS_H
#define BOOTIMAGE_COMMANDS_H

#include "options.h"

#include <stddef.h>

// Exit statuses besides EXIT_SUCCESS; help.c has them in words.
#define EXIT_REFUSED 1 // what was given is not good: a kernel, an image, a file's place
#define EXIT_USAGE   2 // the command line is not understood
#define EXIT_SYSTEM  3 // the host failed: a file, a device or a program that is needed

struct command {
    const char *name;
    const char *summary;     // what it does, in the list of all: no full stop, fits its line
    const char *usage;       // what follows the name, as `--kernel FILE [OPTION]...`
    const char *description; // text of the help in front of the options, and ...
    const char *notes;       // ... behind them, or NULL; help.h says how it is laid out
    const struct option *options;
    size_t option_count;

    // The arguments behind the name, NULL at the end, without a plea for help among them. Returns
    // the program's exit status.
    int (*run)(char **arguments);
};

extern const struct command create_command;
extern const struct command inspect_command;
extern const struct command convert_command;
extern const struct command extract_command;
extern const struct command verify_command;
extern const struct command run_command;
extern const struct command test_command;
extern const struct command timeline_command;
extern const struct command write_command;

// All of them, in the order of the help; NULL at the end.
extern const struct command *const commands[];

// The loader, made into arrays by cmake/Embed.cmake.
extern const unsigned char embedded_mbr[];
extern const size_t embedded_mbr_size;
extern const unsigned char embedded_stage2[];
extern const size_t embedded_stage2_size;

#endif
