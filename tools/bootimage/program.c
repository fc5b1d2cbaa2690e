// Runs another program and reads what it prints. Called by variant.c.
#if !defined(_WIN32)
#define _POSIX_C_SOURCE 200809L
#endif

#include "program.h"

#include <stddef.h>
#include <stdint.h>

#ifdef _WIN32

enum program_result program_run(const char *const *arguments, struct message *why)
{
    message_format(why,
                   "bootimage starts no other programs on Windows: make a raw image, and another "
                   "of it with %s",
                   arguments[0]);
    return PROGRAM_FAILED;
}

void program_default_variable(const char *name, const char *value)
{
    (void)name;
    (void)value;
}

#else

#include "child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CANNOT_START   127 // the exit status of a child that finds no program
#define LINE_MAX_BYTES 160

// The last line of text that came from the program, without its end.
struct last_line {
    char text[LINE_MAX_BYTES + 1];
    size_t length;
    bool ended; // the next byte begins another
};

static void add_output(struct last_line *line, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] == '\n' || bytes[i] == '\r') {
            line->ended = true;
            continue;
        }
        if (line->ended) {
            line->length = 0;
            line->ended = false;
        }
        if (line->length < LINE_MAX_BYTES) {
            line->text[line->length++] = bytes[i];
        }
    }
    line->text[line->length] = '\0';
}

// Reads what there is; false at the end.
static bool read_output(int descriptor, struct last_line *line)
{
    char block[4096];
    const ssize_t got = read(descriptor, block, sizeof(block));

    add_output(line, block, got > 0 ? (size_t)got : 0);
    return got > 0 || (got < 0 && errno == EINTR);
}

// Until the program has ended and its output is read. Gives the number of a signal that came to end
// this process, or 0.
static int follow(struct child *child, int output, struct last_line *line)
{
    enum { NEWS, OUTPUT, SOURCES };
    struct pollfd sources[SOURCES] = {[NEWS] = {.fd = child->news, .events = POLLIN},
                                      [OUTPUT] = {.fd = output, .events = POLLIN}};

    while (!child->ended || sources[OUTPUT].fd >= 0) {
        // What a program of its own may still write after its end is not waited for.
        const int ready = poll(sources, SOURCES, child->ended ? 0 : -1);

        if (ready < 0 && errno == EINTR) {
            continue;
        }
        if (ready <= 0) {
            break;
        }
        if (sources[OUTPUT].revents != 0 && !read_output(output, line)) {
            sources[OUTPUT].fd = -1;
        }
        if (sources[NEWS].revents != 0) {
            const int signal_number = child_news(child);
            if (signal_number != 0) {
                return signal_number;
            }
        }
    }
    return 0;
}

static enum program_result judge(int status, const char *name, const struct last_line *line,
                                 struct message *why)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return PROGRAM_DONE;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_START) {
        return PROGRAM_MISSING;
    }
    if (line->length != 0) {
        message_format(why, "%s failed: %s", name, line->text);
    } else {
        message_format(why, "%s failed and does not say why", name);
    }
    return PROGRAM_FAILED;
}

enum program_result program_run(const char *const *arguments, struct message *why)
{
    struct child_plan plan = {.arguments = (char *const *)(uintptr_t)arguments, // it changes none
                              .quiet = true};
    struct last_line line = {.length = 0};
    struct child child;
    int ends[2];
    int signal_number = 0;

    if (!child_pipe(ends)) {
        message_format(why, "%s cannot be started: %s", arguments[0], strerror(errno));
        return PROGRAM_FAILED;
    }
    plan.output = ends[1];
    const bool started = child_start(&child, &plan, why);
    (void)close(ends[1]);
    if (started) {
        signal_number = follow(&child, ends[0], &line);
        child_finish(&child);
    }
    (void)close(ends[0]);
    if (signal_number != 0) {
        (void)raise(signal_number); // it has its old meaning again: the end
    }
    if (!started) {
        return child.start_error == ENOENT ? PROGRAM_MISSING : PROGRAM_FAILED;
    }
    return judge(child.wait_status, arguments[0], &line, why);
}

void program_default_variable(const char *name, const char *value)
{
    (void)setenv(name, value, 0);
}

#endif
