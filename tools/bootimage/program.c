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

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CANNOT_START   127 // the exit status of a child that finds no program
#define LINE_MAX_BYTES 160

extern char **environ;

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

static void read_output(int descriptor, struct last_line *line)
{
    char block[4096];
    ssize_t got;

    while ((got = read(descriptor, block, sizeof(block))) > 0 || (got < 0 && errno == EINTR)) {
        add_output(line, block, got > 0 ? (size_t)got : 0);
    }
}

// Starts it with standard output and error on `output`. An error number.
static int spawn(const char *const *arguments, int output, pid_t *child)
{
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);

    if (error != 0) {
        return error;
    }
    error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (error == 0) {
        error = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    }
    if (error == 0) {
        error = posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
    }
    if (error == 0) {
        error = posix_spawnp(child, arguments[0], &actions, NULL,
                             (char *const *)(uintptr_t)arguments, environ); // it changes none
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return error;
}

static enum program_result wait_for(pid_t child, const char *name, const struct last_line *line,
                                    struct message *why)
{
    int status = 0;
    pid_t waited;

    do {
        waited = waitpid(child, &status, 0);
    } while (waited < 0 && errno == EINTR);
    if (waited == child && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
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
    struct last_line line = {.length = 0};
    int ends[2];
    pid_t child;

    if (pipe(ends) != 0) {
        message_format(why, "%s cannot be started: %s", arguments[0], strerror(errno));
        return PROGRAM_FAILED;
    }
    (void)fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    const int error = spawn(arguments, ends[1], &child);
    (void)close(ends[1]);
    if (error == 0) {
        read_output(ends[0], &line);
    }
    (void)close(ends[0]);
    if (error == ENOENT) {
        return PROGRAM_MISSING;
    }
    if (error != 0) {
        message_format(why, "%s cannot be started: %s", arguments[0], strerror(error));
        return PROGRAM_FAILED;
    }
    return wait_for(child, arguments[0], &line, why);
}

void program_default_variable(const char *name, const char *value)
{
    (void)setenv(name, value, 0);
}

#endif
