// Another program, run to its end. Used by variant.c.
#ifndef BOOTIMAGE_PROGRAM_H
#define BOOTIMAGE_PROGRAM_H

#include "message.h"

enum program_result {
    PROGRAM_DONE,    // its exit status was 0
    PROGRAM_MISSING, // no program of this name is in PATH
    PROGRAM_FAILED,
};

// Runs a program that PATH leads to: `arguments` with its name first and NULL last. Its standard
// input is empty; what it prints is read, and where it fails the last line of that is in the
// message. No message where it is missing.
enum program_result program_run(const char *const *arguments, struct message *why);

// Sets a variable of this program's environment, and of those it runs, unless it is set.
void program_default_variable(const char *name, const char *value);

#endif
