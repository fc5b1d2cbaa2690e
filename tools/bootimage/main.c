// bootimage: makes a bootable disk image from a kernel, and shows what is in one. Finds the command
// that was asked for, or the help.
#include "commands.h"
#include "help.h"
#include "output.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct command *const commands[] = {
    // In the order of the help.
    &create_command, &inspect_command, &verify_command,   &extract_command, &convert_command,
    &run_command,    &test_command,    &timeline_command, &write_command,   NULL,
};

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (strcmp(name, commands[i]->name) == 0) {
            return commands[i];
        }
    }
    begin_complaint();
    (void)fputs("unknown command '", stderr);
    print_on_one_line(stderr, name);
    (void)fputs("': see bootimage --help\n", stderr);
    return NULL;
}

static int show_command_help(const struct command *command)
{
    help_print_command(command);
    return finish_output(EXIT_SUCCESS);
}

// `topic`: the name of a command, or NULL.
static int show_help(const char *topic)
{
    const struct command *command;

    if (topic == NULL) {
        help_print_overview();
        return finish_output(EXIT_SUCCESS);
    }
    command = find_command(topic);
    return command != NULL ? show_command_help(command) : EXIT_USAGE;
}

static bool is_one_of(const char *text, const char *a, const char *b, const char *c)
{
    return strcmp(text, a) == 0 || strcmp(text, b) == 0 || strcmp(text, c) == 0;
}

int main(int count, char **arguments)
{
    const struct command *command;

    if (count < 2) {
        (void)complain(NULL, "no command given: see bootimage --help");
        return EXIT_USAGE;
    }
    if (is_one_of(arguments[1], "help", "--help", "-h")) {
        return show_help(arguments[2]);
    }
    if (strcmp(arguments[1], "--version") == 0) {
        (void)puts("bootimage (Firstlight) " FIRSTLIGHT_VERSION);
        return finish_output(EXIT_SUCCESS);
    }
    command = find_command(arguments[1]);
    if (command == NULL) {
        return EXIT_USAGE;
    }
    if (options_ask_for_help(command, arguments + 2)) {
        return show_command_help(command);
    }
    return command->run(arguments + 2);
}
