// From an address to the function that holds it. Pure; used by backtrace.c.
#ifndef KERNEL_LIB_SYMBOL_LOOKUP_H
#define KERNEL_LIB_SYMBOL_LOOKUP_H

#include "firstlight/boot_info.h"

#include <stdint.h>

// The name of the last function that does not begin above the address, and the address's offset in
// it; a null pointer when there is none. `base` is boot_info.kernel_virtual_base.
const char *symbol_lookup(const struct boot_symbols *symbols, uint64_t base, uint64_t address,
                          uint64_t *offset);

#endif
