// What the examples without the starter kernel print with, and how they end: on the screen, on COM1
// (which the loader has set up), and by QEMU's isa-debug-exit. For C and C++.
#ifndef EXAMPLES_MACHINE_H
#define EXAMPLES_MACHINE_H

#include <stdint.h>

#define COM1         0x3F8
#define EXIT_PORT    0xF4
#define EXIT_SUCCESS 0x10
#define SCREEN       0xB8000 // VGA text: a byte for the character, one for its colour
#define LIGHT_CYAN   0x0B

static inline void write_port(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

// Writes on from where the last call ended.
static inline void print(const char *text)
{
    static volatile uint16_t *place = (volatile uint16_t *)SCREEN;
    for (; *text != '\0'; text++) {
        write_port(COM1, (uint8_t)*text);
        if (*text != '\n') {
            *place++ = (uint16_t)(LIGHT_CYAN << 8 | (uint8_t)*text);
        }
    }
}

static inline void print_number(uint64_t number)
{
    char digits[21] = "";
    char *first = digits + 20;
    do {
        *--first = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    print(first);
}

// Ends QEMU if it was started for a test; any other machine stays as it is.
static inline void finish(void)
{
    write_port(EXIT_PORT, EXIT_SUCCESS);
    for (;;) {
        __asm__ volatile("cli; hlt");
    }
}

#endif
