// Finds and claims memory in a normalised map. Called by stage 2; handover.c reads the map.
#include "memory_map.h"

#include "memory_map_append.h"

#include <string.h>

bool memory_kind_is_ram(uint32_t kind)
{
    switch (kind) {
    case BOOT_MEMORY_USABLE:
    case BOOT_MEMORY_LOADER_RECLAIMABLE:
    case BOOT_MEMORY_KERNEL:
    case BOOT_MEMORY_ACPI_RECLAIMABLE:
    case BOOT_MEMORY_ACPI_NVS:
    case BOOT_MEMORY_MODULE:
        return true;
    default:
        return false;
    }
}

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
    ensures !\result ==> map->count == \old(map->count);
    ensures \result ==> \forall integer i; 0 <= i < count ==>
            \let place = map->ranges + (first + i);
            place->base == \old(with[i].base) && place->length == \old(with[i].length) &&
            place->kind == \old(with[i].kind); */
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
    memcpy(place, with, count * sizeof *place);
    map->count = new_count;
    return true;
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
    uint32_t first = 0; // of those that overlap or touch
    /*@ loop invariant first <= map->count;
        loop invariant \forall integer i; 0 <= i < first ==> end_of(map->ranges + i) < base;
        loop assigns first;
        loop variant map->count - first; */
    while (first < map->count && range_end(&map->ranges[first]) < base) {
        first++;
    }
    uint32_t behind = first;
    /*@ loop invariant first <= behind <= map->count;
        loop invariant \forall integer i; first <= i < behind ==> map->ranges[i].base <= end;
        loop assigns behind;
        loop variant map->count - behind; */
    while (behind < map->count && map->ranges[behind].base <= end) {
        behind++;
    }
    // What is left of the first, the new one, what is left of the last.
    enum { PARTS = 3 };
    struct boot_memory_range parts[PARTS];
    struct memory_map with = {.capacity = PARTS, .ranges = parts};
    if (first != behind) {
        memory_map_append(&with, map->ranges[first].base, base, map->ranges[first].kind, why);
    }
    memory_map_append(&with, base, end, kind, why);
    if (first != behind) {
        const struct boot_memory_range *last = &map->ranges[behind - 1];
        memory_map_append(&with, end, range_end(last), last->kind, why);
    }
    return replace_ranges(map, first, behind, parts, with.count, why);
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

// The part of a usable range at or above `minimum`, from a page boundary on. False when empty.
/*@ requires \valid_read(range) && end_of(range) <= UINT64_MAX;
    requires \valid(start) && \separated(start, range);
    assigns *start;
    ensures \result ==> range->kind == BOOT_MEMORY_USABLE && minimum <= *start &&
            range->base <= *start < end_of(range);
    ensures !\result && range->kind == BOOT_MEMORY_USABLE && range->base % PAGE_SIZE == 0 &&
            range->base >= minimum ==> range->length == 0;
    ensures \result && range->base % PAGE_SIZE == 0 && range->base >= minimum ==>
            *start == range->base; */
static bool usable_part(const struct boot_memory_range *range, uint64_t minimum, uint64_t *start)
{
    if (range->kind != BOOT_MEMORY_USABLE || minimum > ~PAGE_MASK) {
        return false;
    }
    const uint64_t page = page_round_up(minimum);
    *start = page > range->base ? page : range->base;
    return *start < range_end(range);
}

// The lowest address in [start, end) that grants the wish but for what it avoids.
/*@ requires \valid_read(wish) && \valid(address) && \separated(address, wish);
    requires wish->bytes > 0 && wish->alignment > 0;
    assigns *address;
    ensures \result ==> start <= *address && *address + wish->bytes <= end; */
static bool fits(const struct memory_wish *wish, uint64_t start, uint64_t end, uint64_t *address)
{
    const uint64_t skipped = (wish->phase - start) & (wish->alignment - 1);
    *address = start + skipped;
    return start < end && skipped <= end - start && wish->bytes <= end - *address;
}

bool memory_map_find(const struct memory_map *map, const struct memory_wish *wish,
                     uint64_t *address)
{
    /*@ loop invariant i <= map->count;
        loop assigns i, *address;
        loop variant map->count - i; */
    for (uint32_t i = 0; i < map->count; i++) {
        const uint64_t end = range_end(&map->ranges[i]);
        uint64_t start;
        if (usable_part(&map->ranges[i], wish->minimum, &start) &&
            fits(wish, start, end, address)) {
            const bool avoided =
                *address < wish->avoid_end && *address + (wish->bytes - 1) >= wish->avoid_base;
            if (!avoided || fits(wish, wish->avoid_end, end, address)) {
                /*@ assert \forall integer byte; *address <= byte < *address + wish->bytes ==>
                        lies_in(byte, map->ranges + i); */
                return true;
            }
        }
    }
    return false;
}

uint64_t memory_map_largest(const struct memory_map *map, uint64_t minimum)
{
    uint64_t largest = 0;
    /*@ loop invariant i <= map->count;
        loop invariant largest > 0 ==> \exists integer base; minimum <= base &&
            usable_from(map, base, largest);
        loop invariant \forall integer j; 0 <= j < i && map->ranges[j].base >= minimum &&
            map->ranges[j].kind == BOOT_MEMORY_USABLE ==> map->ranges[j].length <= largest;
        loop assigns i, largest;
        loop variant map->count - i; */
    for (uint32_t i = 0; i < map->count; i++) {
        uint64_t start;
        if (usable_part(&map->ranges[i], minimum, &start) &&
            range_end(&map->ranges[i]) - start > largest) {
            largest = range_end(&map->ranges[i]) - start;
            /*@ assert \forall integer byte; start <= byte < start + largest ==>
                    lies_in(byte, map->ranges + i); */
            //@ assert minimum <= start && usable_from(map, start, largest);
        }
    }
    return largest;
}
