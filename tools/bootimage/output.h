// What bootimage prints: lines about what went wrong, and text from outside made harmless. Used by
// main.c and all commands.
#ifndef BOOTIMAGE_OUTPUT_H
#define BOOTIMAGE_OUTPUT_H

#include <stdio.h>

// Prints text so that it stays in its line: control characters as \xNN.
void print_on_one_line(FILE *stream, const char *text);

// Prints `bootimage: PATH: TEXT` on standard error, without the path where that is NULL, and
// returns EXIT_REFUSED.
int complain(const char *path, const char *text);

// The same where the host is to blame: returns EXIT_SYSTEM.
int complain_of_system(const char *path, const char *text);

// Brings what was printed on standard output out. Returns `status`, or after a line on standard
// error EXIT_SYSTEM when not all of it could be written.
int finish_output(int status);

#endif
