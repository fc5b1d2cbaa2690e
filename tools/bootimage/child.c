// Starts, watches and ends one child process. Called by machine.c, machine_start.c and
// program.c.
#ifndef _WIN32
#define _POSIX_C_SOURCE 200809L

#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#define CANNOT_START 127 // the exit status by which shells say so

static const int watched[] = {SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM};
#define WATCHED_COUNT (sizeof(watched) / sizeof(watched[0]))

static int news_pipe[2] = {-1, -1};
static struct sigaction old_actions[WATCHED_COUNT];

// ---- Signals become bytes in a pipe ---------------------------------------------------------

static void write_news(int signal_number)
{
    const int error = errno;
    const unsigned char byte = (unsigned char)signal_number;

    // A full pipe has news enough.
    if (write(news_pipe[1], &byte, 1) < 0) {
        errno = error;
    }
}

// Leaves alone what is ignored, as under nohup.
static void watch_signals(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_handler = write_news;
    action.sa_flags = SA_RESTART | SA_NOCLDSTOP;
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < WATCHED_COUNT; i++) {
        (void)sigaction(watched[i], NULL, &old_actions[i]);
        if (old_actions[i].sa_handler != SIG_IGN || watched[i] == SIGCHLD) {
            (void)sigaction(watched[i], &action, NULL);
        }
    }
}

static void unwatch_signals(void)
{
    for (size_t i = 0; i < WATCHED_COUNT; i++) {
        (void)sigaction(watched[i], &old_actions[i], NULL);
    }
    (void)close(news_pipe[0]);
    (void)close(news_pipe[1]);
}

bool child_pipe(int ends[2])
{
    if (pipe(ends) != 0) {
        return false;
    }
    (void)fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    return true;
}

// ---- Between fork and exec ------------------------------------------------------------------

static void die_with_parent(pid_t parent)
{
#ifdef __linux__
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
    if (getppid() != parent) {
        _exit(CANNOT_START);
    }
}

// Only a name without a slash is looked for in PATH.
static void execute(char *const *arguments)
{
    if (strchr(arguments[0], '/') != NULL) {
        (void)execv(arguments[0], arguments);
    } else {
        (void)execvp(arguments[0], arguments);
    }
}

static void become(const struct child_plan *plan)
{
    if (plan->quiet) {
        const int nothing = open("/dev/null", O_RDONLY);

        if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0) {
            return;
        }
    }
    if (plan->output != 0) {
        if (dup2(plan->output, STDOUT_FILENO) < 0 || dup2(plan->output, STDERR_FILENO) < 0) {
            return;
        }
        (void)fcntl(STDOUT_FILENO, F_SETFD, 0); // for where it is that one itself
    }
    for (size_t i = 0; i < plan->kept_count; i++) {
        (void)fcntl(plan->kept[i], F_SETFD, 0);
    }
    execute(plan->arguments);
}

// Gives the error of a program that cannot be started, 0 for one that was.
static int wait_for_start(int start)
{
    int error = 0;
    ssize_t got;

    do {
        got = read(start, &error, sizeof(error));
    } while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof(error) ? error : 0;
}

static bool refuse_start(struct child *child, const char *program, int error, struct message *why)
{
    child->start_error = error;
    return message_refuse(why, "%s cannot be started: %s", program, strerror(error));
}

bool child_start(struct child *child, const struct child_plan *plan, struct message *why)
{
    const pid_t parent = getpid();
    int start[2];
    int error;

    memset(child, 0, sizeof(*child));
    if (!child_pipe(news_pipe)) {
        return refuse_start(child, plan->arguments[0], errno, why);
    }
    if (!child_pipe(start)) {
        error = errno;
        (void)close(news_pipe[0]);
        (void)close(news_pipe[1]);
        return refuse_start(child, plan->arguments[0], error, why);
    }
    (void)fcntl(news_pipe[1], F_SETFL, O_NONBLOCK);
    watch_signals();
    child->news = news_pipe[0];
    child->pid = fork();
    if (child->pid == 0) {
        die_with_parent(parent);
        become(plan);
        error = errno;
        (void)!write(start[1], &error, sizeof(error));
        _exit(CANNOT_START);
    }
    error = child->pid < 0 ? errno : 0;
    (void)close(start[1]);
    if (error == 0) {
        error = wait_for_start(start[0]);
    }
    (void)close(start[0]);
    if (error != 0) {
        child->ended = child->pid < 0;
        child_finish(child);
        return refuse_start(child, plan->arguments[0], error, why);
    }
    return true;
}

// ---- While it runs --------------------------------------------------------------------------

int child_news(struct child *child)
{
    unsigned char byte = 0;
    ssize_t got;

    do {
        got = read(child->news, &byte, 1);
    } while (got < 0 && errno == EINTR);
    if (byte != SIGCHLD) {
        return byte;
    }
    if (!child->ended) {
        child->ended = waitpid(child->pid, &child->wait_status, WNOHANG) == child->pid;
    }
    return 0;
}

void child_signal(const struct child *child, int signal_number)
{
    if (!child->ended) {
        (void)kill(child->pid, signal_number);
    }
}

void child_finish(struct child *child)
{
    child_signal(child, SIGKILL);
    while (!child->ended) {
        child->ended = waitpid(child->pid, &child->wait_status, 0) == child->pid || errno != EINTR;
    }
    unwatch_signals();
}

#endif
