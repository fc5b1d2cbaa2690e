// Asks for a stack of another size than usual, uses all of it, and finds the guard page below.
#include "arch/x86_64/machine_exit.h"
#include "check_info.h"
#include "console/console.h"
#include "fault_probe.h"
#include "kernel.h"
#include "page_walk.h"
#include "panic.h"

#include <firstlight/boot_request.h>

#define STACK_BYTES UINT64_C(0x321000)
#define STACK_SPARE 4096u // for the frames of this check

BOOT_REQUEST(.stack_size = STACK_BYTES);

_Noreturn void kernel_main(const struct boot_info *info)
{
    console_initialise(info);
    fault_probe_initialise();
    ASSERT(info->stack_top - info->stack_bottom == STACK_BYTES);
    const uint64_t free_end = (uint64_t)__builtin_frame_address(0) - STACK_SPARE;
    for (uint64_t address = info->stack_bottom; address < free_end; address += 8) {
        *(volatile uint64_t *)address = address;
    }
    for (uint64_t address = info->stack_bottom; address < free_end; address += 8) {
        ASSERT(*(volatile uint64_t *)address == address);
    }
    for (uint64_t below = 1; below <= info->stack_guard_size; below += PAGE_BYTES - 1) {
        ASSERT(fault_probe(ACCESS_WRITE, info->stack_bottom - below).happened);
    }
    check_boot_info(info);
    kprintf("stack: %llu KiB, as asked\n", (unsigned long long)(STACK_BYTES / 1024));
    machine_exit(MACHINE_EXIT_SUCCESS);
}
