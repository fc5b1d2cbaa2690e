// Stage 2's own view of memory: every physical address it touches, mapped at the same virtual
// address. It starts with the first 2 MiB (stage2/real_mode_main.asm) and grows by whole gibibytes
// as they are asked for, in a fixed pool of tables below 1 MiB.
#ifndef IDENTITY_MAP_H
#define IDENTITY_MAP_H

#include "message.h"
#include "page_tables.h"

#include <stdbool.h>
#include <stdint.h>

struct identity_map {
    struct page_tables tables;
};

// Takes over the tables at `pool`, whose physical address is `physical`: pages 0, 1 and 2 are root,
// PDPT and page directory, which maps the first 2 MiB.
void identity_map_begin(struct identity_map *map, uint8_t *pool, uint64_t physical, uint32_t pages,
                        bool gigabyte_pages);

// Maps all of [address, address + bytes) that is not mapped yet. False, with a message, when the
// pool is used up or the range passes what 4-level paging can map at its own address (2^47).
bool identity_map_extend(struct identity_map *map, uint64_t address, uint64_t bytes,
                         struct message *why);

#endif
