// COM1 at 115200 8N1, output only. Where it is absent or dead nothing is printed and nothing waits.
#ifndef KERNEL_CONSOLE_SERIAL_H
#define KERNEL_CONSOLE_SERIAL_H

#include <stdbool.h>
#include <stddef.h>

// Looks for COM1 and sets it up. Returns whether it is there; the others do nothing if it is not.
bool serial_initialise(void);

// Sends the text; a line feed becomes carriage return and line feed.
void serial_write(const char *text, size_t length);

// Waits until the last bit has left the UART.
void serial_drain(void);

#endif
