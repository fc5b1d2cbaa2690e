// Reads the time-stamp counter, asks CPUID for its frequency, and reads BIOS's clock. Called by
// main at each step of the boot, by image.c and by entropy_source.c.
#include "clock.h"

#include "bios_data.h"
#include "cpuid.h"
#include "memory_layout.h"

#define LEAF_BASIC      0u
#define LEAF_FEATURES   1u
#define LEAF_TSC        0x15u // Intel SDM volume 2A: EBX / EAX = TSC / crystal, ECX = crystal, Hz
#define LEAF_HYPERVISOR 0x40000000u // EAX: the highest of a hypervisor's leaves
#define LEAF_TIMING     0x40000010u // VMware's convention, KVM's too: EAX = TSC, kHz

#define FEATURE_HYPERVISOR  (1u << 31) // ECX of LEAF_FEATURES
#define HERTZ_PER_KILOHERTZ 1000u

// stage2/first_block.asm
extern const uint64_t first_block_time;

// Called from so many places that a call is shorter.
__attribute__((noinline)) uint64_t clock_now(void)
{
    uint32_t low;
    uint32_t high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

uint64_t clock_at_first_block(void)
{
    return first_block_time;
}

uint16_t clock_ticks(void)
{
    return bios_data_word(BDA_TICKS);
}

uint32_t clock_low(void)
{
    uint32_t low;
    __asm__ volatile("rdtsc" : "=a"(low) : : "edx");
    return low;
}

uint64_t clock_frequency(void)
{
    if (cpuid(LEAF_BASIC).eax >= LEAF_TSC) {
        const struct cpuid ratio = cpuid(LEAF_TSC);
        const uint64_t product = (uint64_t)ratio.ecx * ratio.ebx;
        if (ratio.eax != 0 && product != 0) {
            return product / ratio.eax;
        }
    }
    if ((cpuid(LEAF_FEATURES).ecx & FEATURE_HYPERVISOR) != 0 &&
        cpuid(LEAF_HYPERVISOR).eax >= LEAF_TIMING) {
        return (uint64_t)cpuid(LEAF_TIMING).eax * HERTZ_PER_KILOHERTZ;
    }
    return 0;
}
