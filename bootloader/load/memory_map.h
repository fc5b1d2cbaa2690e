// The physical memory map: from what firmware says in any order, with overlaps, to a sorted list
// that can be trusted, and the search for free memory in it.
#ifndef LOAD_MEMORY_MAP_H
#define LOAD_MEMORY_MAP_H

#include "firstlight/boot_info.h"
#include "message.h"
#include "page.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_SIZE PAGE_SIZE_4K

// What firmware may report, at most; the normalised map needs up to twice as many and some.
#define MEMORY_MAP_RAW_MAX 512
#define MEMORY_MAP_MAX     (2 * MEMORY_MAP_RAW_MAX + 64)

struct memory_map {
    uint32_t count;
    uint32_t capacity;
    struct boot_memory_range *ranges;
};

/*@ // For the contracts below. Addresses and ends are integers without bounds.
    logic integer end_of(struct boot_memory_range *range) = range->base + range->length;
    predicate lies_in(integer address, struct boot_memory_range *range) =
        range->base <= address < end_of(range);
    predicate stored(struct memory_map *map) =
        \valid(map) && map->count <= map->capacity &&
        \valid(map->ranges + (0 .. map->capacity - 1)) &&
        \separated(map, map->ranges + (0 .. map->capacity - 1));
    predicate apart(struct memory_map *map, struct message *why) =
        \valid(why) && \separated(why, map, map->ranges + (0 .. map->capacity - 1));
    // They are different objects, and neither lies in the other's ranges.
    predicate distinct(struct memory_map *one, struct memory_map *other) =
        \base_addr(one->ranges) != \base_addr(other->ranges) &&
        \base_addr(one->ranges) != \base_addr(other) && \base_addr(one) != \base_addr(other);
    // No range is empty or passes 2^64 - 1.
    predicate whole(struct memory_map *map) =
        \forall integer i; 0 <= i < map->count ==>
            map->ranges[i].length > 0 && end_of(map->ranges + i) <= UINT64_MAX;
    predicate sorted(struct memory_map *map) =
        \forall integer i, j; 0 <= i < j < map->count ==>
            map->ranges[i].base <= map->ranges[j].base;
    predicate disjoint(struct memory_map *map) =
        \forall integer i, j; 0 <= i < j < map->count ==>
            end_of(map->ranges + i) <= map->ranges[j].base;
    predicate merged(struct memory_map *map) =
        \forall integer i, j; 0 <= i < j < map->count &&
            end_of(map->ranges + i) == map->ranges[j].base ==>
            map->ranges[i].kind != map->ranges[j].kind;
    predicate usable_in_pages(struct memory_map *map) =
        \forall integer i; 0 <= i < map->count && map->ranges[i].kind == BOOT_MEMORY_USABLE ==>
            map->ranges[i].base % PAGE_SIZE == 0 && map->ranges[i].length % PAGE_SIZE == 0;
    // Some range with this address is of this kind.
    predicate holds(struct memory_map *map, integer address, integer kind) =
        \exists integer i; 0 <= i < map->count && lies_in(address, map->ranges + i) &&
            map->ranges[i].kind == kind;
    predicate usable_from(struct memory_map *map, integer base, integer bytes) =
        \forall integer address; base <= address < base + bytes ==>
            holds(map, address, BOOT_MEMORY_USABLE);
    // What the loader itself has put into memory.
    predicate loaders(integer kind) = kind == BOOT_MEMORY_LOADER_RECLAIMABLE ||
        kind == BOOT_MEMORY_KERNEL || kind == BOOT_MEMORY_MODULE;

    predicate all_before(struct memory_map *map, integer address) =
        \forall integer i; 0 <= i < map->count ==> end_of(map->ranges + i) <= address;
    // No range of this kind ends here.
    predicate not_continued(struct memory_map *map, integer address, integer kind) =
        \forall integer i; 0 <= i < map->count && end_of(map->ranges + i) == address ==>
            map->ranges[i].kind != kind;
    predicate in_pages(integer address, integer length, integer kind) =
        kind == BOOT_MEMORY_USABLE ==> address % PAGE_SIZE == 0 && length % PAGE_SIZE == 0;
    predicate tidy(struct memory_map *map) =
        disjoint(map) && merged(map) && usable_in_pages(map);

    // What firmware's report comes to: the most restrictive kind of all ranges with the address, 0
    // where there is none.
    logic integer known(integer kind) =
        BOOT_MEMORY_USABLE <= kind <= BOOT_MEMORY_BAD ? kind : BOOT_MEMORY_RESERVED;
    predicate reported(struct memory_map *map, integer address, integer kind) =
        (\forall integer i; 0 <= i < map->count && lies_in(address, map->ranges + i) ==>
            known(map->ranges[i].kind) <= kind) &&
        (kind == 0 || \exists integer i; 0 <= i < map->count &&
            lies_in(address, map->ranges + i) && known(map->ranges[i].kind) == kind);
    // All of the page is usable. (Its first and last byte are named for the prover to begin with.)
    predicate reports_page(struct memory_map *map, integer page) =
        reported(map, page, BOOT_MEMORY_USABLE) &&
        reported(map, page + PAGE_SIZE - 1, BOOT_MEMORY_USABLE) &&
        \forall integer address; page <= address < page + PAGE_SIZE ==>
            reported(map, address, BOOT_MEMORY_USABLE);
    predicate holds_page(struct memory_map *map, integer page) =
        \forall integer address; page <= address < page + PAGE_SIZE ==>
            holds(map, address, BOOT_MEMORY_USABLE);
    predicate is_page(integer page) = 0 <= page && page % PAGE_SIZE == 0;
*/

// Appends a range as reported. A range of no length is skipped, one that would pass 2^64 - 1 is
// cut there. False, with a message, when the map is full.
/*@ requires stored(map) && apart(map, why) && whole(map);
    assigns *why, map->count, map->ranges[map->count .. map->capacity - 1];
    ensures stored(map) && whole(map);
    ensures !\result ==> map->count == \old(map->count) == map->capacity;
    ensures \result && length > 0 && base < UINT64_MAX ==>
            map->count == \old(map->count) + 1; */
bool memory_map_add(struct memory_map *map, uint64_t base, uint64_t length, uint32_t kind,
                    struct message *why);

// Makes `map` from the ranges of `raw`, which it may sort: sorted by base, without overlaps (where
// ranges overlap, the more restrictive kind wins: the larger enum boot_memory_kind), adjacent
// ranges of one kind merged, usable ranges trimmed inwards to page boundaries and what was trimmed
// reserved. An unknown kind counts as reserved. So no address that firmware reported is missing, no
// page that is usable as a whole is lost, and none is usable that firmware did not call so. False,
// with a message, when `map` is too small; what it then holds is true, but not all.
/*@ requires stored(raw) && whole(raw) && stored(map) && apart(raw, why) && apart(map, why);
    requires distinct(raw, map) && distinct(map, raw);
    assigns *why, map->count, map->ranges[0 .. map->capacity - 1],
            raw->ranges[0 .. raw->count - 1];
    ensures stored(map) && whole(map);
    ensures disjoint(map) && merged(map) && usable_in_pages(map);
    ensures covers: \result ==> \forall integer address, kind; 0 <= address && kind != 0 &&
            \old(reported(raw, address, kind)) ==> holds(map, address, kind) ||
            kind == BOOT_MEMORY_USABLE && holds(map, address, BOOT_MEMORY_RESERVED);
    ensures pages: \result ==> \forall integer page; is_page(page) &&
            \old(reports_page(raw, page)) ==> holds_page(map, page);
    ensures invents_nothing: \forall integer address, kind; holds(map, address, kind) ==>
            \old(reported(raw, address, kind)) ||
            kind == BOOT_MEMORY_RESERVED && \old(reported(raw, address, BOOT_MEMORY_USABLE));
    ensures !\result ==> map->count == map->capacity; */
bool memory_map_normalise(struct memory_map *raw, struct memory_map *map, struct message *why);

// Makes [base, base + length) of a normalised map `kind`; base and length are multiples of
// PAGE_SIZE and lie inside one range of kind `from`. The map stays normalised. False, with a
// message, when they do not or the map is full.
/*@ requires stored(map) && apart(map, why) && whole(map) && tidy(map);
    requires map->capacity <= MEMORY_MAP_MAX;
    assigns *why, map->count, map->ranges[0 .. map->capacity - 1];
    ensures stored(map) && whole(map);
    ensures \result ==> length > 0 && base + length <= UINT64_MAX &&
            \forall integer address; base <= address < base + length ==>
            \old(holds(map, address, from)); */
bool memory_map_claim(struct memory_map *map, uint64_t base, uint64_t length, uint32_t from,
                      uint32_t kind, struct message *why);

// Makes [base, base + length), multiples of PAGE_SIZE, `kind`, whatever it was: absent, reserved,
// usable. The map stays normalised. False, with a message, when the loader has put something there
// (kinds loader-reclaimable, kernel, module) or the map is full.
/*@ requires stored(map) && apart(map, why) && whole(map) && tidy(map);
    requires map->capacity <= MEMORY_MAP_MAX;
    assigns *why, map->count, map->ranges[0 .. map->capacity - 1];
    ensures stored(map) && whole(map);
    ensures \result ==> length > 0 && base + length <= UINT64_MAX &&
            \forall integer address, any; base <= address < base + length &&
            \old(holds(map, address, any)) ==> !loaders(any); */
bool memory_map_overlay(struct memory_map *map, uint64_t base, uint64_t length, uint32_t kind,
                        struct message *why);

// What a caller of memory_map_find wants.
struct memory_wish {
    uint64_t bytes;     // a multiple of PAGE_SIZE, not 0
    uint64_t alignment; // a power of two, at least PAGE_SIZE
    uint64_t phase;     // address mod alignment, a multiple of PAGE_SIZE below alignment
    uint64_t minimum;   // lowest address allowed
    // No byte of it from avoid_base to avoid_end - 1; both 0: anywhere.
    uint64_t avoid_base, avoid_end;
};

// The lowest usable address in a normalised map that grants the wish. False when there is none.
/*@ requires stored(map) && whole(map) && \valid_read(wish) && \valid(address);
    requires \separated(address, map, map->ranges + (0 .. map->capacity - 1), wish);
    requires wish->bytes > 0 && wish->alignment > 0;
    assigns *address;
    ensures \result ==> usable_from(map, *address, wish->bytes);
    ensures \result ==> wish->minimum <= *address && *address + wish->bytes <= UINT64_MAX;
    ensures \result ==> *address + wish->bytes <= wish->avoid_base ||
            wish->avoid_end <= *address; */
bool memory_map_find(const struct memory_map *map, const struct memory_wish *wish,
                     uint64_t *address);

// Bytes of the largest usable range at or above `minimum`; 0 when there is none.
/*@ requires stored(map) && whole(map) && usable_in_pages(map);
    assigns \nothing;
    ensures \result > 0 ==> \exists integer base; minimum <= base &&
            usable_from(map, base, \result);
    ensures \forall integer i; 0 <= i < map->count && map->ranges[i].base >= minimum &&
            map->ranges[i].kind == BOOT_MEMORY_USABLE ==> map->ranges[i].length <= \result; */
uint64_t memory_map_largest(const struct memory_map *map, uint64_t minimum);

// Whether the kind is RAM of some sort (as against reserved and bad).
/*@ assigns \nothing;
    ensures \result ==> kind != BOOT_MEMORY_RESERVED && kind != BOOT_MEMORY_BAD &&
            kind != BOOT_MEMORY_FRAMEBUFFER; */
bool memory_kind_is_ram(uint32_t kind);

#endif
