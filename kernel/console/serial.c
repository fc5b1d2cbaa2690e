// Drives the 16550 UART at COM1 by polling. Called by console.c, and by machine_exit.c.
// Source: PC16550D data sheet, section 8 (registers).
#include "console/serial.h"

#include "arch/x86_64/ports.h"

#include <stdint.h>

#define COM1 0x3F8

// Registers, as offsets from the base port. The divisor's two bytes are where data and interrupt
// enable are while LINE_CONTROL_DIVISOR is set.
#define REGISTER_DATA             0
#define REGISTER_DIVISOR_LOW      0
#define REGISTER_INTERRUPT_ENABLE 1
#define REGISTER_DIVISOR_HIGH     1
#define REGISTER_FIFO_CONTROL     2
#define REGISTER_LINE_CONTROL     3
#define REGISTER_MODEM_CONTROL    4
#define REGISTER_LINE_STATUS      5
#define REGISTER_SCRATCH          7

#define FIFO_ENABLE_AND_CLEAR      0x07
#define LINE_CONTROL_8N1           0x03
#define LINE_CONTROL_DIVISOR       0x80
#define MODEM_CONTROL_DTR_RTS      0x03
#define LINE_STATUS_HOLDING_EMPTY  0x20 // takes another byte
#define LINE_STATUS_TRANSMIT_EMPTY 0x40 // has sent them all
#define LINE_STATUS_NOBODY         0xFF // what a bus without a device reads
#define DIVISOR_115200             1

// Reads of the line status before the UART counts as dead. One byte takes 87 microseconds at
// 115200 baud, a read about one on real hardware: this is the time of two thousand bytes for each.
#define POLL_LIMIT 200000u

static bool alive;

static uint8_t read(uint16_t offset)
{
    return port_read8((uint16_t)(COM1 + offset));
}

static void write(uint16_t offset, uint8_t value)
{
    port_write8((uint16_t)(COM1 + offset), value);
}

// The scratch register keeps what is written to it; an empty bus does not, even where it echoes
// the last byte that went over it.
static bool scratch_keeps(uint8_t value)
{
    write(REGISTER_SCRATCH, value);
    write(REGISTER_INTERRUPT_ENABLE, 0);
    return read(REGISTER_SCRATCH) == value;
}

// Waits for a bit of the line status. A UART that does not set it in time is never asked again:
// the wait is spent once, not once for each character.
static void wait_for(uint8_t status)
{
    for (unsigned polls = 0; alive && (read(REGISTER_LINE_STATUS) & status) == 0; polls++) {
        alive = polls < POLL_LIMIT;
    }
}

bool serial_initialise(void)
{
    alive = read(REGISTER_LINE_STATUS) != LINE_STATUS_NOBODY && scratch_keeps(0xAE) &&
            scratch_keeps(0x51);
    // The loader's last words may still be on their way.
    wait_for(LINE_STATUS_TRANSMIT_EMPTY);
    if (!alive) {
        return false;
    }
    write(REGISTER_LINE_CONTROL, LINE_CONTROL_DIVISOR);
    write(REGISTER_DIVISOR_LOW, DIVISOR_115200);
    write(REGISTER_DIVISOR_HIGH, 0);
    write(REGISTER_LINE_CONTROL, LINE_CONTROL_8N1);
    write(REGISTER_FIFO_CONTROL, FIFO_ENABLE_AND_CLEAR);
    write(REGISTER_MODEM_CONTROL, MODEM_CONTROL_DTR_RTS);
    return true;
}

static void send(char character)
{
    wait_for(LINE_STATUS_HOLDING_EMPTY);
    if (alive) {
        write(REGISTER_DATA, (uint8_t)character);
    }
}

void serial_write(const char *text, size_t length)
{
    for (size_t i = 0; alive && i < length; i++) {
        if (text[i] == '\n') {
            send('\r');
        }
        send(text[i]);
    }
}

void serial_drain(void)
{
    wait_for(LINE_STATUS_TRANSMIT_EMPTY);
}
