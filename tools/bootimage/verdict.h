// Whether a boot was as expected, and in words what it was otherwise. Pure: machine.c gathers the
// evidence, test.c prints the verdict.
#ifndef BOOTIMAGE_VERDICT_H
#define BOOTIMAGE_VERDICT_H

#include "function_name.h"
#include "message.h"
#include "serial_log.h"

#include <stdbool.h>
#include <stdint.h>

// What isa-debug-exit makes of the value that a kernel writes to its port.
#define EXIT_PORT              0xF4u
#define EXIT_STATUS(value)     (((value) << 1) | 1)
#define EXIT_VALUE_SUCCESS     0x10u
#define EXIT_STATUS_SUCCESS    EXIT_STATUS(EXIT_VALUE_SUCCESS)
#define EXIT_STATUS_MOST       255u
#define EXIT_STATUS_QEMU_ERROR 1u // of QEMU's own; a kernel that writes 0 gives the same

enum machine_end {
    MACHINE_EXITED,      // QEMU ended by itself: `status`
    MACHINE_SIGNALLED,   // a signal ended QEMU: `signal_number`
    MACHINE_TIMED_OUT,   // it was running when time was up
    MACHINE_RESET,       // the guest reset the machine
    MACHINE_STOPPED,     // the loader said why it does not boot, and halted
    MACHINE_FLOODED,     // more serial output than a log holds
    MACHINE_NOT_STARTED, // QEMU ended before there was a machine: `status`
};

struct machine_evidence {
    enum machine_end end;
    unsigned status;
    unsigned signal_number;
    bool triple_fault;    // QEMU logged one
    bool can_tell_triple; // whether it would have: not under KVM, nor with a log of the user's own
    bool guest_shut_down; // by the guest's own will
    bool guest_panicked;  // by QEMU's panic device
    bool ended_by_host;   // QEMU itself got a signal, or its user ended it
    bool has_registers;   // of CPU 0 at the end, when it did not end by its own exit
    uint64_t instruction; // RIP
    char function[FUNCTION_NAME_MOST]; // of the kernel, that it is in; "" where unknown
    bool halted;                       // in HLT
    bool interrupts;                   // IF
    struct serial_log log;             // belongs to the evidence
};

struct expectation {
    unsigned status;             // 0 to EXIT_STATUS_MOST
    unsigned seconds;            // the time-out, for the words only
    const char *const *patterns; // POSIX extended, each behind the match of the one before
    size_t pattern_count;
};

enum verdict {
    VERDICT_PASSED,
    VERDICT_FAILED,
    VERDICT_NOT_RUN, // nothing is known of the kernel
};

// `why` says what was wrong, unless it passed.
enum verdict verdict_of(const struct machine_evidence *evidence, const struct expectation *expected,
                        struct message *why);

// Appends QEMU's exit status, and what a kernel wrote to the exit device to cause it.
void verdict_append_status(unsigned status, struct message *why);

// Whether a pattern can be used; `why` says what is wrong with it.
bool verdict_check_pattern(const char *pattern, struct message *why);

#endif
