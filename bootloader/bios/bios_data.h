// The BIOS data area, by the addresses of memory_layout.h.
#ifndef BIOS_DATA_H
#define BIOS_DATA_H

#include <stdint.h>

static inline uint8_t bios_data_byte(uintptr_t address)
{
    const volatile uint8_t *byte = (const volatile uint8_t *)address;
    __asm__("" : "+r"(byte)); // a fixed address is no object, for all the compiler knows
    return *byte;
}

// Also of an odd address: this is x86.
static inline uint16_t bios_data_word(uintptr_t address)
{
    const volatile uint16_t *word = (const volatile uint16_t *)address;
    __asm__("" : "+r"(word));
    return *word;
}

#endif
