// Putting ranges behind all others of a memory map: what the normaliser and the claiming of memory
// have in common. Included by memory_map*.c alone.
#ifndef LOAD_MEMORY_MAP_APPEND_H
#define LOAD_MEMORY_MAP_APPEND_H

#include "memory_map.h"

/*@ requires \valid_read(range) && end_of(range) <= UINT64_MAX;
    assigns \nothing;
    ensures \result == end_of(range); */
static inline uint64_t range_end(const struct boot_memory_range *range)
{
    return range->base + range->length;
}

// The message that the map is full; returns false.
/*@ requires \valid_read(map) && \valid(why);
    assigns *why;
    ensures !\result; */
bool memory_map_refuse_full(const struct memory_map *map, struct message *why);

// Adds [base, end) behind all others, as part of the last one where it continues that.
/*@ requires stored(map) && apart(map, why) && whole(map) && tidy(map) && all_before(map, base);
    requires kind == BOOT_MEMORY_USABLE ==> base % PAGE_SIZE == 0 && end % PAGE_SIZE == 0;
    assigns *why, map->count, map->ranges[0 .. map->capacity - 1];
    ensures stored(map) && whole(map);
    ensures tidy(map);
    ensures all_before(map, \max(base, end));
    ensures \result ==> \forall integer address; base <= address < end ==>
            holds(map, address, kind);
    ensures \forall integer address, any; \old(holds(map, address, any)) ==>
            holds(map, address, any);
    ensures \forall integer address, any; holds(map, address, any) ==>
            \old(holds(map, address, any)) || base <= address < end && any == kind;
    ensures \old(map->count) <= map->count <= \old(map->count) + 1;
    ensures base >= end ==> map->count == \old(map->count);
    ensures !\result ==> map->count == \old(map->count) == map->capacity; */
bool memory_map_append(struct memory_map *map, uint64_t base, uint64_t end, uint32_t kind,
                       struct message *why);

#endif
