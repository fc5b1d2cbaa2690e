// One child process, which never outlives this one. Used by run.c and machine.c.
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
};

// Starts a program: `arguments` with its path first and NULL last. It keeps open the standard
// descriptors and those in `kept`. `quiet`: its standard input is empty. From here on signals that
// would end this process come by child_news, until child_finish. False, with a message: there is
// no child.
bool child_start(struct child *child, char *const *arguments, const int *kept, size_t kept_count,
                 bool quiet, struct message *why);

// Takes one piece of news, waiting for it: sets `ended`, or gives the number of a signal that this
// process got; else 0.
int child_news(struct child *child);

// Sends a signal to the child, if it still runs.
void child_signal(const struct child *child, int signal_number);

// Ends the child at once if it still runs, waits for it, and gives signals back their old meaning.
void child_finish(struct child *child);

#endif
