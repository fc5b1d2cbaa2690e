// One child process, which never outlives this one. Used by machine.c and program.c.
#ifndef BOOTIMAGE_CHILD_H
#define BOOTIMAGE_CHILD_H

#include "message.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct child {
    pid_t pid;
    int news;        // readable when the child ended or a signal came; see child_news
    bool ended;      // and was waited for
    int wait_status; // as waitpid gives it
    int start_error; // errno of the program that could not be started
};

// What a child gets.
struct child_plan {
    char *const *arguments; // its path first, or a name for PATH to find; NULL last
    const int *kept;        // descriptors that stay open besides the standard ones
    size_t kept_count;
    bool quiet; // its standard input is empty
    int output; // becomes its standard output and error; 0: it has this process's
};

// Starts a program. From here on signals that would end this process come by child_news, until
// child_finish. False, with a message and `start_error`: there is no child.
bool child_start(struct child *child, const struct child_plan *plan, struct message *why);

// A pipe that no child inherits unless it is told to; false, and errno.
bool child_pipe(int ends[2]);

// Takes one piece of news, waiting for it: sets `ended`, or gives the number of a signal that this
// process got; else 0.
int child_news(struct child *child);

// Sends a signal to the child, if it still runs.
void child_signal(const struct child *child, int signal_number);

// Ends the child at once if it still runs, waits for it, and gives signals back their old meaning.
void child_finish(struct child *child);

#endif
