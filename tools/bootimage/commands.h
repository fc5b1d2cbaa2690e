// bootimage's commands, and what they share. main.c calls them with the arguments that follow the
// command's name, NULL at the end; they return the program's exit status.
#ifndef BOOTIMAGE_COMMANDS_H
#define BOOTIMAGE_COMMANDS_H

#include <stddef.h>
#include <stdio.h>

#define EXIT_REFUSED 1 // the input is not good, or the system said no
#define EXIT_USAGE   2 // the command line is not understood

int create_command(char **arguments);
int inspect_command(char **arguments);

// Prints the help text of a command on standard output; gives the exit status.
int print_help(const char *command);

// Prints text so that it stays in its line: control characters as \xNN.
void print_on_one_line(FILE *stream, const char *text);

// Prints `bootimage: PATH: TEXT` on standard error, without the path where that is NULL, and
// returns EXIT_REFUSED.
int complain(const char *path, const char *text);

// The loader, made into arrays by cmake/Embed.cmake.
extern const unsigned char embedded_mbr[];
extern const size_t embedded_mbr_size;
extern const unsigned char embedded_stage2[];
extern const size_t embedded_stage2_size;

#endif
