// Turns what firmware reports about memory, in any order and with overlaps, into a map that can be
// trusted. Called by stage 2.
#include "memory_map_append.h"

/*@ predicate sorted_to(struct memory_map *map, integer end) =
        \forall integer i, j; 0 <= i < j < end ==> map->ranges[i].base <= map->ranges[j].base;
    // Some range with the address is of this kind.
    predicate reports(struct memory_map *map, integer address, integer kind) =
        \exists integer i; 0 <= i < map->count && lies_in(address, map->ranges + i) &&
            known(map->ranges[i].kind) == kind;
    // What A has of this address, or of any, B has too.
    predicate range_kept{A, B}(struct memory_map *map, integer i) =
        \forall integer address; \at(lies_in(address, map->ranges + i), A) ==>
            reports{B}(map, address, \at(known(map->ranges[i].kind), A));
    predicate ranges_kept{A, B}(struct memory_map *map) =
        \forall integer i, address; 0 <= i < \at(map->count, A) &&
            \at(lies_in(address, map->ranges + i), A) ==>
            reports{B}(map, address, \at(known(map->ranges[i].kind), A));
    predicate kept{A, B}(struct memory_map *map) =
        \forall integer address, kind;
            reports{A}(map, address, kind) ==> reports{B}(map, address, kind); */

// Exchanges a range and the one before it.
/*@ requires stored(map) && whole(map) && 0 < place < map->count;
    assigns map->ranges[place - 1 .. place];
    ensures whole(map);
    ensures map->ranges[place].base == \old(map->ranges[place - 1].base);
    ensures map->ranges[place - 1].base == \old(map->ranges[place].base);
    ensures kept{Pre, Post}(map) && kept{Post, Pre}(map); */
static void swap_with_previous(struct memory_map *map, uint32_t place)
{
    const struct boot_memory_range moving = map->ranges[place];
    map->ranges[place] = map->ranges[place - 1];
    map->ranges[place - 1] = moving;
    //@ assert range_kept{Pre, Here}(map, place);
    //@ assert range_kept{Pre, Here}(map, place - 1);
    /*@ assert \forall integer i; 0 <= i < map->count && i != place && i != place - 1 ==>
            range_kept{Pre, Here}(map, i); */
    //@ assert range_kept{Here, Pre}(map, place);
    //@ assert range_kept{Here, Pre}(map, place - 1);
    /*@ assert \forall integer i; 0 <= i < map->count && i != place && i != place - 1 ==>
            range_kept{Here, Pre}(map, i); */
}

// Insertion sort: firmware reports nearly in order, and never more than MEMORY_MAP_RAW_MAX ranges.
/*@ requires stored(map) && whole(map);
    assigns map->ranges[0 .. map->count - 1];
    ensures stored(map) && whole(map) && sorted(map);
    ensures \forall integer address, kind;
            \old(reported(map, address, kind)) <==> reported(map, address, kind); */
static void sort_by_base(struct memory_map *map)
{
    /*@ loop invariant 1 <= i && (i <= map->count || map->count == 0);
        loop invariant stored(map) && map->count == \at(map->count, Pre);
        loop invariant whole(map) && kept{Pre, Here}(map) && kept{Here, Pre}(map);
        loop invariant sorted_to(map, i <= map->count ? i : 0);
        loop assigns i, map->ranges[0 .. \at(map->count, Pre) - 1];
        loop variant map->count - i; */
    for (uint32_t i = 1; i < map->count; i++) {
        /*@ loop invariant place <= i < map->count;
            loop invariant stored(map) && map->count == \at(map->count, Pre);
            loop invariant whole(map) && kept{Pre, Here}(map) && kept{Here, Pre}(map);
            loop invariant \forall integer j, k; 0 <= j < k <= i && k != place ==>
                map->ranges[j].base <= map->ranges[k].base;
            loop assigns place, map->ranges[0 .. i];
            loop variant place; */
        for (uint32_t place = i; place > 0 && map->ranges[place - 1].base > map->ranges[place].base;
             place--) {
            swap_with_previous(map, place);
        }
    }
    //@ assert ranges_kept{Here, Here}(map);
    //@ assert ranges_kept{Here, Pre}(map);
    //@ assert ranges_kept{Pre, Pre}(map);
    //@ assert ranges_kept{Pre, Here}(map);
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
    ensures \result ==> \forall integer page; is_page(page) && base <= page &&
            page + PAGE_SIZE <= end ==> holds_page(map, page);
    ensures \forall integer address, any; \old(holds(map, address, any)) ==>
            holds(map, address, any);
    ensures \forall integer address, any; holds(map, address, any) ==>
            \old(holds(map, address, any)) || base <= address < end &&
            (any == BOOT_MEMORY_USABLE || any == BOOT_MEMORY_RESERVED);
    ensures !\result ==> map->count == map->capacity; */
static bool append_usable(struct memory_map *map, uint64_t base, uint64_t end, struct message *why)
{
    // Rounded up within 64 bits: end is at most 2^64 - 1, so the last page is never whole.
    uint64_t first = base > ~PAGE_MASK ? ~PAGE_MASK : page_round_up(base);
    uint64_t last = page_round_down(end);
    /*@ assert \forall integer page; is_page(page) && base <= page && page + PAGE_SIZE <= end ==>
            first <= page && page + PAGE_SIZE <= last; */
    if (first >= last) {
        return memory_map_append(map, base, end, BOOT_MEMORY_RESERVED, why);
    }
    return memory_map_append(map, base, first, BOOT_MEMORY_RESERVED, why) &&
           memory_map_append(map, first, last, BOOT_MEMORY_USABLE, why) &&
           memory_map_append(map, last, end, BOOT_MEMORY_RESERVED, why);
}

// Adds [base, end), as long as it will get, of a kind or of none (0); a usable one shrinks to whole
// pages.
/*@ requires stored(map) && apart(map, why) && whole(map) && tidy(map) && all_before(map, base);
    requires base <= end;
    assigns *why, map->count, map->ranges[0 .. map->capacity - 1];
    ensures stored(map) && whole(map);
    ensures tidy(map);
    ensures all_before(map, end);
    ensures \result && kind != 0 ==> \forall integer address; base <= address < end ==>
            holds(map, address, kind) ||
            kind == BOOT_MEMORY_USABLE && holds(map, address, BOOT_MEMORY_RESERVED);
    ensures \result && kind == BOOT_MEMORY_USABLE ==> \forall integer page; is_page(page) &&
            base <= page && page + PAGE_SIZE <= end ==> holds_page(map, page);
    ensures \forall integer address, any; \old(holds(map, address, any)) ==>
            holds(map, address, any);
    ensures \forall integer address, any; holds(map, address, any) ==>
            \old(holds(map, address, any)) || kind != 0 && base <= address < end &&
            (any == kind || any == BOOT_MEMORY_RESERVED && kind == BOOT_MEMORY_USABLE);
    ensures !\result ==> map->count == map->capacity; */
static bool append_whole(struct memory_map *map, uint64_t base, uint64_t end, uint32_t kind,
                         struct message *why)
{
    if (kind == 0) {
        return true;
    }
    return kind == BOOT_MEMORY_USABLE ? append_usable(map, base, end, why)
                                      : memory_map_append(map, base, end, kind, why);
}

// Modules and framebuffer are not firmware's to report.
/*@ assigns \nothing;
    ensures \result == known(kind); */
static uint32_t known_kind(uint32_t kind)
{
    return kind >= BOOT_MEMORY_USABLE && kind <= BOOT_MEMORY_BAD ? kind : BOOT_MEMORY_RESERVED;
}

// What ranges say of all addresses from one on up to `end`: the most restrictive kind, 0 for none.
struct stretch {
    uint64_t end;
    uint32_t kind;
};

// The stretch from `position` on as sorted ranges have it, from index `first` on.
/*@ requires stored(sorted) && whole(sorted) && sorted(sorted);
    requires first <= sorted->count && position < UINT64_MAX;
    requires \forall integer i; 0 <= i < first ==> end_of(sorted->ranges + i) <= position;
    assigns \nothing;
    ensures \result.kind <= BOOT_MEMORY_BAD && position < \result.end;
    ensures \forall integer address, kind; position <= address < \result.end ==>
            (reported(sorted, address, kind) <==> kind == \result.kind); */
static struct stretch stretch_at(const struct memory_map *sorted, uint32_t first, uint64_t position)
{
    struct stretch stretch = {.end = UINT64_MAX, .kind = 0};
    /*@ loop invariant first <= i <= sorted->count && stretch.kind <= BOOT_MEMORY_BAD;
        loop invariant position < stretch.end;
        loop invariant \forall integer j; 0 <= j < i ==>
            sorted->ranges[j].base <= position &&
            (end_of(sorted->ranges + j) <= position ||
             end_of(sorted->ranges + j) >= stretch.end &&
             known(sorted->ranges[j].kind) <= stretch.kind);
        loop invariant stretch.kind == 0 || \exists integer j; first <= j < i &&
            end_of(sorted->ranges + j) > position &&
            known(sorted->ranges[j].kind) == stretch.kind;
        loop assigns i, stretch;
        loop variant sorted->count - i; */
    for (uint32_t i = first; i < sorted->count; i++) {
        const struct boot_memory_range *range = &sorted->ranges[i];
        const uint64_t end = range_end(range);
        if (range->base > position) {
            if (range->base < stretch.end) {
                stretch.end = range->base;
            }
            break;
        }
        if (end > position) {
            if (known_kind(range->kind) > stretch.kind) {
                stretch.kind = known_kind(range->kind);
            }
            if (end < stretch.end) {
                stretch.end = end;
            }
        }
    }
    return stretch;
}

// Puts into the empty `map` what sorted ranges come to.
/*@ requires stored(sorted) && whole(sorted) && sorted(sorted);
    requires stored(map) && map->count == 0 && apart(map, why) && apart(sorted, why);
    requires distinct(sorted, map) && distinct(map, sorted);
    assigns *why, map->count, map->ranges[0 .. map->capacity - 1];
    ensures stored(map) && whole(map) && tidy(map);
    ensures \result ==> \forall integer address, kind; 0 <= address && kind != 0 &&
            reported{Pre}(sorted, address, kind) ==> holds(map, address, kind) ||
            kind == BOOT_MEMORY_USABLE && holds(map, address, BOOT_MEMORY_RESERVED);
    ensures \result ==> \forall integer page; is_page(page) &&
            reports_page{Pre}(sorted, page) ==> holds_page(map, page);
    ensures \forall integer address, kind; holds(map, address, kind) ==>
            reported{Pre}(sorted, address, kind) ||
            kind == BOOT_MEMORY_RESERVED && reported{Pre}(sorted, address, BOOT_MEMORY_USABLE);
    ensures !\result ==> map->count == map->capacity; */
// Long by its annotations alone. NOLINTNEXTLINE(readability-function-size)
static bool append_sorted(const struct memory_map *sorted, struct memory_map *map,
                          struct message *why)
{
    // [base, position) is of one kind.
    uint64_t base = 0;
    uint64_t position = 0;
    uint32_t kind = 0;
    /*@ loop invariant sorted->count == \at(sorted->count, Pre) &&
            sorted->ranges == \at(sorted->ranges, Pre);
        loop invariant \forall integer i; 0 <= i < sorted->count ==>
            sorted->ranges[i].base == \at(sorted->ranges[i].base, Pre);
        loop invariant \forall integer i; 0 <= i < sorted->count ==>
            sorted->ranges[i].length == \at(sorted->ranges[i].length, Pre);
        loop invariant \forall integer i; 0 <= i < sorted->count ==>
            sorted->ranges[i].kind == \at(sorted->ranges[i].kind, Pre);
        loop invariant stored(sorted) && whole(sorted) && sorted(sorted);
        loop invariant stored(map) && map->capacity == \at(map->capacity, Pre) &&
            map->ranges == \at(map->ranges, Pre);
        loop invariant apart(map, why);
        loop invariant first <= sorted->count && base <= position && kind <= BOOT_MEMORY_BAD;
        loop invariant \forall integer i; 0 <= i < first ==>
            end_of(sorted->ranges + i) <= position;
        loop invariant whole(map) && tidy(map) && all_before(map, base);
        loop invariant \forall integer address, any; base <= address < position ==>
            (reported{Pre}(sorted, address, any) <==> any == kind);
        loop invariant \forall integer address, any; 0 <= address < base && any != 0 &&
            reported{Pre}(sorted, address, any) ==> holds(map, address, any) ||
            any == BOOT_MEMORY_USABLE && holds(map, address, BOOT_MEMORY_RESERVED);
        loop invariant \forall integer address, any; holds(map, address, any) ==>
            reported{Pre}(sorted, address, any) ||
            any == BOOT_MEMORY_RESERVED && reported{Pre}(sorted, address, BOOT_MEMORY_USABLE);
        loop invariant base < position || position == 0;
        loop invariant 0 < base < position ==>
            !(reported{Pre}(sorted, base - 1, BOOT_MEMORY_USABLE) &&
              reported{Pre}(sorted, base, BOOT_MEMORY_USABLE));
        loop invariant \forall integer page; is_page(page) && page + PAGE_SIZE <= base &&
            reports_page{Pre}(sorted, page) ==> holds_page(map, page);
        loop assigns first, base, position, kind, *why, map->count,
            map->ranges[0 .. \at(map->capacity, Pre) - 1];
        loop variant sorted->count - first + UINT64_MAX - position; */
    for (uint32_t first = 0; first < sorted->count;) {
        if (range_end(&sorted->ranges[first]) <= position) {
            first++;
            continue;
        }
        /*@ assert \forall integer i, address; 0 <= i < sorted->count ==>
                (\at(lies_in(address, sorted->ranges + i), Pre) <==>
                 lies_in(address, sorted->ranges + i)); */
        /*@ assert \forall integer address, any;
                reported{Pre}(sorted, address, any) <==> reported(sorted, address, any); */
        const struct stretch next = stretch_at(sorted, first, position);
        /*@ assert \forall integer address, any; position <= address < next.end ==>
                (reported{Pre}(sorted, address, any) <==> any == next.kind); */
        if (next.kind != kind) {
            /*@ assert \forall integer i; 0 <= i < sorted->count ==>
                    \separated(&sorted->ranges[i].kind, why, &map->count,
                               map->ranges + (0 .. map->capacity - 1)); */
            if (!append_whole(map, base, position, kind, why)) {
                return false;
            }
            base = position;
            kind = next.kind;
        }
        position = next.end;
    }
    /*@ assert \forall integer address, any; any != 0 && reported{Pre}(sorted, address, any) ==>
            address < position; */
    return append_whole(map, base, position, kind, why);
}

bool memory_map_normalise(struct memory_map *raw, struct memory_map *map, struct message *why)
{
    map->count = 0;
    /*@ assert \forall integer i, address; 0 <= i < raw->count ==>
            (\at(lies_in(address, raw->ranges + i), Pre) <==>
             lies_in(address, raw->ranges + i)); */
    /*@ assert \forall integer address, any;
            reported{Pre}(raw, address, any) <==> reported(raw, address, any); */
    sort_by_base(raw);
    /*@ assert \forall integer address, any;
            reported{Pre}(raw, address, any) <==> reported(raw, address, any); */
    return append_sorted(raw, map, why);
}
