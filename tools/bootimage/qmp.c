// Reads QEMU's machine protocol. Called by machine.c.
#include "qmp.h"

#include <stdlib.h>
#include <string.h>

#define VALUE_MOST     64u
#define HEXADECIMAL    16
#define INTERRUPT_FLAG (1u << 9)

const char qmp_open[] = "{\"execute\": \"qmp_capabilities\"}\n{\"execute\": \"query-kvm\"}\n";
const char qmp_continue[] = "{\"execute\": \"cont\"}\n";
const char qmp_ask_registers[] = "{\"execute\": \"human-monitor-command\", \"arguments\": "
                                 "{\"command-line\": \"info registers\"}}\n";
const char qmp_quit[] = "{\"execute\": \"quit\"}\n";

// Copies the text value of a member, "" where there is none. Names and values that are asked for
// have no escapes.
static void member(const char *line, const char *quoted_name, char value[VALUE_MOST])
{
    const char *start = strstr(line, quoted_name);
    size_t length;

    value[0] = '\0';
    if (start == NULL) {
        return;
    }
    start += strlen(quoted_name);
    start += strspn(start, " :");
    if (*start != '"') {
        return;
    }
    start++;
    length = strcspn(start, "\"");
    if (length < VALUE_MOST) {
        memcpy(value, start, length);
        value[length] = '\0';
    }
}

static void take_shutdown(struct qmp *qmp, const char *reason, struct machine_evidence *evidence)
{
    if (strcmp(reason, "guest-reset") == 0) {
        evidence->end = MACHINE_RESET;
    } else if (strcmp(reason, "guest-shutdown") == 0) {
        evidence->guest_shut_down = true;
    } else if (strcmp(reason, "guest-panic") == 0) {
        evidence->guest_panicked = true;
    } else {
        // Our own quit, or somebody else's doing.
        evidence->ended_by_host |= strcmp(reason, "host-qmp-quit") != 0;
        return;
    }
    qmp->guest_end = true;
}

// The number behind a register's name in QEMU's own notation: RIP=0000...
static bool find_register(const char *line, const char *name, uint64_t *value)
{
    const char *found = strstr(line, name);

    if (found == NULL) {
        return false;
    }
    *value = strtoull(found + strlen(name), NULL, HEXADECIMAL);
    return true;
}

static void take_registers(struct qmp *qmp, const char *line, struct machine_evidence *evidence)
{
    uint64_t instruction;
    uint64_t flags;
    uint64_t halted;

    if ((find_register(line, "RIP=", &instruction) || find_register(line, "EIP=", &instruction)) &&
        (find_register(line, "RFL=", &flags) || find_register(line, "EFL=", &flags)) &&
        find_register(line, "HLT=", &halted)) {
        evidence->has_registers = true;
        evidence->instruction = instruction;
        evidence->interrupts = (flags & INTERRUPT_FLAG) != 0;
        evidence->halted = halted != 0;
        qmp->registers_seen++;
    }
}

static void take_line(struct qmp *qmp, struct machine_evidence *evidence)
{
    char event[VALUE_MOST];
    char reason[VALUE_MOST];

    member(qmp->line, "\"event\"", event);
    if (strcmp(event, "RESUME") == 0) {
        qmp->started = true;
    } else if (strcmp(event, "SHUTDOWN") == 0) {
        member(qmp->line, "\"reason\"", reason);
        take_shutdown(qmp, reason, evidence);
    } else if (event[0] == '\0') {
        take_registers(qmp, qmp->line, evidence);
        // The answer to query-kvm: nothing else that is asked for has such a member.
        if (strstr(qmp->line, "\"enabled\": true") != NULL) {
            evidence->can_tell_triple = false;
        }
    }
}

void qmp_take(struct qmp *qmp, const char *bytes, size_t size, struct machine_evidence *evidence)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == '\n') {
            qmp->line[qmp->length <= QMP_LINE_MOST ? qmp->length : 0] = '\0';
            take_line(qmp, evidence);
            qmp->length = 0;
        } else if (qmp->length < QMP_LINE_MOST) {
            qmp->line[qmp->length++] = bytes[i];
        } else {
            qmp->length = QMP_LINE_MOST + 1; // too long: dropped at its end
        }
    }
}
