// Judges how a boot ended. Called by test.c.
#ifndef _WIN32
#define _POSIX_C_SOURCE 200809L

#include "verdict.h"

#include <regex.h>
#include <string.h>

// ---- What the serial log must match -----------------------------------------------------------

// ^ and $ match at the ends of each line.
static bool compile(const char *pattern, regex_t *compiled, struct message *why)
{
    const int error = regcomp(compiled, pattern, REG_EXTENDED | REG_NEWLINE);
    char text[MESSAGE_CAPACITY];

    if (error == 0) {
        return true;
    }
    (void)regerror(error, compiled, text, sizeof(text));
    return message_refuse(why, "'%s' is no POSIX extended regular expression: %s", pattern, text);
}

bool verdict_check_pattern(const char *pattern, struct message *why)
{
    regex_t compiled;

    if (!compile(pattern, &compiled, why)) {
        return false;
    }
    regfree(&compiled);
    return true;
}

// Moves *text behind the match.
static bool match(const char *pattern, const char *start, const char **text, struct message *why)
{
    const bool inside_line = *text != start && (*text)[-1] != '\n';
    regex_t compiled;
    regmatch_t found;
    int result;

    if (!compile(pattern, &compiled, why)) {
        return false;
    }
    result = regexec(&compiled, *text, 1, &found, inside_line ? REG_NOTBOL : 0);
    regfree(&compiled);
    if (result != 0) {
        return message_refuse(why, "text missing: nothing on serial matches '%s'%s", pattern,
                              *text != start ? " behind what the pattern before it matched" : "");
    }
    *text += found.rm_eo;
    return true;
}

static bool match_all(const struct machine_evidence *evidence, const struct expectation *expected,
                      struct message *why)
{
    const char *start = evidence->log.text != NULL ? evidence->log.text : "";
    const char *text = start;

    for (size_t i = 0; i < expected->pattern_count; i++) {
        if (!match(expected->patterns[i], start, &text, why)) {
            return false;
        }
    }
    return true;
}

// ---- How it ended -------------------------------------------------------------------------------

static void append_place(const struct machine_evidence *evidence, struct message *why)
{
    if (evidence->has_registers) {
        message_append(why, " at RIP %016llx", (unsigned long long)evidence->instruction);
        if (evidence->function[0] != '\0') {
            message_append(why, " (%s)", evidence->function);
        }
    }
}

static void describe_time_out(const struct machine_evidence *evidence, unsigned seconds,
                              struct message *why)
{
    message_format(why, "timed out after %u s", seconds);
    if (!evidence->has_registers) {
        message_append(why, ", and QEMU does not answer");
        return;
    }
    if (!evidence->halted) {
        message_append(why, ": CPU 0 was running");
    } else if (evidence->interrupts) {
        message_append(why, ": CPU 0 was halted until an interrupt comes");
    } else {
        message_append(why, ": CPU 0 was halted with interrupts off");
    }
    append_place(evidence, why);
}

static void describe_reset(const struct machine_evidence *evidence, struct message *why)
{
    if (evidence->triple_fault) {
        message_format(why, "triple fault");
        append_place(evidence, why);
        message_append(why, ": an exception that the kernel's IDT could not deliver; with `-- -d "
                            "int` QEMU shows which");
        return;
    }
    message_format(why, "the guest reset the machine");
    append_place(evidence, why);
    message_append(why, evidence->can_tell_triple ? ", not by a triple fault"
                                                  : ", perhaps by a triple fault");
}

void verdict_append_status(unsigned status, struct message *why)
{
    message_append(why, "%u", status);
    if ((status & 1) != 0 && status != EXIT_STATUS_QEMU_ERROR) {
        message_append(why, " (%02xh at port %xh)", status >> 1, EXIT_PORT);
    }
}

static void describe_status(const struct machine_evidence *evidence, unsigned expected,
                            struct message *why)
{
    message_format(why, "%swrong exit status ",
                   evidence->guest_shut_down ? "the guest switched the machine off: " : "");
    verdict_append_status(evidence->status, why);
    message_append(why, ", expected ");
    verdict_append_status(expected, why);
}

static enum verdict fail(struct message *why, const char *text)
{
    message_format(why, "%s", text);
    return VERDICT_FAILED;
}

static enum verdict judge_exit(const struct machine_evidence *evidence,
                               const struct expectation *expected, struct message *why)
{
    // No kernel gave these statuses, whatever they are.
    if (evidence->ended_by_host) {
        return fail(why, "QEMU was ended from outside");
    }
    if (evidence->guest_panicked) {
        return fail(why, "the guest reported a panic");
    }
    if (evidence->status != expected->status) {
        describe_status(evidence, expected->status, why);
        return VERDICT_FAILED;
    }
    return match_all(evidence, expected, why) ? VERDICT_PASSED : VERDICT_FAILED;
}

enum verdict verdict_of(const struct machine_evidence *evidence, const struct expectation *expected,
                        struct message *why)
{
    switch (evidence->end) {
    case MACHINE_EXITED:
        return judge_exit(evidence, expected, why);
    case MACHINE_SIGNALLED:
        message_format(why, "QEMU was ended by signal %u (%s)", evidence->signal_number,
                       strsignal((int)evidence->signal_number));
        break;
    case MACHINE_TIMED_OUT:
        describe_time_out(evidence, expected->seconds, why);
        break;
    case MACHINE_RESET:
        describe_reset(evidence, why);
        break;
    case MACHINE_STOPPED:
        message_format(why, "the loader did not boot it, and said why");
        break;
    case MACHINE_FLOODED:
        message_format(why, "more than %u MiB came on serial", (unsigned)(SERIAL_LOG_MOST >> 20));
        break;
    case MACHINE_NOT_STARTED:
        message_format(why, "QEMU ended with status %u before the machine started",
                       evidence->status);
        return VERDICT_NOT_RUN;
    }
    return VERDICT_FAILED;
}

#endif
