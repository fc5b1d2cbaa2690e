// What bootimage prints: lines about what went wrong, text from outside made harmless, and colour
// where a person looks. Used by main.c and all commands.
#ifndef BOOTIMAGE_OUTPUT_H
#define BOOTIMAGE_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum colour {
    COLOUR_GOOD,
    COLOUR_BAD,
    COLOUR_HEADING,
};

// `when`: "always", "never", or "auto", which is so from the beginning: on a terminal, unless the
// environment has NO_COLOR or a TERM without colours. False for anything else.
bool choose_colour(const char *when);

// Prints text, in a colour if colour there is to be.
void print_in_colour(FILE *stream, enum colour colour, const char *text);

// Prints text so that it stays in its line: control characters as \xNN.
void print_on_one_line(FILE *stream, const char *text);

// Prints text from an image on standard output, in quotation marks and ASCII, so that it cannot do
// anything to a terminal.
void print_quoted(const char *text, uint64_t length);

// Prints `bootimage: PATH: TEXT` on standard error, without the path where that is NULL, and
// returns EXIT_REFUSED, or EXIT_SYSTEM if a call to the host has failed.
int complain(const char *path, const char *text);

// The same where the host is to blame: returns EXIT_SYSTEM.
int complain_of_system(const char *path, const char *text);

// Begins a line on standard error: `bootimage: `.
void begin_complaint(void);

// Brings what was printed on standard output out. Returns `status`, or after a line on standard
// error EXIT_SYSTEM when not all of it could be written.
int finish_output(int status);

#endif
