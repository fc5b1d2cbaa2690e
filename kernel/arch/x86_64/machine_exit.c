// isa-debug-exit and its counterpart in Bochs. Called by main.c and panic.c, when they were asked
// to.
#include "arch/x86_64/machine_exit.h"

#include "arch/x86_64/halt.h"
#include "arch/x86_64/ports.h"
#include "console/serial.h"

#define QEMU_DEBUG_EXIT_PORT 0xF4 // iobase on QEMU's command line

// Bochs ends when it has seen this word at this port, byte by byte.
#define BOCHS_SHUTDOWN_PORT 0x8900
#define BOCHS_SHUTDOWN_WORD "Shutdown"

_Noreturn void machine_exit(enum machine_exit_status status)
{
    // Both emulators drop what the UART has not sent.
    serial_drain();
    // QEMU may execute some more instructions before it ends.
    port_write8(QEMU_DEBUG_EXIT_PORT, (uint8_t)status);
    for (const char *letter = BOCHS_SHUTDOWN_WORD; *letter != '\0'; letter++) {
        port_write8(BOCHS_SHUTDOWN_PORT, (uint8_t)*letter);
    }
    halt_for_ever();
}
