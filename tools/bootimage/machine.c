// Boots an image in QEMU and gathers the evidence for a verdict. Called by run.c and test.c.
#ifndef _WIN32
#define _POSIX_C_SOURCE 200809L

#include "machine_run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GRACE_MILLISECONDS 2000 // from being asked to end until being ended
#define LOOK_MILLISECONDS  200  // between two looks at whether the loader has halted
#define READ_MOST          4096
#define TRIPLE_FAULT       "Triple fault" // in QEMU's log, by -d cpu_reset

static int64_t now(void)
{
    struct timespec time = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

// ---- What comes from QEMU -------------------------------------------------------------------

static void tell(struct run *run, const char *text)
{
    if (run->ours[QMP] >= 0 && write(run->ours[QMP], text, strlen(text)) < 0) {
        channel_close(&run->ours[QMP]); // it has gone away, which SIGCHLD tells too
    }
}

// It says on QMP where the CPU stands, and ends; if it does not, it is ended.
static void ask_to_end(struct run *run)
{
    if (!run->ending) {
        run->ending = true;
        run->deadline = now() + GRACE_MILLISECONDS;
        run->evidence->has_registers = false;
        tell(run, qmp_ask_registers);
        tell(run, qmp_quit);
    }
}

static void take_log(struct run *run, const char *bytes, size_t size)
{
    static const char text[] = TRIPLE_FAULT;

    for (size_t i = 0; i < size && !run->evidence->triple_fault; i++) {
        if (bytes[i] != text[run->log_matched]) {
            run->log_matched = 0; // only the first letter is a T
        }
        if (bytes[i] == text[run->log_matched]) {
            run->log_matched++;
        }
        run->evidence->triple_fault = run->log_matched == sizeof(text) - 1;
    }
}

static void take(struct run *run, enum channel channel, const char *bytes, size_t size)
{
    switch (channel) {
    case SERIAL:
        if (!run->flooded && !serial_log_append(&run->evidence->log, bytes, size)) {
            run->flooded = true;
            ask_to_end(run);
        }
        break;
    case QMP:
        qmp_take(run->qmp, bytes, size, run->evidence);
        if (run->qmp->guest_end && !run->machine->debug) {
            ask_to_end(run);
        }
        break;
    case LOG:
        take_log(run, bytes, size);
        break;
    case CHANNEL_COUNT:
        break;
    }
}

// Takes what is there. False when there is no more, now or for ever.
static bool read_channel(struct run *run, enum channel channel)
{
    char bytes[READ_MOST];
    const ssize_t got = read(run->ours[channel], bytes, sizeof(bytes));

    if (got > 0) {
        take(run, channel, bytes, (size_t)got);
        return true;
    }
    if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        channel_close(&run->ours[channel]);
    }
    return false;
}

static void take_news(struct run *run)
{
    const int signal_number = child_news(&run->child);

    if (signal_number != 0) {
        run->interrupted = signal_number;
        run->ending = true;
        run->deadline = now() + GRACE_MILLISECONDS;
        child_signal(&run->child, SIGTERM);
    }
}

// ---- Time -----------------------------------------------------------------------------------

// A loader that has said why it does not boot halts for ever: no need to wait for the time-out.
// Only the CPU can tell that it was the loader that spoke, and not a kernel that runs on.
static void look_for_halt(struct run *run)
{
    const struct machine_evidence *evidence = run->evidence;
    size_t length;

    if (run->ending || serial_log_loader_error(&evidence->log, &length) == NULL) {
        return;
    }
    if (run->looked_for != 0 && run->qmp->registers_seen == run->looked_for && evidence->halted &&
        !evidence->interrupts) {
        run->stopped = true;
        ask_to_end(run);
    } else if (run->qmp->registers_seen == run->looked_for && now() >= run->next_look) {
        run->looked_for++;
        run->next_look = now() + LOOK_MILLISECONDS;
        tell(run, qmp_ask_registers);
    }
}

static void look_at_clock(struct run *run)
{
    if (now() < run->deadline) {
        look_for_halt(run);
    } else if (run->ending) {
        child_signal(&run->child, SIGKILL);
        run->deadline = now() + GRACE_MILLISECONDS;
    } else {
        run->timed_out = true;
        ask_to_end(run);
    }
}

static int milliseconds_to_wait(const struct run *run)
{
    const int64_t left = run->deadline - now();

    if (left > LOOK_MILLISECONDS) {
        return LOOK_MILLISECONDS;
    }
    return left > 0 ? (int)left : 0;
}

static void watch(struct run *run)
{
    while (!run->child.ended) {
        struct pollfd awaited[CHANNEL_COUNT + 1];

        for (unsigned i = 0; i < CHANNEL_COUNT; i++) {
            awaited[i] = (struct pollfd){.fd = run->ours[i], .events = POLLIN};
        }
        awaited[CHANNEL_COUNT] = (struct pollfd){.fd = run->child.news, .events = POLLIN};
        if (poll(awaited, CHANNEL_COUNT + 1, milliseconds_to_wait(run)) > 0) {
            for (unsigned i = 0; i < CHANNEL_COUNT; i++) {
                if (awaited[i].revents != 0) {
                    (void)read_channel(run, (enum channel)i);
                }
            }
            if (awaited[CHANNEL_COUNT].revents != 0) {
                take_news(run);
            }
        }
        look_at_clock(run);
    }
}

// ---- The end --------------------------------------------------------------------------------

static void conclude(struct run *run)
{
    struct machine_evidence *evidence = run->evidence;
    const int status = run->child.wait_status;

    if (run->flooded) {
        evidence->end = MACHINE_FLOODED;
    } else if (run->stopped) {
        evidence->end = MACHINE_STOPPED;
    } else if (evidence->end == MACHINE_RESET) {
        return;
    } else if (run->timed_out) {
        evidence->end = MACHINE_TIMED_OUT;
    } else if (WIFSIGNALED(status)) {
        evidence->end = MACHINE_SIGNALLED;
        evidence->signal_number = (unsigned)WTERMSIG(status);
    } else {
        evidence->end = run->qmp->started ? MACHINE_EXITED : MACHINE_NOT_STARTED;
        evidence->status = (unsigned)WEXITSTATUS(status);
    }
}

static void run_to_end(struct run *run)
{
    const int64_t allowed = (int64_t)run->machine->seconds * 1000;

    run->deadline = allowed != 0 ? now() + allowed : INT64_MAX;
    tell(run, qmp_open);
    if (!run->machine->debug) {
        tell(run, qmp_continue);
    }
    watch(run);
    for (unsigned i = 0; i < CHANNEL_COUNT; i++) {
        while (run->ours[i] >= 0 && read_channel(run, (enum channel)i)) {
        }
    }
    child_finish(&run->child);
    conclude(run);
}

bool machine_run(const struct machine *machine, struct machine_evidence *evidence, int *interrupted,
                 struct message *why)
{
    struct run run = {.machine = machine, .evidence = evidence};
    bool started;

    memset(evidence, 0, sizeof(*evidence));
    run.qmp = calloc(1, sizeof(*run.qmp));
    if (run.qmp == NULL) {
        return message_refuse(why, "not enough memory");
    }
    started = machine_start(&run, why);
    if (started) {
        // A write to a QEMU that has ended fails, and that is all; QEMU itself keeps the signal.
        void (*const old)(int) = signal(SIGPIPE, SIG_IGN);

        run_to_end(&run);
        (void)signal(SIGPIPE, old);
    }
    channels_close(run.ours);
    channels_close(run.theirs);
    free(run.qmp);
    *interrupted = run.interrupted;
    return started;
}

#endif
