// Asks for no direct map: there is none, and all that boot_info points to can still be read.
#include "arch/x86_64/machine_exit.h"
#include "check_info.h"
#include "console/console.h"
#include "fault_probe.h"
#include "kernel.h"
#include "panic.h"

#include <firstlight/boot_request.h>

#define SLOT_BYTES (UINT64_C(1) << 39) // what one entry of the PML4 covers
#define HIGHER     UINT64_C(0xFFFF800000000000)
#define TOP_SLOTS  254u // of the higher half; the loader's and the kernel's region lie above

BOOT_REQUEST(.flags = BOOT_REQUEST_NO_DIRECT_MAP);

_Noreturn void kernel_main(const struct boot_info *info)
{
    console_initialise(info);
    fault_probe_initialise();
    ASSERT(info->direct_map_offset == 0 && info->direct_map_size == 0);
    for (unsigned slot = 0; slot < TOP_SLOTS; slot++) {
        ASSERT(fault_probe(ACCESS_READ, HIGHER + slot * SLOT_BYTES).happened);
        ASSERT(fault_probe(ACCESS_READ, HIGHER + slot * SLOT_BYTES + 0x100000).happened);
    }
    check_boot_info(info);
    ASSERT(!fault_probe(ACCESS_WRITE, (uint64_t)info->text_mode.address).happened);
    kprintf("direct map: none, as asked; %llu modules\n", (unsigned long long)info->module_count);
    machine_exit(MACHINE_EXIT_SUCCESS);
}
