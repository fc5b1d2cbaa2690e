// Brings what else the image carries for the kernel.
#ifndef STAGE2_MODULES_H
#define STAGE2_MODULES_H

#include "image_header.h"
#include "memory_map.h"

// Reads every module to memory of its own and notes in its item where; the table of symbols, too,
// which it checks and returns: null when there is none.
const struct symbols_header *modules_load(const struct image_items *items, struct memory_map *map);

#endif
