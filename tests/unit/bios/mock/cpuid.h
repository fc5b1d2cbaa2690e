// Stands in for bootloader/bios/cpuid.h: the CPU is the test's. Included by firmware_memory.c in
// its unit test and its fuzz target.
#ifndef CPUID_H
#define CPUID_H

#include <stdint.h>

struct cpuid {
    uint32_t eax, ebx, ecx, edx;
};

struct cpuid cpuid(uint32_t leaf);

#endif
