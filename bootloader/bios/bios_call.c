// The C side of the thunk. Called by everything in this folder that asks firmware.
#include "bios_call.h"

#include "a20.h"

#include <stddef.h>

// stage2/real_mode_call.asm
void real_mode_call(uint16_t routine);
extern const char real_mode_interrupt[];
extern struct bios_registers real_mode_registers;
extern uint32_t real_mode_target;

uint16_t real_mode_segment(const void *object)
{
    return (uint16_t)((uintptr_t)object / PARAGRAPH_SIZE);
}

uint16_t real_mode_offset(const void *object)
{
    return (uint16_t)((uintptr_t)object % PARAGRAPH_SIZE);
}

void real_mode_routine(const char *routine, struct bios_registers *registers)
{
    real_mode_registers = *registers;
    real_mode_call((uint16_t)(uintptr_t)routine);
    *registers = real_mode_registers;
    a20_keep();
}

void bios_call(uint8_t vector, struct bios_registers *registers)
{
    // The interrupt vector table is at physical 0: 256 far pointers, offset first.
    const volatile uint32_t *vectors = NULL;
    __asm__("" : "+r"(vectors)); // address 0 is a table here, not a null pointer
    real_mode_target = vectors[vector];
    real_mode_routine(real_mode_interrupt, registers);
}
