// Puts ranges behind all others of a memory map. Called by whoever gathers firmware's report, by
// the normaliser and by the claiming of memory.
#include "memory_map_append.h"

bool memory_map_refuse_full(const struct memory_map *map, struct message *why)
{
    return message_refuse(why,
                          "the memory map needs more than %u ranges: firmware reports too many "
                          "pieces of memory, update it or change the machine's memory settings",
                          (unsigned)map->capacity);
}

// Adds a range behind all others.
/*@ requires stored(map) && apart(map, why) && whole(map);
    requires length > 0 && base + length <= UINT64_MAX;
    assigns *why, map->count, map->ranges[map->count .. map->capacity - 1];
    ensures stored(map) && whole(map);
    ensures \result ==> map->count == \old(map->count) + 1;
    ensures !\result ==> map->count == \old(map->count) == map->capacity;
    ensures \result ==> \forall integer address; base <= address < base + length ==>
            holds(map, address, kind);
    ensures \forall integer address, any; \old(holds(map, address, any)) ==>
            holds(map, address, any);
    ensures \forall integer address, any; holds(map, address, any) ==>
            \old(holds(map, address, any)) || base <= address < base + length && any == kind;
    behavior behind:
        assumes all_before(map, base);
        ensures all_before(map, base + length);
    behavior disjoint:
        assumes disjoint(map) && all_before(map, base);
        ensures disjoint(map);
    behavior merged:
        assumes merged(map) && not_continued(map, base, kind);
        ensures merged(map);
    behavior pages:
        assumes usable_in_pages(map) && in_pages(base, length, kind);
        ensures usable_in_pages(map); */
static bool push(struct memory_map *map, uint64_t base, uint64_t length, uint32_t kind,
                 struct message *why)
{
    if (map->count >= map->capacity) {
        return memory_map_refuse_full(map, why);
    }
    map->ranges[map->count++] =
        (struct boot_memory_range){.base = base, .length = length, .kind = kind};
    return true;
}

bool memory_map_add(struct memory_map *map, uint64_t base, uint64_t length, uint32_t kind,
                    struct message *why)
{
    if (length > UINT64_MAX - base) {
        length = UINT64_MAX - base;
    }
    return length == 0 || push(map, base, length, kind, why);
}

// Makes the last range longer.
/*@ requires stored(map) && whole(map) && map->count > 0 && length > 0;
    requires end_of(map->ranges + (map->count - 1)) + length <= UINT64_MAX;
    assigns map->ranges[map->count - 1].length;
    ensures whole(map);
    ensures \let last = map->ranges + (map->count - 1);
            \forall integer address; \old(end_of(last)) <= address < \old(end_of(last)) + length ==>
            holds(map, address, last->kind);
    ensures \forall integer address, any; \old(holds(map, address, any)) ==>
            holds(map, address, any);
    ensures \let last = map->ranges + (map->count - 1);
            \forall integer address, any; holds(map, address, any) ==>
            \old(holds(map, address, any)) ||
            \old(end_of(last)) <= address < \old(end_of(last)) + length && any == last->kind;
    behavior disjoint:
        assumes disjoint(map);
        ensures disjoint(map);
        ensures all_before(map, \old(end_of(map->ranges + (map->count - 1))) + length);
    behavior merged:
        assumes merged(map);
        ensures merged(map);
    behavior pages:
        assumes usable_in_pages(map);
        assumes in_pages(0, length, map->ranges[map->count - 1].kind);
        ensures usable_in_pages(map); */
static void extend_last(struct memory_map *map, uint64_t length)
{
    map->ranges[map->count - 1].length += length;
}

// Whether the last range is of the kind and ends at the address.
/*@ requires stored(map) && whole(map);
    assigns \nothing;
    ensures \result ==> map->count > 0 && map->ranges[map->count - 1].kind == kind &&
            end_of(map->ranges + (map->count - 1)) == address;
    ensures !\result && all_before(map, address) && disjoint(map) ==>
            not_continued(map, address, kind); */
static bool continues_last(const struct memory_map *map, uint64_t address, uint32_t kind)
{
    if (map->count == 0) {
        return false;
    }
    const struct boot_memory_range *last = &map->ranges[map->count - 1];
    return last->kind == kind && range_end(last) == address;
}

bool memory_map_append(struct memory_map *map, uint64_t base, uint64_t end, uint32_t kind,
                       struct message *why)
{
    if (base >= end) {
        return true;
    }
    if (continues_last(map, base, kind)) {
        extend_last(map, end - base);
        return true;
    }
    return push(map, base, end - base, kind, why);
}
