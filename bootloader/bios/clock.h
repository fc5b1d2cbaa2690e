// The time-stamp counter.
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

// What it counts now.
uint64_t clock_now(void);

// How fast it counts, in Hz, where CPU or hypervisor tell; else 0.
uint64_t clock_frequency(void);

#endif
