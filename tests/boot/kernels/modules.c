// Prints each module's name, command line, size and a sum of its bytes: the test has the files.
#include "arch/x86_64/machine_exit.h"
#include "check_info.h"
#include "console/console.h"
#include "kernel.h"
#include "panic.h"

// FNV-1a, 64 bits.
#define FNV_START 0xCBF29CE484222325u
#define FNV_PRIME 0x100000001B3u

static uint64_t sum_of(const uint8_t *bytes, uint64_t count)
{
    uint64_t sum = FNV_START;
    for (uint64_t i = 0; i < count; i++) {
        sum = (sum ^ bytes[i]) * FNV_PRIME;
    }
    return sum;
}

_Noreturn void kernel_main(const struct boot_info *info)
{
    console_initialise(info);
    check_boot_info(info);
    for (uint64_t i = 0; i < info->module_count; i++) {
        const struct boot_module *module = &info->modules[i];
        kprintf_on(CONSOLE_SERIAL, "module [%s] [%s] %llu %016llx\n", module->name,
                   module->command_line, (unsigned long long)module->size,
                   (unsigned long long)sum_of(module->address, module->size));
    }
    kprintf("%llu modules\n", (unsigned long long)info->module_count);
    machine_exit(MACHINE_EXIT_SUCCESS);
}
