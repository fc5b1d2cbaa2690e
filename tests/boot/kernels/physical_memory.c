// A kernel of 20 MiB that may ask where its physical memory lies: at a multiple of ALIGNMENT, clear
// of the hole that ISA cards can have from 15 to 16 MiB (AVOID_ISA_HOLE), or anywhere. Prints where
// it is; the test knows what was asked.
#include "arch/x86_64/machine_exit.h"
#include "check_info.h"
#include "console/console.h"
#include "kernel.h"
#include "page_walk.h"
#include "panic.h"

#include <firstlight/boot_request.h>

#ifdef ALIGNMENT
BOOT_REQUEST(.physical_alignment = ALIGNMENT);
#elif defined(AVOID_ISA_HOLE)
BOOT_REQUEST(.flags = BOOT_REQUEST_AVOID_ISA_HOLE);
#endif

#define MIB UINT64_C(0x100000)

static volatile uint8_t large[20 * MIB]; // volatile: else only the byte used is left of it

_Noreturn void kernel_main(const struct boot_info *info)
{
    console_initialise(info);
    large[0] = 1;
    large[sizeof large - 1] = 1;
    unsigned in_hole = 0;
    const uint64_t end = info->kernel_virtual_base + info->kernel_virtual_size;
    for (uint64_t page = info->kernel_virtual_base; page != end; page += PAGE_BYTES) {
        const uint64_t physical = physical_address(info, page);
        in_hole += physical >= 15 * MIB && physical < 16 * MIB;
    }
    check_boot_info(info);
    kprintf("kernel at %llx, %u pages in the hole\n",
            (unsigned long long)info->kernel_physical_base, in_hole);
    machine_exit(MACHINE_EXIT_SUCCESS);
}
