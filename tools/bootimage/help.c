// Prints the help of bootimage and of each command. Called by main.c.
#include "help.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_COLUMNS 80
#define TEXT_COLUMN  26 // where the text of a command, an option or an exit status begins

static const struct {
    int status;
    const char *meaning;
} exit_statuses[] = {
    {EXIT_SUCCESS, "done"},
    {EXIT_REFUSED, "refused: what was given is not good, as a kernel or a damaged image"},
    {EXIT_USAGE, "the command line is not understood"},
    {EXIT_SYSTEM, "the host failed: a file cannot be read or written, a program is missing"},
};

// ---- Text in lines ------------------------------------------------------------------------

// Words to be printed from `column` on, in further lines from `indent` on.
static void print_words(const char *text, size_t length, int column, int indent)
{
    const char *end = text + length;
    bool is_first = true;

    while (text != end) {
        const char *space = memchr(text, ' ', (size_t)(end - text));
        const int word = (int)((space != NULL ? space : end) - text);

        if (!is_first && column + 1 + word > LINE_COLUMNS) {
            (void)printf("\n%*s", indent, "");
            column = indent;
        } else if (!is_first) {
            (void)putchar(' ');
            column++;
        }
        (void)printf("%.*s", word, text);
        column += word;
        is_first = false;
        text += word + (space != NULL ? 1 : 0);
    }
    (void)putchar('\n');
}

// Text of several lines, the first at the cursor, which is in `column` = `indent`.
static void print_text(const char *text, int indent)
{
    bool is_first = true;

    while (*text != '\0') {
        const size_t length = strcspn(text, "\n");
        if (!is_first) {
            (void)printf("%*s", length != 0 ? indent : 0, "");
        }
        if (*text == ' ') {
            (void)printf("%.*s\n", (int)length, text);
        } else {
            print_words(text, length, indent, indent);
        }
        is_first = false;
        text += length + (text[length] == '\n' ? 1 : 0);
    }
}

// A row of a table: a name in the left column, text in the right one.
static void print_row(const char *name, const char *value, const char *text)
{
    const int width =
        printf("  %s%s%s", name, value != NULL ? " " : "", value != NULL ? value : "");

    if (width + 2 > TEXT_COLUMN) {
        (void)printf("\n%*s", TEXT_COLUMN, "");
    } else {
        (void)printf("%*s", TEXT_COLUMN - width, "");
    }
    print_text(text, TEXT_COLUMN);
}

// ---- Pages --------------------------------------------------------------------------------

static void print_exit_statuses(void)
{
    (void)printf("\nExit status:\n\n");
    for (size_t i = 0; i < sizeof(exit_statuses) / sizeof(exit_statuses[0]); i++) {
        char number[8];
        (void)snprintf(number, sizeof(number), "%d", exit_statuses[i].status);
        print_row(number, NULL, exit_statuses[i].meaning);
    }
    (void)printf("\n");
    print_text(
        "bootimage test gives 1 for a kernel that fails, bootimage run what QEMU gave: their "
        "help says more.\n",
        0);
}

// Those with dashes, or those without.
static void print_options(const struct option *options, size_t count, bool with_dashes,
                          const char *heading)
{
    bool found = false;

    for (size_t i = 0; i < count; i++) {
        if ((options[i].name[0] == '-') == with_dashes) {
            if (!found) {
                (void)printf("\n%s:\n\n", heading);
            }
            found = true;
            print_row(options[i].name, options[i].value, options[i].help);
        }
    }
}

void help_print_overview(void)
{
    (void)printf("Usage: bootimage COMMAND [ARGUMENT]...\n\n");
    print_text("Joins a kernel and the Firstlight bootloader into one disk image, looks into such "
               "images, boots them and writes them to disks.\n\nCommands:\n\n",
               0);
    for (size_t i = 0; commands[i] != NULL; i++) {
        print_row(commands[i]->name, NULL, commands[i]->summary);
    }
    print_row("help [COMMAND]", NULL, "show this help, or that of a command");
    (void)printf("\nOptions:\n\n");
    print_row("-h, --help", NULL, "show this help; behind a command, that of the command");
    print_row("--version", NULL, "show the version");
    print_exit_statuses();
}

void help_print_command(const struct command *command)
{
    const int column = printf("Usage: bootimage %s ", command->name);

    print_words(command->usage, strlen(command->usage), column, column);
    (void)putchar('\n');
    print_text(command->description, 0);
    print_options(command->options, command->option_count, false, "Arguments");
    print_options(command->options, command->option_count, true, "Options");
    print_options(common_options, COMMON_OPTION_COUNT, true, "Options of every command");
    if (command->notes != NULL) {
        (void)putchar('\n');
        print_text(command->notes, 0);
    }
}
