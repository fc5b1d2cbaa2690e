// Finds free memory, and takes it out of the memory map.
#ifndef STAGE2_PLACE_H
#define STAGE2_PLACE_H

#include "memory_map.h"

#include <stdint.h>

// Nothing is placed below 1 MiB: firmware still works there.
#define PLACE_MINIMUM 0x100000u

// Finds free memory; returns its physical address. The alignment is granted as far as memory
// allows, the whole of it or what the next smaller pages want, unless it is `required`; `wish`
// holds afterwards what was granted. Stops with a message, naming `what`, when there is no such
// memory.
uint64_t find_memory(const struct memory_map *map, struct memory_wish *wish, bool required,
                     const char *what);

// The same, and claims it as `kind`.
uint64_t place_memory(struct memory_map *map, struct memory_wish *wish, bool required,
                      uint32_t kind, const char *what);

#endif
