// The time-stamp counter, and BIOS's clock.
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

// What it counts now.
uint64_t clock_now(void);

// The lower half of that.
uint32_t clock_low(void);

// How fast it counts, in Hz, where CPU or hypervisor tell; else 0.
uint64_t clock_frequency(void);

// What it counted when the first block began; 0 where CPUID tells of no such counter.
uint64_t clock_at_first_block(void);

// BIOS's own clock: CLOCK_TICKS_PER_SECOND, modulo 2^16. It runs in calls of firmware only, and may
// stand still.
uint16_t clock_ticks(void);
#define CLOCK_TICKS_PER_SECOND 18u // and a fifth

#endif
