// One boot in QEMU, watched to its end. Used by run.c and test.c.
#ifndef BOOTIMAGE_MACHINE_H
#define BOOTIMAGE_MACHINE_H

#include "message.h"
#include "verdict.h"

#include <stdbool.h>

struct machine {
    const char *program; // QEMU's path
    const char *image;
    char *const *more; // arguments of the user's own for QEMU, NULL at the end
    unsigned seconds;  // after which it is ended; 0: never

    // For a person: COM1 is standard input and output instead of going to the evidence, and the
    // guest may write to the image.
    bool interactive;
    bool display; // in a window, with QEMU's own choice of what is in it
    bool debug;   // starts halted, with a debugger's stub; stays when the guest resets it
};

#define MACHINE_DEBUG_ADDRESS "127.0.0.1:1234" // of the stub

// Boots the image. Leaves no process and no file. False, with a message, when QEMU could not be
// started. *interrupted is the signal that this process got meanwhile and that ended the run early,
// else 0. The evidence is to be freed by serial_log_free.
bool machine_run(const struct machine *machine, struct machine_evidence *evidence, int *interrupted,
                 struct message *why);

#endif
