// The clock of boot_timer.c and of unpack_timer.c.
#ifndef STEADY_CLOCK_H
#define STEADY_CLOCK_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define NANOSECONDS_PER_SECOND 1000000000ull

// Nanoseconds of a clock that nobody sets; without one it ends the program.
static inline uint64_t steady_clock(void)
{
    struct timespec time;
    if (clock_gettime(CLOCK_MONOTONIC, &time) != 0) {
        perror("clock_gettime");
        exit(EXIT_FAILURE);
    }
    return (uint64_t)time.tv_sec * NANOSECONDS_PER_SECOND + (uint64_t)time.tv_nsec;
}

#endif
