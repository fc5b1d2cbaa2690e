// bootimage test: boots an image in QEMU and says whether that went as expected. Called by main.c.
#ifndef _WIN32
#define _POSIX_C_SOURCE 200809L
#endif

#include "commands.h"
#include "machine_options.h"
#include "options.h"
#include "output.h"

#include <stdio.h>
#include <stdlib.h>

enum { IMAGE, EXPECT, TIMEOUT, EXIT_CODE, QEMU, REST, OPTION_COUNT };

#define MOST_PATTERNS 32u

struct patterns {
    const char *items[MOST_PATTERNS];
    size_t count;
};

static bool take_pattern(void *context, const char *pattern)
{
    struct patterns *patterns = context;

    if (patterns->count == MOST_PATTERNS) {
        return options_refuse(&test_command, "more than 32 patterns, with", pattern);
    }
    patterns->items[patterns->count++] = pattern;
    return true;
}

#ifdef _WIN32

static int test(const char *values[OPTION_COUNT], char **rest, const struct patterns *patterns)
{
    (void)values;
    (void)rest;
    (void)patterns;
    return complain_of_system(NULL, "test is not available on Windows: run it in WSL, or start "
                                    "qemu-system-x86_64 and look at its exit status");
}

#else

#include "machine.h"
#include "qemu.h"
#include "verdict.h"

#include <signal.h>
#include <string.h>

#define SHOWN_SERIAL ((size_t)16 << 10) // bytes

static bool parse_expectation(const char *values[OPTION_COUNT], const struct patterns *patterns,
                              struct expectation *expected)
{
    struct message why;

    *expected = (struct expectation){.status = EXIT_STATUS_SUCCESS,
                                     .seconds = MACHINE_DEFAULT_SECONDS,
                                     .patterns = patterns->items,
                                     .pattern_count = patterns->count};
    if (!timeout_parse(&test_command, values[TIMEOUT], &expected->seconds)) {
        return false;
    }
    if (values[EXIT_CODE] != NULL &&
        !number_parse(values[EXIT_CODE], 0, EXIT_STATUS_MOST, &expected->status)) {
        return options_refuse(&test_command, "--exit-code must be 0 to 255, and is not",
                              values[EXIT_CODE]);
    }
    for (size_t i = 0; i < patterns->count; i++) {
        if (!verdict_check_pattern(patterns->items[i], &why)) {
            (void)complain("--expect", why.text);
            return false;
        }
    }
    return true;
}

static void repeat_loader_error(const char *image, const struct serial_log *log)
{
    size_t length;
    const char *error = serial_log_loader_error(log, &length);
    char line[MESSAGE_CAPACITY];

    if (error == NULL) {
        return;
    }
    length = length < sizeof(line) ? length : sizeof(line) - 1;
    memcpy(line, error, length);
    line[length] = '\0';
    (void)complain(image, line);
}

// One line that tells how it went, and behind a failure all that helps to find its cause.
static int report(const char *image, const struct machine_evidence *evidence,
                  const struct expectation *expected)
{
    struct message why;
    const enum verdict verdict = verdict_of(evidence, expected, &why);

    if (verdict == VERDICT_PASSED) {
        print_on_one_line(stdout, image);
        (void)printf(": passed: QEMU ended with status %u%s\n", evidence->status,
                     expected->pattern_count != 0 ? ", and serial has what was expected" : "");
        return finish_output(EXIT_SUCCESS);
    }
    if (verdict == VERDICT_NOT_RUN) {
        return complain_of_system(image, why.text);
    }
    (void)complain(image, why.text);
    repeat_loader_error(image, &evidence->log);
    serial_log_print(&evidence->log, SHOWN_SERIAL, stderr);
    return EXIT_REFUSED;
}

static int test(const char *values[OPTION_COUNT], char **rest, const struct patterns *patterns)
{
    struct machine machine = {.image = values[IMAGE], .more = rest};
    struct expectation expected;
    struct machine_evidence evidence;
    struct message why;
    char *program;
    int interrupted;
    int status;
    bool started;

    if (!parse_expectation(values, patterns, &expected)) {
        return EXIT_USAGE;
    }
    status = qemu_prepare(values[QEMU], values[IMAGE], &program);
    if (status != EXIT_SUCCESS) {
        return status;
    }
    machine.program = program;
    machine.seconds = expected.seconds;
    started = machine_run(&machine, &evidence, &interrupted, &why);
    free(program);
    if (!started) {
        return complain_of_system(NULL, why.text);
    }
    if (interrupted != 0) {
        (void)raise(interrupted);
    }
    if (evidence.has_registers) {
        (void)function_name_at(values[IMAGE], evidence.instruction, evidence.function);
    }
    status = report(values[IMAGE], &evidence, &expected);
    serial_log_free(&evidence.log);
    return status;
}

#endif

static const struct option test_option_table[OPTION_COUNT] = {
    [IMAGE] = {.name = "IMAGE",
               .required = true,
               .help = "the image: raw, VHD, VMDK or ISO; it stays as it is"},
    [EXPECT] = {.name = "--expect",
                .value = "REGEX",
                .take = take_pattern,
                .help = "text that COM1 must show, a POSIX extended regular expression in which ^ "
                        "and $ are the ends of a line; of several, each must come behind the match "
                        "of the one before"},
    [TIMEOUT] = {.name = "--timeout", .value = "SECONDS", .help = "1 to 86400; 60 if not given"},
    [EXIT_CODE] = {.name = "--exit-code",
                   .value = "N",
                   .help = "the status with which QEMU must end, 0 to 255; 33 if not given, which "
                           "comes from a kernel that writes 10h to port F4h: twice the byte, plus "
                           "1. With 0 the kernel has to switch the machine off"},
    [QEMU] = OPTION_QEMU,
    [REST] = OPTION_QEMU_ARGUMENTS,
};

static int run(char **arguments)
{
    struct patterns patterns = {.count = 0};
    const char *values[OPTION_COUNT];
    char **rest;

    return options_parse(&test_command, arguments, values, &rest, &patterns)
               ? test(values, rest, &patterns)
               : EXIT_USAGE;
}

const struct command test_command = {
    .name = "test",
    .summary = "boot an image in QEMU, and check how that went",
    .usage = "IMAGE [OPTION]... [-- ARGUMENT...]",
    .description =
        "Boots the image in QEMU without a display. Passes only if the kernel ends QEMU with the "
        "right status and COM1 shows what is expected. A failure is told as what it was: time-out, "
        "wrong status, triple fault or other reset, signal, an error of the loader, missing text; "
        "then comes what COM1 showed, at most its last 16 KiB.",
    .notes = "Exit status: 0 passed, 1 failed, 2 wrong usage, 3 not tried: no image, no QEMU, or "
             "QEMU did not start the machine.",
    .options = test_option_table,
    .option_count = OPTION_COUNT,
    .run = run,
};
