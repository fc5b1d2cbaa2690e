// bootimage run: boots an image in QEMU for a person to see. Called by main.c.
#ifndef _WIN32
#define _POSIX_C_SOURCE 200809L
#endif

#include "commands.h"
#include "machine_options.h"
#include "options.h"
#include "output.h"

#include <stdio.h>
#include <stdlib.h>

enum { IMAGE, DEBUG, DISPLAY, SERIAL_ONLY, WITHOUT_DISPLAY, TIMEOUT, QEMU, REST, OPTION_COUNT };

#ifdef _WIN32

static int boot(const char *values[OPTION_COUNT], char **rest)
{
    (void)values;
    (void)rest;
    return complain_of_system(NULL, "run is not available on Windows: start "
                                    "qemu-system-x86_64 -drive format=raw,file=IMAGE");
}

#else

#include "machine.h"
#include "qemu.h"

#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define STATUS_OF_SIGNAL 128 // plus its number, as shells have it

static bool is_set(const char *variable)
{
    const char *value = getenv(variable);

    return value != NULL && value[0] != '\0';
}

static bool has_display(void)
{
#ifdef __APPLE__
    return true;
#else
    return is_set("DISPLAY") || is_set("WAYLAND_DISPLAY");
#endif
}

// What there is to boot, where, and for how long.
static bool choose(const char *values[OPTION_COUNT], struct machine *machine)
{
    machine->display = values[DISPLAY] != NULL || (values[SERIAL_ONLY] == NULL && has_display());
    machine->debug = values[DEBUG] != NULL;
    if (values[WITHOUT_DISPLAY] != NULL && !machine->display) {
        machine->image = values[WITHOUT_DISPLAY];
        machine->seconds = MACHINE_DEFAULT_SECONDS;
    }
    return timeout_parse(&run_command, values[TIMEOUT], &machine->seconds);
}

static void tell_which_image(const char *image)
{
    begin_complaint();
    print_on_one_line(stderr, image);
    (void)fputs(" boots, without a display: this is its serial line\n", stderr);
}

static void tell_how_to_attach(char *const *more)
{
    if (arguments_have(more, "-gdb") || arguments_have(more, "-s")) {
        (void)fputs("bootimage: QEMU waits for a debugger where its own arguments say\n", stderr);
        return;
    }
    (void)fputs("bootimage: QEMU waits for a debugger; in another terminal:\n"
                "  gdb KERNEL.elf -ex 'target remote " MACHINE_DEBUG_ADDRESS "'\n",
                stderr);
}

// In words, how it ended; nobody expects anything but that the kernel ends it well.
static void tell_end(const struct machine *machine, const struct machine_evidence *evidence)
{
    const struct expectation expected = {.status = EXIT_STATUS_SUCCESS,
                                         .seconds = machine->seconds};
    struct message why;

    if (evidence->end == MACHINE_EXITED) {
        message_format(&why, "QEMU ended with status ");
        verdict_append_status(evidence->status, &why);
    } else {
        (void)verdict_of(evidence, &expected, &why);
    }
    (void)complain(machine->image, why.text);
}

// What QEMU gave back, as far as the caller can use it: a kernel's success is 0 as any other's.
static int status_of(const struct machine *machine, struct machine_evidence *evidence)
{
    if (evidence->end == MACHINE_EXITED &&
        (evidence->status == EXIT_STATUS_SUCCESS || evidence->status == EXIT_SUCCESS)) {
        return EXIT_SUCCESS;
    }
    if (evidence->has_registers) {
        (void)function_name_at(machine->image, evidence->instruction, evidence->function);
    }
    tell_end(machine, evidence);
    switch (evidence->end) {
    case MACHINE_EXITED:
        return (int)evidence->status;
    case MACHINE_NOT_STARTED:
        return EXIT_SYSTEM; // whatever QEMU gave: nothing was booted
    case MACHINE_SIGNALLED:
        return STATUS_OF_SIGNAL + (int)evidence->signal_number;
    default:
        return EXIT_REFUSED;
    }
}

// QEMU changes how the terminal behaves, and could not put that right if it was killed.
static bool run_in_terminal(const struct machine *machine, struct machine_evidence *evidence,
                            int *interrupted, struct message *why)
{
    struct termios before;
    const bool is_terminal = tcgetattr(STDIN_FILENO, &before) == 0;
    const bool started = machine_run(machine, evidence, interrupted, why);

    if (is_terminal) {
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
    }
    return started;
}

static int boot(const char *values[OPTION_COUNT], char **rest)
{
    struct machine machine = {.image = values[IMAGE], .more = rest, .interactive = true};
    struct machine_evidence evidence;
    struct message why;
    char *program;
    int interrupted;
    int status;
    bool started;

    if (!choose(values, &machine)) {
        return EXIT_USAGE;
    }
    status = qemu_prepare(values[QEMU], machine.image, &program);
    if (status != EXIT_SUCCESS) {
        return status;
    }
    machine.program = program;
    if (machine.image != values[IMAGE]) {
        tell_which_image(machine.image);
    }
    if (machine.debug) {
        tell_how_to_attach(rest);
    }
    started = run_in_terminal(&machine, &evidence, &interrupted, &why);
    free(program);
    if (!started) {
        return complain_of_system(NULL, why.text);
    }
    if (interrupted != 0) {
        (void)raise(interrupted);
    }
    return status_of(&machine, &evidence);
}

#endif

static const struct option run_option_table[OPTION_COUNT] = {
    [IMAGE] = {.name = "IMAGE",
               .required = true,
               .help = "the image: raw, VHD, VMDK or ISO; or a disk that has one"},
    [DEBUG] = {.name = "--debug",
               .help = "wait for gdb before the first instruction, and stay when the guest resets "
                       "the machine"},
    [DISPLAY] = {.name = "--display", .help = "in a window"},
    [SERIAL_ONLY] = {.name = "--serial",
                     .help = "no window: COM1 is standard input and output, Ctrl-C ends it"},
    [WITHOUT_DISPLAY] = {.name = "--without-display",
                         .value = "OTHER",
                         .help =
                             "the image to boot instead where no window opens, of a kernel that "
                             "ends by itself"},
    [TIMEOUT] = {.name = "--timeout",
                 .value = "SECONDS",
                 .help = "how long it may run, 1 to 86400; if not given 60 for OTHER, else for "
                         "ever"},
    [QEMU] = OPTION_QEMU,
    [REST] = OPTION_QEMU_ARGUMENTS,
};

static int run(char **arguments)
{
    const char *values[OPTION_COUNT];
    char **rest;

    if (!options_parse(&run_command, arguments, values, &rest, NULL)) {
        return EXIT_USAGE;
    }
    if (values[DISPLAY] != NULL && values[SERIAL_ONLY] != NULL) {
        (void)options_refuse(&run_command, "--display excludes", "--serial");
        return EXIT_USAGE;
    }
    return boot(values, rest);
}

const struct command run_command = {
    .name = "run",
    .summary = "boot an image in QEMU",
    .usage = "IMAGE [OPTION]... [-- ARGUMENT...]",
    .description = "Boots the image in QEMU: in a window where there is a display, else with COM1 "
                   "on standard output. What the guest writes to its disk goes to the image.",
    .notes = "Ends when the window is closed, the guest switches the machine off, or a kernel "
             "writes a byte to port F4h (QEMU's isa-debug-exit); also when the guest resets the "
             "machine, since that is mostly a triple fault.\n"
             "\n"
             "The exit status is QEMU's: 0 too when a kernel wrote 10h to port F4h, which makes "
             "QEMU's 33; 128 and the number of a signal that ended QEMU; 1 after a reset or a "
             "time-out; 3 when no machine started.",
    .options = run_option_table,
    .option_count = OPTION_COUNT,
    .run = run,
};
