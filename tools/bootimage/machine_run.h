// One run of QEMU, as machine.c and machine_start.c see it.
//
// Three channels lead to QEMU, none of them a file: COM1 and QMP over socket pairs, its log over a
// pipe. By -no-reboot and -no-shutdown it stops where the guest resets the machine or switches it
// off, so that its registers can be asked for.
#ifndef BOOTIMAGE_MACHINE_RUN_H
#define BOOTIMAGE_MACHINE_RUN_H

#include "child.h"
#include "machine.h"
#include "qmp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum channel { SERIAL, QMP, LOG, CHANNEL_COUNT };

struct run {
    const struct machine *machine;
    struct machine_evidence *evidence;
    struct child child;
    struct qmp *qmp;
    int ours[CHANNEL_COUNT]; // -1 once closed
    int theirs[CHANNEL_COUNT];
    size_t log_matched;  // bytes of TRIPLE_FAULT that the log ends with
    int64_t deadline;    // milliseconds of the monotonic clock
    int64_t next_look;   // the same
    unsigned looked_for; // the registers that were asked for, as registers_seen counts them
    bool ending;         // QEMU was asked to end, or told to
    bool timed_out;
    bool stopped;
    bool flooded;
    int interrupted;
};

// Opens the channels and starts QEMU, which waits to be let run. False, with a message. Either way
// the channels are to be closed.
bool machine_start(struct run *run, struct message *why);

void channel_close(int *descriptor);
void channels_close(int descriptors[CHANNEL_COUNT]);

#endif
