// Which physical memory the direct map covers, and with which pages. Called by handover.c.
//
// It covers all RAM and everything below 4 GiB. A large page lies inside a piece of one type only:
// RAM that firmware reported usable (whatever the loader has made of it since), each other kind,
// and absent are types of their own; pages of 1 GiB only in usable RAM and in absent pieces; the
// first 2 MiB by 4 KiB pages. (A large page over ranges of different caching has undefined memory
// type: Intel SDM volume 3A, section 11.11.9.) Firmware's reserved ranges above 4 GiB are not
// mapped: some are a terabyte long.
#ifndef LOAD_DIRECT_MAP_H
#define LOAD_DIRECT_MAP_H

#include "memory_map.h"

#include <stdbool.h>
#include <stdint.h>

#define DIRECT_MAP_MINIMUM 0x100000000u // everything below 4 GiB is covered, devices too

// Called with pieces to be mapped, in order of address, multiples of 4096; false ends the walk.
typedef bool direct_map_visitor(uint64_t physical_address, uint64_t bytes, uint64_t largest_page,
                                void *context);

// Visits all pieces of a normalised map; false when the visitor returned that.
bool direct_map_walk(const struct memory_map *map, direct_map_visitor *visit, void *context);

// The last byte of the highest page covered.
uint64_t direct_map_last_byte(const struct memory_map *map);

// So many page tables, beside the root, do for it; `last_byte` as above.
uint64_t direct_map_tables(const struct memory_map *map, uint64_t last_byte, bool gigabyte_pages);

#endif
