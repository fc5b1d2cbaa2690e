// Stands in for bootloader/bios/bios_data.h: the BIOS data area is the test's. Included by
// firmware_memory.c in its unit test and its fuzz target.
#ifndef BIOS_DATA_H
#define BIOS_DATA_H

#include <stdint.h>

uint16_t bios_data_word(uintptr_t address);

#endif
