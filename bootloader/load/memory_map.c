// Turns what firmware reports about memory into a map that can be trusted, and finds and claims
// memory in it. Called by stage 2; handover.c reads the map.
#include "memory_map.h"

#include <string.h>

static uint64_t range_end(const struct boot_memory_range *range)
{
    return range->base + range->length;
}

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

bool memory_map_add(struct memory_map *map, uint64_t base, uint64_t length, uint32_t kind,
                    struct message *why)
{
    if (length > UINT64_MAX - base) {
        length = UINT64_MAX - base;
    }
    if (length == 0) {
        return true;
    }
    if (map->count >= map->capacity) {
        return refuse_full(map, why);
    }
    map->ranges[map->count++] =
        (struct boot_memory_range){.base = base, .length = length, .kind = kind};
    return true;
}

// Insertion sort: firmware reports nearly in order, and never more than MEMORY_MAP_RAW_MAX ranges.
static void sort_by_base(struct memory_map *map)
{
    for (uint32_t i = 1; i < map->count; i++) {
        struct boot_memory_range moving = map->ranges[i];
        uint32_t place = i;
        for (; place > 0 && map->ranges[place - 1].base > moving.base; place--) {
            map->ranges[place] = map->ranges[place - 1];
        }
        map->ranges[place] = moving;
    }
}

// Adds [base, end) behind all others, as part of the last one where it continues that.
static bool append_range(struct memory_map *map, uint64_t base, uint64_t end, uint32_t kind,
                         struct message *why)
{
    if (base >= end) {
        return true;
    }
    if (map->count > 0) {
        struct boot_memory_range *last = &map->ranges[map->count - 1];
        if (last->kind == kind && range_end(last) == base) {
            last->length += end - base;
            return true;
        }
    }
    return memory_map_add(map, base, end - base, kind, why);
}

// Adds a range that is as long as it will get; a usable one shrinks to whole pages.
static bool append_whole(struct memory_map *map, const struct boot_memory_range *range,
                         struct message *why)
{
    uint64_t base = range->base;
    uint64_t end = range_end(range);
    if (range->kind != BOOT_MEMORY_USABLE) {
        return append_range(map, base, end, range->kind, why);
    }
    // Rounded up within 64 bits: end is at most 2^64 - 1, so the last page is never whole.
    uint64_t first = base > ~PAGE_MASK ? ~PAGE_MASK : (base + PAGE_MASK) & ~PAGE_MASK;
    uint64_t last = end & ~PAGE_MASK;
    if (first >= last) {
        return append_range(map, base, end, BOOT_MEMORY_RESERVED, why);
    }
    return append_range(map, base, first, BOOT_MEMORY_RESERVED, why) &&
           append_range(map, first, last, BOOT_MEMORY_USABLE, why) &&
           append_range(map, last, end, BOOT_MEMORY_RESERVED, why);
}

// Modules and framebuffer are not firmware's to report.
static uint32_t known_kind(uint32_t kind)
{
    return kind >= BOOT_MEMORY_USABLE && kind <= BOOT_MEMORY_BAD ? kind : BOOT_MEMORY_RESERVED;
}

// What sorted ranges, from index `first` on, say about `position`: the most restrictive kind, 0 for
// none. *boundary becomes the next address where the answer may change.
static uint32_t kind_at(const struct memory_map *sorted, uint32_t first, uint64_t position,
                        uint64_t *boundary)
{
    uint32_t kind = 0;
    *boundary = UINT64_MAX;
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
