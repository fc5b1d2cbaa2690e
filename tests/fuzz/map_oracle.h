// What a memory map of any size should say, worked out range by range in the simplest way. For the
// targets of memory_map.c; tests/unit/load/memory_oracle.h has the same for a few pages.
#ifndef MAP_ORACLE_H
#define MAP_ORACLE_H

#include "memory_map.h"

#include <stdbool.h>
#include <stdint.h>

#define ORACLE_ABSENT 0u

// The kind of one byte by a list of ranges that may overlap: the most restrictive, unknown kinds
// being reserved.
uint32_t oracle_raw_kind(const struct boot_memory_range *ranges, uint32_t count, uint64_t address);

// The same once pages that are not usable throughout are reserved where they were usable.
uint32_t oracle_trimmed_kind(const struct boot_memory_range *ranges, uint32_t count,
                             uint64_t address);

// The kind of one byte by a normalised map.
uint32_t oracle_map_kind(const struct memory_map *map, uint64_t address);

// Fails unless the map is sorted, without overlaps, merged, and its usable ranges are whole pages.
void oracle_check_form(const struct memory_map *map);

// Addresses between which nothing changes: ends of ranges, and the pages around them. Ascending.
struct oracle_points {
    uint32_t count;
    uint64_t *addresses; // from malloc
};

struct oracle_points oracle_points_of(const struct boot_memory_range *ranges, uint32_t count);

#endif
