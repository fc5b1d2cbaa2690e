// What firmware says about physical memory.
#ifndef FIRMWARE_MEMORY_H
#define FIRMWARE_MEMORY_H

#include "memory_map.h"

// Fills `raw` with everything firmware reports (E820, else E801h, else 88h), in the kinds of the
// boot contract, and with what it keeps for itself in the first mebibyte whether it says so or not;
// without memory that lies beyond the CPU's physical addresses.
// Stops with a message when it reports no memory at all, or more ranges than fit.
void firmware_memory_map(struct memory_map *raw);

#endif
