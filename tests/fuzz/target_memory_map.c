// Fuzzes memory_map_normalise and what reads a normalised map: every address where the answer may
// change is held against an oracle, so the map is sorted, disjoint, covers what firmware reported,
// and has no usable byte that firmware did not call usable.
// Input: the capacity of the result (2 bytes), then ranges: form (1), base, length (2 to 8 each).
#include "direct_map.h"
#include "fuzz.h"
#include "map_oracle.h"
#include "unit.h"

#define RANGES_MOST 32u // the oracle takes time

// How base and length of a range are written.
enum { FORM_KIND = 15, FORM_PAGES = 16, FORM_SMALL = 32, FORM_TOP = 64, FORM_FAR = 128 };

static void read_range(struct fuzz_input *input, struct boot_memory_range *range)
{
    const unsigned form = (unsigned)fuzz_number(input, 1);
    const unsigned bytes = (form & FORM_SMALL) != 0 ? 2 : (form & FORM_FAR) != 0 ? 8 : 4;
    range->base = fuzz_number(input, bytes);
    range->length = fuzz_number(input, bytes);
    range->kind = form & FORM_KIND;
    if ((form & FORM_PAGES) != 0) {
        range->base <<= PAGE_SHIFT;
        range->length <<= PAGE_SHIFT;
    }
    if ((form & FORM_TOP) != 0) {
        range->base = UINT64_MAX - range->base;
    }
}

// What memory_map_add makes of a report.
static void expect_cut(const struct boot_memory_range *reported,
                       const struct boot_memory_range *added)
{
    const bool passes = reported->length > UINT64_MAX - reported->base;
    assert_int_equal(added->base, reported->base);
    assert_int_equal(added->length, passes ? UINT64_MAX - reported->base : reported->length);
    assert_int_equal(added->kind, reported->kind);
}

static void check_points(const struct memory_map *map, const struct boot_memory_range *ranges,
                         uint32_t count)
{
    struct oracle_points points = oracle_points_of(ranges, count);
    for (uint32_t i = 0; i < points.count; i++) {
        const uint64_t address = points.addresses[i];
        assert_int_equal(oracle_map_kind(map, address),
                         oracle_trimmed_kind(ranges, count, address));
    }
    free(points.addresses);
    // Ranges may begin and end at these points only, so nothing between them is missed.
    points = oracle_points_of(ranges, count);
    for (uint32_t i = 0; i < map->count; i++) {
        const uint64_t ends[] = {map->ranges[i].base, map->ranges[i].base + map->ranges[i].length};
        for (unsigned j = 0; j < 2; j++) {
            bool found = false;
            for (uint32_t k = 0; k < points.count; k++) {
                found |= points.addresses[k] == ends[j];
            }
            assert_true(found);
        }
    }
    free(points.addresses);
}

// ---- The direct map of it -----------------------------------------------------------------

struct direct_walk {
    const struct memory_map *map;
    uint64_t next; // nothing is visited below
    uint64_t ram;  // bytes visited that are RAM
};

// What was usable is of one type, whatever the loader has made of it.
static uint32_t type_of(uint32_t kind)
{
    const bool was_usable = kind == BOOT_MEMORY_KERNEL || kind == BOOT_MEMORY_MODULE ||
                            kind == BOOT_MEMORY_LOADER_RECLAIMABLE;
    return was_usable ? BOOT_MEMORY_USABLE : kind;
}

static bool check_piece(uint64_t physical, uint64_t bytes, uint64_t largest_page, void *context)
{
    struct direct_walk *walk = context;
    const uint32_t type = type_of(oracle_map_kind(walk->map, physical));
    uint64_t present = 0;
    assert_true(bytes != 0 && ((physical | bytes) & PAGE_MASK) == 0);
    assert_true(physical >= walk->next && bytes <= UINT64_MAX - physical);
    walk->next = physical + bytes;
    for (uint32_t i = 0; i < walk->map->count; i++) {
        const struct boot_memory_range *range = &walk->map->ranges[i];
        const uint64_t end = range->base + range->length;
        const uint64_t from = range->base > physical ? range->base : physical;
        const uint64_t to = end < walk->next ? end : walk->next;
        if (from >= to) {
            continue;
        }
        walk->ram += memory_kind_is_ram(range->kind) ? to - from : 0;
        present += to - from;
        // A piece for large pages is of one type.
        assert_true(largest_page == PAGE_BYTES || type_of(range->kind) == type);
    }
    assert_true(largest_page == PAGE_BYTES || present == (type == ORACLE_ABSENT ? 0 : bytes));
    return true;
}

static void check_direct_map(const struct memory_map *map)
{
    struct direct_walk walk = {.map = map};
    assert_true(direct_map_walk(map, check_piece, &walk));
    uint64_t ram = 0;
    uint64_t last = DIRECT_MAP_MINIMUM - 1;
    for (uint32_t i = 0; i < map->count; i++) {
        const struct boot_memory_range *range = &map->ranges[i];
        // The very last page, whose end is 2^64, is left out: there is no memory.
        const uint64_t end = range->base + range->length;
        const uint64_t kept = end < ~PAGE_MASK ? end : ~PAGE_MASK;
        if (memory_kind_is_ram(range->kind) && range->base < kept) {
            ram += kept - range->base;
            last = (kept - 1) > last ? (kept - 1) | PAGE_MASK : last;
        }
    }
    assert_int_equal(walk.ram, ram);
    assert_int_equal(walk.next - 1, last);
    // So large a map is refused.
    assert_true(direct_map_last_byte(map) == last || direct_map_last_byte(map) == UINT64_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct fuzz_input input = {bytes, size};
    struct message why = {.length = 0};
    struct boot_memory_range reported[RANGES_MOST];
    struct memory_map raw = {.capacity = RANGES_MOST,
                             .ranges = allocate(RANGES_MOST * sizeof reported[0])};
    struct memory_map map = {.capacity = (uint32_t)fuzz_number(&input, 1)};
    map.ranges = allocate((map.capacity + 1u) * sizeof map.ranges[0]);
    while (input.left > 0 && raw.count < RANGES_MOST) {
        struct boot_memory_range *range = &reported[raw.count];
        read_range(&input, range);
        const uint32_t before = raw.count;
        assert_true(memory_map_add(&raw, range->base, range->length, range->kind, &why));
        if (raw.count != before) {
            expect_cut(range, &raw.ranges[before]);
        }
    }
    if (memory_map_normalise(&raw, &map, &why)) {
        oracle_check_form(&map);
        check_points(&map, raw.ranges, raw.count);
        check_direct_map(&map);
    } else {
        fuzz_check_refusal(&why);
        // Only where the result cannot have room for all.
        assert_true(map.capacity < 4 * raw.count + 1);
    }
    free(raw.ranges);
    free(map.ranges);
    return 0;
}
