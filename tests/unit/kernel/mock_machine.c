// The ports behind serial.c and vga_text.c, for serial_test.c and console_test.c.
#include "mock_machine.h"

#include "arch/x86_64/ports.h"

#include <string.h>

#define COM1           0x3F8
#define CRTC_INDEX     0x3D4
#define CRTC_DATA      0x3D5
#define LINE_CONTROL   3
#define LINE_STATUS    5
#define DIVISOR_LATCH  0x80
#define STATUS_READY   0x60
#define BYTES_TO_DEATH 3

struct mock_machine machine;

static uint8_t last_written;

void mock_machine_reset(enum mock_uart uart)
{
    machine = (struct mock_machine){.uart = uart};
    machine.uart_registers[LINE_CONTROL] = 0x1A;
    machine.divisor[0] = 12;
    machine.divisor[1] = 1;
    last_written = 0;
}

static int is_uart(uint16_t port)
{
    return port >= COM1 && port < COM1 + 8;
}

static void uart_write(unsigned offset, uint8_t value)
{
    if (offset < 2 && (machine.uart_registers[LINE_CONTROL] & DIVISOR_LATCH) != 0) {
        machine.divisor[offset] = value;
    } else if (offset == 0 && machine.sent_length + 1 < sizeof machine.sent) {
        machine.sent[machine.sent_length++] = (char)value;
    } else if (offset != LINE_STATUS) {
        machine.uart_registers[offset] = value;
    }
}

static uint8_t uart_read(unsigned offset)
{
    machine.uart_reads++;
    if (machine.uart == UART_ABSENT) {
        return 0xFF;
    }
    if (machine.uart == UART_ABSENT_ECHO) {
        return last_written;
    }
    if (offset != LINE_STATUS) {
        return machine.uart_registers[offset];
    }
    const int dead = machine.uart == UART_DIES && machine.sent_length >= BYTES_TO_DEATH;
    return machine.uart == UART_STUCK || dead ? 0 : STATUS_READY;
}

void port_write8(uint16_t port, uint8_t value)
{
    last_written = value;
    if (is_uart(port)) {
        uart_write((unsigned)port - COM1, value);
    } else if (port == CRTC_INDEX) {
        machine.crtc_index = value;
    } else if (port == CRTC_DATA) {
        machine.crtc[machine.crtc_index] = value;
    } else {
        machine.other_ports++;
    }
}

uint8_t port_read8(uint16_t port)
{
    if (is_uart(port)) {
        return uart_read((unsigned)port - COM1);
    }
    machine.other_ports++;
    return 0xFF;
}
