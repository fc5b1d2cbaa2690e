// Prints its own call chain by name, as a panic would: return addresses from the frames, names from
// boot_info's table of symbols.
#include "arch/x86_64/machine_exit.h"
#include "check_info.h"
#include "console/console.h"
#include "kernel.h"
#include "panic.h"

#include <stddef.h>

static const struct boot_info *boot_info;

// The last symbol that does not begin above the address; by halving, as a kernel would.
static const struct boot_symbol *find_symbol(uint64_t address)
{
    const struct boot_symbols *symbols = &boot_info->symbols;
    const uint64_t offset = address - boot_info->kernel_virtual_base;
    uint64_t low = 0;
    uint64_t high = symbols->count;
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        if (symbols->table[middle].offset <= offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low == 0 ? NULL : &symbols->table[low - 1];
}

static void print_address(uint64_t address)
{
    const struct boot_symbol *symbol = find_symbol(address);
    if (symbol == NULL) {
        panic("no symbol for %llx", (unsigned long long)address);
    }
    kprintf("at %s+%llx\n", boot_info->symbols.names + symbol->name,
            (unsigned long long)(address - boot_info->kernel_virtual_base - symbol->offset));
}

__attribute__((noinline)) static void print_callers(void)
{
    const uint64_t *frame = __builtin_frame_address(0);
    while (frame != NULL) {
        if (frame[1] == 0) {
            return;
        }
        print_address(frame[1] - 1);
        frame = (const uint64_t *)frame[0];
    }
}

__attribute__((noinline)) static int inner_function(void)
{
    print_callers();
    __asm__ volatile("");
    return 1;
}

// Not static: both sorts of symbols are in the table.
int outer_function(void);

__attribute__((noinline)) int outer_function(void)
{
    return inner_function() + 1; // behind the call: it is no jump
}

_Noreturn void kernel_main(const struct boot_info *info)
{
    console_initialise(info);
    boot_info = info;
    check_boot_info(info);
    ASSERT(info->symbols.count > 10);
    print_address((uint64_t)outer_function);
    ASSERT(outer_function() == 2);
    kprintf("%llu symbols\n", (unsigned long long)info->symbols.count);
    machine_exit(MACHINE_EXIT_SUCCESS);
}
