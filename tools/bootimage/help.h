// bootimage's help, printed from the table of commands. Text is laid out in lines of 80 columns:
// a blank line ends a paragraph, and a line that begins with a space stays as it is.
#ifndef BOOTIMAGE_HELP_H
#define BOOTIMAGE_HELP_H

#include "commands.h"

// Print on standard output.
void help_print_overview(void);
void help_print_command(const struct command *command);

#endif
