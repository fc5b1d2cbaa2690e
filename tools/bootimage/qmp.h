// What QEMU says in its machine protocol (QMP), as far as a verdict needs it. Pure: machine.c moves
// the bytes.
#ifndef BOOTIMAGE_QMP_H
#define BOOTIMAGE_QMP_H

#include "verdict.h"

#include <stdbool.h>
#include <stddef.h>

#define QMP_LINE_MOST 65536 // bytes; longer lines are not looked at

// To be sent, the first one first. A machine is started with -S, so that no event is lost.
extern const char qmp_open[]; // asks too whether KVM runs the guest
extern const char qmp_continue[];
extern const char qmp_ask_registers[];
extern const char qmp_quit[];

// Starts as all zeros.
struct qmp {
    char line[QMP_LINE_MOST + 1];
    size_t length;
    bool started;   // the machine runs or has run
    bool guest_end; // the guest reset the machine, switched it off, or panicked
    unsigned registers_seen;
};

// Takes bytes as they come and puts into the evidence what they say.
void qmp_take(struct qmp *qmp, const char *bytes, size_t size, struct machine_evidence *evidence);

#endif
