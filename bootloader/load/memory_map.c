// Turns what firmware reports about memory into a map that can be trusted, and finds and claims
// memory in it. Called by stage 2; handover.c reads the map.
#include "memory_map.h"

#include <string.h>

/*@ requires \valid_read(range) && end_of(range) <= UINT64_MAX;
    assigns \nothing;
    ensures \result == end_of(range); */
static uint64_t range_end(const struct boot_memory_range *range)
{
    return range->base + range->length;
}

/*@ requires \valid_read(map) && \valid(why);
    assigns *why;
    ensures !\result; */
static bool refuse_full(const struct memory_map *map, struct message *why)
{
    return message_refuse(why,
                          "the memory map needs more than %u ranges: firmware reports too many "
                          "pieces of memory, update it or change the machine's memory settings",
                          (unsigned)map->capacity);
}

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

// ---- Building -----------------------------------------------------------------------------

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
        return refuse_full(map, why);
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

// Insertion sort: firmware reports nearly in order, and never more than MEMORY_MAP_RAW_MAX ranges.
/*@ requires stored(map) && whole(map);
    assigns map->ranges[0 .. map->count - 1];
    ensures stored(map) && whole(map) && sorted(map); */
static void sort_by_base(struct memory_map *map)
{
    /*@ loop invariant 1 <= i && (i <= map->count || map->count == 0);
        loop invariant stored(map) && map->count == \at(map->count, Pre);
        loop invariant whole(map);
        loop invariant \forall integer j, k; 0 <= j < k < i && k < map->count ==>
            map->ranges[j].base <= map->ranges[k].base;
        loop assigns i, map->ranges[0 .. \at(map->count, Pre) - 1];
        loop variant map->count - i; */
    for (uint32_t i = 1; i < map->count; i++) {
        struct boot_memory_range moving = map->ranges[i];
        uint32_t place = i;
        /*@ loop invariant place <= i < map->count;
            loop invariant stored(map) && map->count == \at(map->count, Pre);
            loop invariant whole(map);
            loop invariant \forall integer j, k; 0 <= j < k <= i && j != place && k != place ==>
                map->ranges[j].base <= map->ranges[k].base;
            loop invariant \forall integer j; place < j <= i ==>
                map->ranges[j].base > moving.base;
            loop assigns place, map->ranges[0 .. i];
            loop variant place; */
        for (; place > 0 && map->ranges[place - 1].base > moving.base; place--) {
            map->ranges[place] = map->ranges[place - 1];
        }
        /*@ assert \forall integer j; 0 <= j < place ==> map->ranges[j].base <= moving.base; */
        map->ranges[place] = moving;
        /*@ assert \forall integer j; 0 <= j < place ==> map->ranges[j].base <= moving.base; */
        /*@ assert \forall integer j; place < j <= i ==> moving.base < map->ranges[j].base; */
        /*@ assert \forall integer j, k; 0 <= j < k <= i && j != place && k != place ==>
                map->ranges[j].base <= map->ranges[k].base; */
        //@ assert map->ranges[place].base == moving.base;
    }
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
            \old(holds(map, address, any)) || base <= address < end && any == kind; */
static bool append_range(struct memory_map *map, uint64_t base, uint64_t end, uint32_t kind,
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

// Adds [base, end), usable: whole pages of it, what is left at both ends as reserved.
/*@ requires stored(map) && apart(map, why) && whole(map) && tidy(map) && all_before(map, base);
    requires base <= end;
    assigns *why, map->count, map->ranges[0 .. map->capacity - 1];
    ensures stored(map) && whole(map);
    ensures tidy(map);
    ensures all_before(map, end);
    ensures \result ==> \forall integer address; base <= address < end ==>
            holds(map, address, BOOT_MEMORY_USABLE) || holds(map, address, BOOT_MEMORY_RESERVED);
    ensures \forall integer address, any; \old(holds(map, address, any)) ==>
            holds(map, address, any);
    ensures \forall integer address, any; holds(map, address, any) ==>
            \old(holds(map, address, any)) || base <= address < end &&
            (any == BOOT_MEMORY_USABLE || any == BOOT_MEMORY_RESERVED); */
static bool append_usable(struct memory_map *map, uint64_t base, uint64_t end, struct message *why)
{
    // Rounded up within 64 bits: end is at most 2^64 - 1, so the last page is never whole.
    uint64_t first = base > ~PAGE_MASK ? ~PAGE_MASK : page_round_up(base);
    uint64_t last = page_round_down(end);
    if (first >= last) {
        return append_range(map, base, end, BOOT_MEMORY_RESERVED, why);
    }
    return append_range(map, base, first, BOOT_MEMORY_RESERVED, why) &&
           append_range(map, first, last, BOOT_MEMORY_USABLE, why) &&
           append_range(map, last, end, BOOT_MEMORY_RESERVED, why);
}

// Adds a range that is as long as it will get; a usable one shrinks to whole pages.
/*@ requires stored(map) && apart(map, why) && whole(map) && tidy(map);
    requires \valid_read(range) && end_of(range) <= UINT64_MAX && all_before(map, range->base);
    requires \separated(range, map, map->ranges + (0 .. map->capacity - 1), why);
    assigns *why, map->count, map->ranges[0 .. map->capacity - 1];
    ensures stored(map) && whole(map);
    ensures tidy(map);
    ensures all_before(map, end_of(range));
    ensures \result ==> \forall integer address; lies_in(address, range) ==>
            holds(map, address, range->kind) ||
            range->kind == BOOT_MEMORY_USABLE && holds(map, address, BOOT_MEMORY_RESERVED);
    ensures \forall integer address, any; \old(holds(map, address, any)) ==>
            holds(map, address, any);
    ensures \forall integer address, any; holds(map, address, any) ==>
            \old(holds(map, address, any)) || \old(lies_in(address, range)) &&
            (any == \old(range->kind) ||
             any == BOOT_MEMORY_RESERVED && \old(range->kind) == BOOT_MEMORY_USABLE); */
static bool append_whole(struct memory_map *map, const struct boot_memory_range *range,
                         struct message *why)
{
    uint64_t base = range->base;
    uint64_t end = range_end(range);
    return range->kind == BOOT_MEMORY_USABLE ? append_usable(map, base, end, why)
                                             : append_range(map, base, end, range->kind, why);
}

// Modules and framebuffer are not firmware's to report.
/*@ assigns \nothing;
    ensures \result == known(kind); */
static uint32_t known_kind(uint32_t kind)
{
    return kind >= BOOT_MEMORY_USABLE && kind <= BOOT_MEMORY_BAD ? kind : BOOT_MEMORY_RESERVED;
}

// What sorted ranges, from index `first` on, say about `position`: the most restrictive kind, 0 for
// none. *boundary becomes the next address where the answer may change.
/*@ requires stored(sorted) && whole(sorted) && sorted(sorted);
    requires \valid(boundary) &&
             \separated(boundary, sorted, sorted->ranges + (0 .. sorted->capacity - 1));
    requires first <= sorted->count && position < UINT64_MAX;
    requires \forall integer i; 0 <= i < first ==> end_of(sorted->ranges + i) <= position;
    assigns *boundary;
    ensures \result <= BOOT_MEMORY_BAD && position < *boundary;
    ensures \forall integer address; position <= address < *boundary ==>
            reported(sorted, address, \result); */
static uint32_t kind_at(const struct memory_map *sorted, uint32_t first, uint64_t position,
                        uint64_t *boundary)
{
    uint32_t kind = 0;
    *boundary = UINT64_MAX;
    /*@ loop invariant first <= i <= sorted->count && kind <= BOOT_MEMORY_BAD;
        loop invariant position < *boundary;
        loop invariant \forall integer j; 0 <= j < i ==>
            sorted->ranges[j].base <= position &&
            (end_of(sorted->ranges + j) <= position ||
             end_of(sorted->ranges + j) >= *boundary && known(sorted->ranges[j].kind) <= kind);
        loop invariant kind == 0 || \exists integer j; first <= j < i &&
            end_of(sorted->ranges + j) > position && known(sorted->ranges[j].kind) == kind;
        loop assigns i, kind, *boundary;
        loop variant sorted->count - i; */
    for (uint32_t i = first; i < sorted->count; i++) {
        const struct boot_memory_range *range = &sorted->ranges[i];
        uint64_t end = range_end(range);
        if (range->base > position) {
            if (range->base < *boundary) {
                *boundary = range->base;
            }
            break;
        }
        if (end > position) {
            if (known_kind(range->kind) > kind) {
                kind = known_kind(range->kind);
            }
            if (end < *boundary) {
                *boundary = end;
            }
        }
    }
    return kind;
}

bool memory_map_normalise(struct memory_map *raw, struct memory_map *map, struct message *why)
{
    sort_by_base(raw);
    map->count = 0;
    struct boot_memory_range growing = {.length = 0};
    uint64_t position = 0;
    /*@ loop invariant first <= raw->count && growing.base <= position;
        loop invariant growing.kind <= BOOT_MEMORY_BAD;
        loop invariant growing.kind == 0 ==> growing.length == 0;
        loop invariant growing.kind != 0 ==> end_of(&growing) == position;
        loop invariant raw->count == \at(raw->count, Pre) &&
            raw->capacity == \at(raw->capacity, Pre) && map->capacity == \at(map->capacity, Pre);
        loop invariant stored(raw) && whole(raw) && sorted(raw);
        loop invariant \forall integer i; 0 <= i < first ==> end_of(raw->ranges + i) <= position;
        loop invariant stored(map) && apart(map, why);
        loop invariant whole(map) && tidy(map) && all_before(map, growing.base);
        loop assigns first, position, growing, *why, map->count,
            map->ranges[0 .. \at(map->capacity, Pre) - 1];
        loop variant raw->count - first + UINT64_MAX - position; */
    for (uint32_t first = 0; first < raw->count;) {
        if (range_end(&raw->ranges[first]) <= position) {
            first++;
            continue;
        }
        uint64_t boundary;
        uint32_t kind = kind_at(raw, first, position, &boundary);
        if (kind != growing.kind) {
            if (!append_whole(map, &growing, why)) {
                return false;
            }
            growing = (struct boot_memory_range){.base = position, .kind = kind};
        }
        growing.length += kind != 0 ? boundary - position : 0;
        position = boundary;
    }
    return append_whole(map, &growing, why);
}

// ---- Using --------------------------------------------------------------------------------

// The range that holds all of [base, base + length); null when none does.
static const struct boot_memory_range *range_around(const struct memory_map *map, uint64_t base,
                                                    uint64_t length)
{
    for (uint32_t i = 0; i < map->count; i++) {
        const struct boot_memory_range *range = &map->ranges[i];
        if (base >= range->base && base - range->base < range->length) {
            return length <= range->length - (base - range->base) ? range : NULL;
        }
    }
    return NULL;
}

// Puts `count` new ranges in the place of ranges first to end - 1.
static bool replace_ranges(struct memory_map *map, uint32_t first, uint32_t end,
                           const struct boot_memory_range *with, uint32_t count,
                           struct message *why)
{
    const uint32_t new_count = map->count - (end - first) + count;
    if (new_count > map->capacity) {
        return refuse_full(map, why);
    }
    struct boot_memory_range *place = &map->ranges[first];
    memmove(place + count, &map->ranges[end], (map->count - end) * sizeof *place);
    memcpy(place, with, count * sizeof *place);
    map->count = new_count;
    return true;
}

// Makes [base, end) `kind`, whatever it was. Neighbours of the kind become one with it.
static bool set_kind(struct memory_map *map, uint64_t base, uint64_t end, uint32_t kind,
                     struct message *why)
{
    uint32_t first = 0; // of those that overlap or touch
    while (first < map->count && range_end(&map->ranges[first]) < base) {
        first++;
    }
    uint32_t behind = first;
    while (behind < map->count && map->ranges[behind].base <= end) {
        behind++;
    }
    // What is left of the first, the new one, what is left of the last.
    enum { PARTS = 3 };
    struct boot_memory_range parts[PARTS];
    struct memory_map with = {.capacity = PARTS, .ranges = parts};
    if (first != behind) {
        append_range(&with, map->ranges[first].base, base, map->ranges[first].kind, why);
    }
    append_range(&with, base, end, kind, why);
    if (first != behind) {
        const struct boot_memory_range *last = &map->ranges[behind - 1];
        append_range(&with, end, range_end(last), last->kind, why);
    }
    return replace_ranges(map, first, behind, parts, with.count, why);
}

static bool is_whole_pages(uint64_t base, uint64_t length)
{
    return length != 0 && ((base | length) & PAGE_MASK) == 0 && length <= UINT64_MAX - base;
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

static bool is_loaders(uint32_t kind)
{
    return kind == BOOT_MEMORY_LOADER_RECLAIMABLE || kind == BOOT_MEMORY_KERNEL ||
           kind == BOOT_MEMORY_MODULE;
}

bool memory_map_overlay(struct memory_map *map, uint64_t base, uint64_t length, uint32_t kind,
                        struct message *why)
{
    bool is_free = is_whole_pages(base, length);
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
static bool usable_part(const struct boot_memory_range *range, uint64_t minimum, uint64_t *start)
{
    if (range->kind != BOOT_MEMORY_USABLE || minimum > ~PAGE_MASK) {
        return false;
    }
    minimum = (minimum + PAGE_MASK) & ~PAGE_MASK;
    *start = minimum > range->base ? minimum : range->base;
    return *start < range_end(range);
}

// The lowest address in [start, end) that grants the wish but for what it avoids.
static bool fits(const struct memory_wish *wish, uint64_t start, uint64_t end, uint64_t *address)
{
    const uint64_t skipped = (wish->phase - start) & (wish->alignment - 1);
    *address = start + skipped;
    return start < end && skipped <= end - start && wish->bytes <= end - *address;
}

bool memory_map_find(const struct memory_map *map, const struct memory_wish *wish,
                     uint64_t *address)
{
    for (uint32_t i = 0; i < map->count; i++) {
        const uint64_t end = range_end(&map->ranges[i]);
        uint64_t start;
        if (usable_part(&map->ranges[i], wish->minimum, &start) &&
            fits(wish, start, end, address)) {
            const bool avoided =
                *address < wish->avoid_end && *address + (wish->bytes - 1) >= wish->avoid_base;
            if (!avoided || fits(wish, wish->avoid_end, end, address)) {
                return true;
            }
        }
    }
    return false;
}

uint64_t memory_map_largest(const struct memory_map *map, uint64_t minimum)
{
    uint64_t largest = 0;
    for (uint32_t i = 0; i < map->count; i++) {
        uint64_t start;
        if (usable_part(&map->ranges[i], minimum, &start) &&
            range_end(&map->ranges[i]) - start > largest) {
            largest = range_end(&map->ranges[i]) - start;
        }
    }
    return largest;
}
