// The ports the kernel's consoles touch, played for tests of them on the host: a UART at COM1 in
// the state a test wants, and a CRT controller that keeps its registers.
#ifndef MOCK_MACHINE_H
#define MOCK_MACHINE_H

#include <stddef.h>
#include <stdint.h>

enum mock_uart {
    UART_WORKS,
    UART_ABSENT,      // every read gives FFh
    UART_ABSENT_ECHO, // every read gives the byte last written: a bus that keeps its charge
    UART_STUCK,       // there, but never ready to send
    UART_DIES,        // sends three bytes, then is stuck
};

struct mock_machine {
    enum mock_uart uart;
    unsigned uart_reads; // of any register
    uint8_t uart_registers[8];
    uint8_t divisor[2];
    char sent[4096]; // ends with NUL
    size_t sent_length;
    uint8_t crtc_index;
    uint8_t crtc[256];
    unsigned other_ports; // accesses to ports that nobody should touch
};

extern struct mock_machine machine;

// Starts afresh, with registers as firmware might leave them.
void mock_machine_reset(enum mock_uart uart);

#endif
