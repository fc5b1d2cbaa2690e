// Gives memory of a normalised map another kind: what the loader takes, what devices lie over.
// Called by stage 2.
#include "memory_map_append.h"

#include <string.h>

// What a range, put where others are, leaves of them and itself.
enum { PARTS_MAX = 3 };

/*@ // Range i as A has it is the one `by` places before it as B has it.
    predicate shifted{A, B}(struct boot_memory_range *ranges, integer i, integer by) =
        \at(ranges[i].base, A) == \at(ranges[i - by].base, B) &&
        \at(ranges[i].length, A) == \at(ranges[i - by].length, B) &&
        \at(ranges[i].kind, A) == \at(ranges[i - by].kind, B);
    predicate unchanged{A, B}(struct memory_map *map) =
        \at(map->count, A) == \at(map->count, B) &&
        \forall integer i; 0 <= i < \at(map->count, A) ==>
            \at(map->ranges[i].base, A) == \at(map->ranges[i].base, B) &&
            \at(map->ranges[i].length, A) == \at(map->ranges[i].length, B) &&
            \at(map->ranges[i].kind, A) == \at(map->ranges[i].kind, B); */

// The range that holds all of [base, base + length); null when none does.
/*@ requires stored(map) && whole(map);
    assigns \result \from map->ranges, map->count, base, length;
    ensures \result != \null ==> \exists integer i; 0 <= i < map->count &&
            \result == map->ranges + i && map->ranges[i].base <= base &&
            base + length <= end_of(map->ranges + i); */
static const struct boot_memory_range *range_around(const struct memory_map *map, uint64_t base,
                                                    uint64_t length)
{
    /*@ loop invariant i <= map->count;
        loop assigns i;
        loop variant map->count - i; */
    for (uint32_t i = 0; i < map->count; i++) {
        const struct boot_memory_range *range = &map->ranges[i];
        if (base >= range->base && base - range->base < range->length) {
            return length <= range->length - (base - range->base) ? range : NULL;
        }
    }
    return NULL;
}

// Puts `count` new ranges in the place of ranges first to end - 1.
/*@ requires stored(map) && apart(map, why) && first <= end <= map->count;
    requires map->capacity <= MEMORY_MAP_MAX && count <= MEMORY_MAP_MAX;
    requires \valid_read(with + (0 .. count - 1)) &&
             \separated(with + (0 .. count - 1), why, map, map->ranges + (0 .. map->capacity - 1));
    assigns *why, map->count, map->ranges[first .. map->capacity - 1];
    ensures stored(map);
    ensures \result ==> map->count == \old(map->count) - (end - first) + count;
    ensures \result ==> \forall integer i; first <= i < first + count ==>
            map->ranges[i].base == \old(with[i - first].base) &&
            map->ranges[i].length == \old(with[i - first].length) &&
            map->ranges[i].kind == \old(with[i - first].kind);
    ensures \result ==> \forall integer i; first + count <= i < map->count ==>
            shifted{Post, Pre}(map->ranges, i, count - (end - first));
    ensures !\result ==> unchanged{Pre, Post}(map); */
static bool replace_ranges(struct memory_map *map, uint32_t first, uint32_t end,
                           const struct boot_memory_range *with, uint32_t count,
                           struct message *why)
{
    const uint32_t new_count = map->count - (end - first) + count;
    if (new_count > map->capacity) {
        return memory_map_refuse_full(map, why);
    }
    struct boot_memory_range *place = &map->ranges[first];
    memmove(place + count, &map->ranges[end], (map->count - end) * sizeof *place);
    /*@ assert \forall integer i; first + count <= i < new_count ==>
            equal_at{Here, Pre}(place + count, map->ranges + end, i - (first + count)); */
    /*@ assert \forall integer i;
            equal_at{Here, Pre}(place + count, map->ranges + end, i - (first + count)) ==>
            shifted{Here, Pre}(map->ranges, i, count - (end - first)); */
    /*@ assert \forall integer i; first + count <= i < new_count ==>
            shifted{Here, Pre}(map->ranges, i, count - (end - first)); */
    memcpy(place, with, count * sizeof *place);
    /*@ assert \forall integer i; first + count <= i < new_count ==>
            shifted{Here, Pre}(map->ranges, i, count - (end - first)); */
    map->count = new_count;
    return true;
}

// The first range that does not end before the address.
/*@ requires stored(map) && whole(map);
    assigns \nothing;
    ensures \result <= map->count;
    ensures \forall integer i; 0 <= i < \result ==> end_of(map->ranges + i) < address;
    ensures \result < map->count ==> end_of(map->ranges + \result) >= address; */
static uint32_t first_touching(const struct memory_map *map, uint64_t address)
{
    uint32_t first = 0;
    /*@ loop invariant first <= map->count;
        loop invariant \forall integer i; 0 <= i < first ==> end_of(map->ranges + i) < address;
        loop assigns first;
        loop variant map->count - first; */
    while (first < map->count && range_end(&map->ranges[first]) < address) {
        first++;
    }
    return first;
}

// The first range, from `first` on, that begins behind the address.
/*@ requires stored(map) && first <= map->count;
    assigns \nothing;
    ensures first <= \result <= map->count;
    ensures \forall integer i; first <= i < \result ==> map->ranges[i].base <= address;
    ensures \result < map->count ==> map->ranges[\result].base > address; */
static uint32_t first_behind(const struct memory_map *map, uint32_t first, uint64_t address)
{
    uint32_t behind = first;
    /*@ loop invariant first <= behind <= map->count;
        loop invariant \forall integer i; first <= i < behind ==> map->ranges[i].base <= address;
        loop assigns behind;
        loop variant map->count - behind; */
    while (behind < map->count && map->ranges[behind].base <= address) {
        behind++;
    }
    return behind;
}

// Puts into the empty `parts` what [base, end) and the ranges first to behind - 1, which overlap or
// touch it, come to: what is left of the first, the new one, what is left of the last.
/*@ requires stored(map) && whole(map) && tidy(map) && first <= behind <= map->count;
    requires base < end && base % PAGE_SIZE == 0 && end % PAGE_SIZE == 0;
    requires first < behind ==> end_of(map->ranges + first) >= base &&
             map->ranges[behind - 1].base <= end;
    requires stored(parts) && parts->count == 0 && parts->capacity == PARTS_MAX;
    requires apart(map, why) && apart(parts, why);
    requires distinct(map, parts) && distinct(parts, map);
    assigns *why, parts->count, parts->ranges[0 .. PARTS_MAX - 1];
    ensures stored(parts) && whole(parts) && tidy(parts);
    ensures whole(map);
    ensures \forall integer address; base <= address < end ==> holds(parts, address, kind);
    ensures \forall integer address; first < behind && address < base &&
            \old(lies_in(address, map->ranges + first)) ==>
            holds(parts, address, \old(map->ranges[first].kind));
    ensures \forall integer address; first < behind && address >= end &&
            \old(lies_in(address, map->ranges + (behind - 1))) ==>
            holds(parts, address, \old(map->ranges[behind - 1].kind));
    ensures \forall integer address, any; holds(parts, address, any) ==>
            base <= address < end && any == kind ||
            first < behind && address < base && \old(lies_in(address, map->ranges + first)) &&
            any == \old(map->ranges[first].kind) ||
            first < behind && address >= end &&
            \old(lies_in(address, map->ranges + (behind - 1))) &&
            any == \old(map->ranges[behind - 1].kind); */
static void build_parts(const struct memory_map *map, uint32_t first, uint32_t behind,
                        uint64_t base, uint64_t end, uint32_t kind, struct memory_map *parts,
                        struct message *why)
{
    if (first != behind) {
        memory_map_append(parts, map->ranges[first].base, base, map->ranges[first].kind, why);
    }
    //@ assert all_before(parts, base);
    /*@ assert \forall integer address; first < behind && address < base &&
            \at(lies_in(address, map->ranges + first), Pre) ==>
            holds(parts, address, \at(map->ranges[first].kind, Pre)); */
    /*@ assert \forall integer address, any; holds(parts, address, any) ==>
            first < behind && address < base &&
            \at(lies_in(address, map->ranges + first), Pre) &&
            any == \at(map->ranges[first].kind, Pre); */
    memory_map_append(parts, base, end, kind, why);
    /*@ assert \forall integer address; first < behind && address < base &&
            \at(lies_in(address, map->ranges + first), Pre) ==>
            holds(parts, address, \at(map->ranges[first].kind, Pre)); */
    /*@ assert \forall integer address, any; holds(parts, address, any) ==>
            base <= address < end && any == kind || first < behind && address < base &&
            \at(lies_in(address, map->ranges + first), Pre) &&
            any == \at(map->ranges[first].kind, Pre); */
    if (first != behind) {
        const struct boot_memory_range *last = &map->ranges[behind - 1];
        /*@ assert last->kind == \at(map->ranges[behind - 1].kind, Pre) &&
                last->base == \at(map->ranges[behind - 1].base, Pre) &&
                last->length == \at(map->ranges[behind - 1].length, Pre); */
        memory_map_append(parts, end, range_end(last), last->kind, why);
    }
}

// Puts `parts` in the place of ranges first to behind - 1.
/*@ requires stored(map) && apart(map, why) && whole(map);
    requires map->capacity <= MEMORY_MAP_MAX && first <= behind <= map->count;
    requires stored(parts) && apart(parts, why) && whole(parts);
    requires parts->capacity == PARTS_MAX && distinct(map, parts) && distinct(parts, map);
    assigns *why, map->count, map->ranges[first .. map->capacity - 1];
    ensures stored(map) && whole(map); */
static bool put_parts(struct memory_map *map, uint32_t first, uint32_t behind,
                      const struct memory_map *parts, struct message *why)
{
    const uint32_t count = parts->count;
    const bool done = replace_ranges(map, first, behind, parts->ranges, count, why);
    /*@ assert \forall integer i; 0 <= i < first ==>
            map->ranges[i].length > 0 && end_of(map->ranges + i) <= UINT64_MAX; */
    //@ assert !done ==> whole(map);
    /*@ assert done ==> \forall integer i; first <= i < first + count ==>
            map->ranges[i].length > 0 && end_of(map->ranges + i) <= UINT64_MAX; */
    /*@ assert done ==> \forall integer i; first + count <= i < map->count ==>
            shifted{Here, Pre}(map->ranges, i, count - (behind - first)); */
    /*@ assert \forall integer i; 0 <= i - (count - (behind - first)) < \at(map->count, Pre) &&
            shifted{Here, Pre}(map->ranges, i, count - (behind - first)) ==>
            map->ranges[i].length > 0 && end_of(map->ranges + i) <= UINT64_MAX; */
    /*@ assert done ==> \forall integer i; first + count <= i < map->count ==>
            map->ranges[i].length > 0 && end_of(map->ranges + i) <= UINT64_MAX; */
    return done;
}

// Makes [base, end) `kind`, whatever it was. Neighbours of the kind become one with it.
/*@ requires stored(map) && apart(map, why) && whole(map) && tidy(map);
    requires map->capacity <= MEMORY_MAP_MAX;
    requires base < end && base % PAGE_SIZE == 0 && end % PAGE_SIZE == 0;
    assigns *why, map->count, map->ranges[0 .. map->capacity - 1];
    ensures stored(map) && whole(map); */
static bool set_kind(struct memory_map *map, uint64_t base, uint64_t end, uint32_t kind,
                     struct message *why)
{
    const uint32_t first = first_touching(map, base);
    const uint32_t behind = first_behind(map, first, end);
    struct boot_memory_range parts[PARTS_MAX];
    struct memory_map with = {.capacity = PARTS_MAX, .ranges = parts};
    build_parts(map, first, behind, base, end, kind, &with, why);
    return put_parts(map, first, behind, &with, why);
}

/*@ assigns \nothing;
    ensures \result ==> length > 0 && base % PAGE_SIZE == 0 && length % PAGE_SIZE == 0 &&
            base + length <= UINT64_MAX; */
static bool is_whole_pages(uint64_t base, uint64_t length)
{
    return length != 0 && base % PAGE_BYTES == 0 && length % PAGE_BYTES == 0 &&
           length <= UINT64_MAX - base;
}

bool memory_map_claim(struct memory_map *map, uint64_t base, uint64_t length, uint32_t from,
                      uint32_t kind, struct message *why)
{
    const struct boot_memory_range *range = range_around(map, base, length);
    if (range == NULL || range->kind != from || !is_whole_pages(base, length)) {
        return message_defect(why, "memory to be taken is not free");
    }
    return set_kind(map, base, base + length, kind, why);
}

/*@ assigns \nothing;
    ensures \result <==> loaders(kind); */
static bool is_loaders(uint32_t kind)
{
    return kind == BOOT_MEMORY_LOADER_RECLAIMABLE || kind == BOOT_MEMORY_KERNEL ||
           kind == BOOT_MEMORY_MODULE;
}

bool memory_map_overlay(struct memory_map *map, uint64_t base, uint64_t length, uint32_t kind,
                        struct message *why)
{
    bool is_free = is_whole_pages(base, length);
    /*@ loop invariant i <= map->count;
        loop invariant is_free ==> length > 0 && base % PAGE_SIZE == 0 &&
            length % PAGE_SIZE == 0 && base + length <= UINT64_MAX;
        loop invariant is_free ==> \forall integer j, address; 0 <= j < i &&
            base <= address < base + length && lies_in(address, map->ranges + j) ==>
            !loaders(map->ranges[j].kind);
        loop assigns i, is_free;
        loop variant map->count - i; */
    for (uint32_t i = 0; i < map->count; i++) {
        const struct boot_memory_range *range = &map->ranges[i];
        if (is_loaders(range->kind) && range->base < base + length && range_end(range) > base) {
            is_free = false;
        }
    }
    if (!is_free) {
        return message_refuse(why,
                              "firmware puts a device at 0x%llx, %llu bytes, into memory that it "
                              "called usable: update it, or ask for text mode",
                              (unsigned long long)base, (unsigned long long)length);
    }
    return set_kind(map, base, base + length, kind, why);
}
