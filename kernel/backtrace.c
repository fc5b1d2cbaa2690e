// Walks the frames of the loader's stack and prints them; called by panic.c and exceptions.c.
#include "backtrace.h"

#include "console/console.h"
#include "lib/stack_walk.h"
#include "lib/symbol_lookup.h"

#include <stddef.h>

// As many as leave the registers on the screen, of a recursion too.
#define CALLERS_MAX 10u

static const struct boot_info *boot_info;

void backtrace_initialise(const struct boot_info *info)
{
    boot_info = info;
}

// `place` is an address inside the function; a return address is behind a call, which may be the
// function's last instruction, so there it is one less.
static void print_address(uint64_t address, uint64_t place)
{
    const uint64_t base = boot_info->kernel_virtual_base;
    uint64_t offset = 0;
    const char *name = NULL;
    if (place - base < boot_info->kernel_virtual_size) {
        name = symbol_lookup(&boot_info->symbols, base, place, &offset);
    }
    offset += address - place;
    if (name == NULL) {
        kprintf("  at %016llx\n", (unsigned long long)address);
    } else {
        kprintf("  at %016llx %s+%llx\n", (unsigned long long)address, name,
                (unsigned long long)offset);
    }
}

void backtrace_print(uint64_t instruction, uint64_t frame_pointer)
{
    if (boot_info == NULL) {
        return;
    }
    if (instruction != 0) {
        print_address(instruction, instruction);
    }
    struct stack_walk walk = {
        .bottom = boot_info->stack_bottom,
        .top = boot_info->stack_top,
        .frame = frame_pointer,
    };
    uint64_t caller;
    for (unsigned i = 0; stack_walk_next(&walk, &caller); i++) {
        if (i == CALLERS_MAX) {
            kprintf("  and more\n");
            return;
        }
        print_address(caller, caller - 1);
    }
}
