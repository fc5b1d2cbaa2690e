// Stands in for bootloader/bios/bios_data.h: the BIOS data area is the fuzzer's. Included by
// firmware_memory.c in its target.
#ifndef BIOS_DATA_H
#define BIOS_DATA_H

#include <stdint.h>

uint16_t bios_data_word(uintptr_t address);

#endif
