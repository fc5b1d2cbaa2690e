// Port input and output. Memory accesses stay on their side of it: the screen is written before
// the cursor moves.
#ifndef KERNEL_ARCH_X86_64_PORTS_H
#define KERNEL_ARCH_X86_64_PORTS_H

#include <stdint.h>

static inline void port_write8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline uint8_t port_read8(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

#endif
