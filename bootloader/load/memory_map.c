// Finds free memory in a normalised map, and tells RAM from the rest. Called by stage 2 and by
// handover.c.
#include "memory_map.h"

#include "memory_map_append.h"

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
