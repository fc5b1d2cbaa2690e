// Registers of a real-mode call, in and out; shared by the thunk and bios/bios_call.h.
#ifndef BIOS_REGISTERS_H
#define BIOS_REGISTERS_H

#include <stdint.h>

#define BIOS_FLAG_CARRY 1u

struct bios_registers {
    uint32_t eax, ebx, ecx, edx, esi, edi, ebp;
    uint16_t ds, es;
    uint16_t flags; // out only
    uint16_t reserved;
};

_Static_assert(sizeof(struct bios_registers) == 36, "bios_registers is 36 bytes");

#endif
