// Says whether NX is on, and whether an Intel CPU still hides it by its MSR (Intel SDM volume 4,
// IA32_MISC_ENABLE). For tests/firmware.
#include "arch/x86_64/machine_exit.h"
#include "console/console.h"
#include "kernel.h"
#include "panic.h"

#define MSR_MISC_ENABLE     0x1A0u
#define HIGH_BIT_NX_DISABLE (1u << (34 - 32))

_Noreturn void kernel_main(const struct boot_info *info)
{
    console_initialise(info);
    uint32_t low;
    uint32_t high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(MSR_MISC_ENABLE));
    kprintf("NX %s, MSR %x bit 34 %s\n", (info->flags & BOOT_FLAG_NX) != 0 ? "on" : "off",
            MSR_MISC_ENABLE, (high & HIGH_BIT_NX_DISABLE) != 0 ? "set" : "clear");
    machine_exit(MACHINE_EXIT_SUCCESS);
}
