// Calls into firmware and into the first block's real-mode routines, by way of the thunk
// (stage2/real_mode_call.asm).
#ifndef BIOS_CALL_H
#define BIOS_CALL_H

#include "bios_registers.h"

#include <stdint.h>

#define BIOS_VIDEO           0x10
#define BIOS_DISK            0x13
#define BIOS_SYSTEM_SERVICES 0x15

// INT `vector` with these registers; they hold afterwards what firmware left in them. A20 is on
// again afterwards, if it has ever been switched on by a20_enable.
void bios_call(uint8_t vector, struct bios_registers *registers);

// The first block's routines, for real_mode_routine: near, in real mode.
extern const char real_mode_print[]; // prints the text at DS:SI up to its NUL
extern const char disk_read[];       // reads what disk_request says

// Calls one of them, as bios_call does.
void real_mode_routine(const char *routine, struct bios_registers *registers);

#define PARAGRAPH_SIZE 16u // real-mode segments count in these

// Real-mode segment and offset (0 to 15) of something in the first mebibyte.
uint16_t real_mode_segment(const void *object);
uint16_t real_mode_offset(const void *object);

#endif
