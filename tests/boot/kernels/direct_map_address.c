// Asks for the direct map at an address of its own choice, and finds it there and nowhere else.
#include "arch/x86_64/machine_exit.h"
#include "check_info.h"
#include "console/console.h"
#include "fault_probe.h"
#include "kernel.h"
#include "panic.h"

#include <firstlight/boot_request.h>

#ifndef DIRECT_MAP
#define DIRECT_MAP 0xFFFFC00000000000
#endif
#define DEFAULT_DIRECT_MAP UINT64_C(0xFFFF800000000000)

BOOT_REQUEST(.direct_map = DIRECT_MAP);

_Noreturn void kernel_main(const struct boot_info *info)
{
    console_initialise(info);
    fault_probe_initialise();
    ASSERT(info->direct_map_offset == DIRECT_MAP);
    ASSERT(fault_probe(ACCESS_READ, DEFAULT_DIRECT_MAP).happened);
    ASSERT(!fault_probe(ACCESS_READ, DIRECT_MAP).happened);
    ASSERT(fault_probe(ACCESS_READ, DIRECT_MAP + info->direct_map_size).happened);
    check_boot_info(info);
    kprintf("direct map: at %llx, as asked\n", (unsigned long long)info->direct_map_offset);
    machine_exit(MACHINE_EXIT_SUCCESS);
}
