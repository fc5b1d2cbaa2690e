// Starts QEMU for machine.c.
#ifndef _WIN32
#define _POSIX_C_SOURCE 200809L

#include "machine_run.h"

#include "qemu.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define OPTION_MOST 64

// ---- Channels -------------------------------------------------------------------------------

void channel_close(int *descriptor)
{
    if (*descriptor >= 0) {
        (void)close(*descriptor);
        *descriptor = -1;
    }
}

void channels_close(int descriptors[CHANNEL_COUNT])
{
    for (unsigned i = 0; i < CHANNEL_COUNT; i++) {
        channel_close(&descriptors[i]);
    }
}

static bool open_channels(struct run *run)
{
    for (unsigned i = 0; i < CHANNEL_COUNT; i++) {
        run->ours[i] = run->theirs[i] = -1;
    }
    for (unsigned i = 0; i < CHANNEL_COUNT; i++) {
        int ends[2];

        if ((i == LOG ? pipe(ends) : socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) != 0) {
            return false;
        }
        run->ours[i] = ends[0];
        run->theirs[i] = ends[1];
        (void)fcntl(ends[0], F_SETFD, FD_CLOEXEC);
        (void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
        (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
    }
    return true;
}

// ---- QEMU's arguments -----------------------------------------------------------------------

static void add_number(struct arguments *arguments, const char *option, const char *text,
                       int number)
{
    char value[OPTION_MOST];

    (void)snprintf(value, sizeof(value), "%s%d", text, number);
    arguments_add(arguments, option);
    arguments_add(arguments, value);
}

static void add_com1(struct run *run, struct arguments *arguments)
{
    static const char *const none[] = {"-display", "none", "-monitor", "none", NULL};
    static const char *const standard[] = {"-serial", "stdio", NULL};
    static const char *const channel[] = {"-serial", "chardev:serial", NULL};

    if (run->machine->display) {
        return;
    }
    arguments_add_list(arguments, none);
    if (run->machine->interactive) {
        arguments_add_list(arguments, standard);
    } else {
        add_number(arguments, "-chardev", "socket,id=serial,fd=", run->theirs[SERIAL]);
        arguments_add_list(arguments, channel);
    }
}

// A user's own log goes where the user wants it, and a user's own stub is the only one.
static void add_diagnosis(struct run *run, struct arguments *arguments)
{
    char *const *more = run->machine->more;

    if (run->machine->debug && !arguments_have(more, "-gdb") && !arguments_have(more, "-s")) {
        arguments_add(arguments, "-gdb");
        arguments_add(arguments, "tcp:" MACHINE_DEBUG_ADDRESS);
    }
    run->evidence->can_tell_triple = !arguments_have(more, "-d") && !arguments_have(more, "-D");
    if (run->evidence->can_tell_triple) {
        add_number(arguments, "-D", "/dev/fd/", run->theirs[LOG]);
        arguments_add(arguments, "-d");
        arguments_add(arguments, "cpu_reset");
    }
}

static void add_arguments(struct run *run, struct arguments *arguments)
{
    static const char *const control[] = {
        "-mon", "chardev=qmp,mode=control", "-S", "-no-reboot", "-no-shutdown", NULL};
    const struct machine *machine = run->machine;

    arguments_add(arguments, machine->program);
    arguments_add_drive(arguments, machine->interactive ? "" : "snapshot=on,", machine->image);
    add_com1(run, arguments);
    add_number(arguments, "-chardev", "socket,id=qmp,fd=", run->theirs[QMP]);
    arguments_add_list(arguments, control);
    arguments_add_exit_device(arguments);
    add_diagnosis(run, arguments);
    arguments_add_list(arguments, (const char *const *)machine->more);
}

bool machine_start(struct run *run, struct message *why)
{
    struct arguments arguments = {0};
    struct child_plan plan = {
        .kept = run->theirs, .kept_count = CHANNEL_COUNT, .quiet = !run->machine->interactive};
    bool started;

    if (!open_channels(run)) {
        return message_refuse(why, "no connection to QEMU can be made: %s", strerror(errno));
    }
    add_arguments(run, &arguments);
    plan.arguments = arguments.items;
    started = arguments.failed ? message_refuse(why, "not enough memory")
                               : child_start(&run->child, &plan, why);
    arguments_free(&arguments);
    channels_close(run->theirs);
    return started;
}

#endif
