// Checks the memory map's promises: sorted, apart, merged, aligned; firmware's areas not usable;
// and that every page the loader left in use lies in a range that says so. Prints the sums by kind.
#include "arch/x86_64/machine_exit.h"
#include "check_memory.h"
#include "console/console.h"
#include "kernel.h"
#include "panic.h"

_Noreturn void kernel_main(const struct boot_info *info)
{
    console_initialise(info);
    ASSERT(info->version == BOOT_INFO_VERSION && info->size == sizeof *info);
    ASSERT(info->reserved == 0);
    check_memory_map(info);
    check_firmware_memory(info);
    check_memory_in_use(info);
    uint64_t sums[MEMORY_KINDS] = {0};
    for (uint64_t i = 0; i < info->memory_map_count; i++) {
        sums[info->memory_map[i].kind] += info->memory_map[i].length;
    }
    for (unsigned kind = BOOT_MEMORY_USABLE; kind < MEMORY_KINDS; kind++) {
        kprintf_on(CONSOLE_SERIAL, "kind %u: %llu bytes\n", kind, (unsigned long long)sums[kind]);
    }
    kprintf_on(CONSOLE_SERIAL, "boot drive %02x\n", info->boot_drive);
    machine_exit(MACHINE_EXIT_SUCCESS);
}
