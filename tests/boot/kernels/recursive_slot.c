// Asks for a recursive slot and walks all page tables twice: through it, and by the direct map.
// They must be the same memory, and the slot must allow writing but not execution.
#include "arch/x86_64/machine_exit.h"
#include "check_info.h"
#include "console/console.h"
#include "fault_probe.h"
#include "kernel.h"
#include "page_walk.h"
#include "panic.h"

#include <firstlight/boot_request.h>

#define SLOT          300u
#define ENTRIES       512u
#define PRESENT       1u
#define LARGE         0x80u
#define ADDRESS       UINT64_C(0x000FFFFFFFFFF000)
#define CANONICAL     UINT64_C(0xFFFF000000000000) // of an address in slot 256 or above
#define ENTRY_CHANGED UINT64_C(0x60)               // accessed, dirty: the CPU's own

#ifdef WITHOUT_DIRECT_MAP
BOOT_REQUEST(.recursive_slot = SLOT, .flags = BOOT_REQUEST_NO_DIRECT_MAP);
#else
BOOT_REQUEST(.recursive_slot = SLOT);
#endif

static unsigned tables;

// The address at which a table appears: as many times the slot as there are levels left, then the
// indices that lead to it.
static uint64_t window(unsigned level, const uint64_t index[3])
{
    uint64_t path[4] = {SLOT, SLOT, SLOT, SLOT};
    for (unsigned i = 0; level + i < 4; i++) {
        path[level + i] = index[i];
    }
    return CANONICAL | path[0] << 39 | path[1] << 30 | path[2] << 21 | path[3] << 12;
}

// `level` is 4 for the root; `index` has the 4 - level indices that led here.
static void visit(const struct boot_info *info, unsigned level, uint64_t index[3],
                  uint64_t physical)
{
    const volatile uint64_t *table = (const volatile uint64_t *)window(level, index);
    tables++;
    for (uint64_t i = 0; i < ENTRIES; i++) {
        const uint64_t entry = table[i];
        if (info->direct_map_offset != 0) {
            const uint64_t other = ((volatile uint64_t *)direct(info, physical))[i];
            ASSERT((entry & ~ENTRY_CHANGED) == (other & ~ENTRY_CHANGED));
        }
        const bool leads_down = level > 1 && (entry & PRESENT) != 0 && (entry & LARGE) == 0;
        if (leads_down && !(level == 4 && i == SLOT)) {
            index[4 - level] = i;
            visit(info, level - 1, index, entry & ADDRESS);
        }
    }
}

_Noreturn void kernel_main(const struct boot_info *info)
{
    uint64_t root;
    uint64_t index[3] = {0};
    console_initialise(info);
    fault_probe_initialise();
    __asm__ volatile("movq %%cr3, %0" : "=r"(root));
    ASSERT(info->recursive_slot == SLOT);
    visit(info, 4, index, root & ADDRESS);
    ASSERT(tables >= 8); // root, and for kernel, loader and screen three levels

    const uint64_t window_of_root = window(4, index);
    ASSERT((((volatile uint64_t *)window_of_root)[SLOT] & ADDRESS) == (root & ADDRESS));
    ASSERT(fault_probe(ACCESS_EXECUTE, window_of_root).happened);
    volatile uint64_t *unused = &((volatile uint64_t *)window_of_root)[SLOT + 1];
    ASSERT(*unused == 0);
    *unused = 2; // writable: an entry that is not present
    ASSERT(*unused == 2);
    *unused = 0;
    check_boot_info(info);
    kprintf("recursive slot: %u tables\n", tables);
    machine_exit(MACHINE_EXIT_SUCCESS);
}
