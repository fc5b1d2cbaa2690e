// Fuzzes memory_map_find, _claim, _overlay and _largest on a normalised map: what is found grants
// the wish and is the lowest that does, what is claimed changes and nothing else does.
// Input: ranges of the map (count, then base and length in pages, kind: 2, 2, 1 bytes), then
// operations of 16 bytes.
#include "fuzz.h"
#include "map_oracle.h"
#include "unit.h"

#define RANGES_MOST     16u
#define OPERATIONS_MOST 32u
#define PAGES_MOST      0x10000u
#define SPARE_RANGES    4u
#define SHIFT_MOST      (30 - PAGE_SHIFT) // alignments to 1 GiB

static uint64_t pages(struct fuzz_input *input)
{
    return fuzz_number(input, 2) << PAGE_SHIFT;
}

static void make_map(struct fuzz_input *input, struct memory_map *map)
{
    struct message why;
    struct boot_memory_range ranges[RANGES_MOST];
    struct memory_map raw = {.capacity = RANGES_MOST, .ranges = ranges};
    for (uint32_t count = fuzz_below(input, RANGES_MOST); count > 0; count--) {
        const uint64_t base = pages(input);
        const uint64_t length = pages(input);
        assert_true(
            memory_map_add(&raw, base, length, fuzz_below(input, BOOT_MEMORY_BAD + 1), &why));
    }
    assert_true(memory_map_normalise(&raw, map, &why));
}

// ---- What an operation must have done -----------------------------------------------------

static bool inside(uint64_t address, uint64_t base, uint64_t length)
{
    return address - base < length;
}

// Every address is `kind` inside [base, base + length) and as before outside.
static void check_change(const struct memory_map *before, const struct memory_map *after,
                         uint64_t base, uint64_t length, uint32_t kind)
{
    const struct boot_memory_range changed = {.base = base, .length = length};
    const struct oracle_points points[] = {
        oracle_points_of(before->ranges, before->count),
        oracle_points_of(after->ranges, after->count),
        oracle_points_of(&changed, 1),
    };
    oracle_check_form(after);
    for (unsigned list = 0; list < sizeof points / sizeof points[0]; list++) {
        for (uint32_t i = 0; i < points[list].count; i++) {
            const uint64_t address = points[list].addresses[i];
            assert_int_equal(oracle_map_kind(after, address),
                             inside(address, base, length) ? kind
                                                           : oracle_map_kind(before, address));
        }
        free(points[list].addresses);
    }
}

static bool is_loaders(uint32_t kind)
{
    return kind == BOOT_MEMORY_KERNEL || kind == BOOT_MEMORY_MODULE ||
           kind == BOOT_MEMORY_LOADER_RECLAIMABLE;
}

// Whether any (or, with `all`, every) page of the piece is of a kind; by looking at each end.
static bool all_of_kind(const struct memory_map *map, uint64_t base, uint64_t length, uint32_t kind)
{
    uint64_t until = base;
    for (uint32_t i = 0; i < map->count && until < base + length; i++) {
        if (map->ranges[i].base <= until && map->ranges[i].kind == kind &&
            map->ranges[i].base + map->ranges[i].length > until) {
            until = map->ranges[i].base + map->ranges[i].length;
        }
    }
    return length != 0 && until >= base + length;
}

static bool touches_loaders(const struct memory_map *map, uint64_t base, uint64_t length)
{
    for (uint32_t i = 0; i < map->count; i++) {
        if (is_loaders(map->ranges[i].kind) && map->ranges[i].base < base + length &&
            base < map->ranges[i].base + map->ranges[i].length) {
            return true;
        }
    }
    return false;
}

// ---- Operations ---------------------------------------------------------------------------

static void claim(struct fuzz_input *input, const struct memory_map *before, struct memory_map *map)
{
    struct message why;
    const uint64_t base = pages(input);
    const uint64_t length = pages(input) % ((uint64_t)PAGES_MOST << PAGE_SHIFT);
    const uint32_t from = 1 + fuzz_below(input, BOOT_MEMORY_FRAMEBUFFER);
    const uint32_t kind = 1 + fuzz_below(input, BOOT_MEMORY_FRAMEBUFFER);
    const bool allowed = all_of_kind(before, base, length, from);
    if (memory_map_claim(map, base, length, from, kind, &why)) {
        assert_true(allowed);
        check_change(before, map, base, length, kind);
    } else {
        fuzz_check_refusal(&why);
        assert_true(!allowed || before->count + 2 > before->capacity);
    }
}

static void overlay(struct fuzz_input *input, const struct memory_map *before,
                    struct memory_map *map)
{
    struct message why;
    const uint64_t base = pages(input);
    const uint64_t length = pages(input);
    const bool allowed = length != 0 && !touches_loaders(before, base, length);
    if (memory_map_overlay(map, base, length, BOOT_MEMORY_FRAMEBUFFER, &why)) {
        assert_true(allowed);
        check_change(before, map, base, length, BOOT_MEMORY_FRAMEBUFFER);
    } else {
        fuzz_check_refusal(&why);
        assert_true(!allowed || before->count + 2 > before->capacity);
    }
}

static bool grants(const struct memory_map *map, const struct memory_wish *wish, uint64_t address)
{
    const uint64_t last = address + (wish->bytes - 1);
    return last >= address && address >= wish->minimum &&
           (address & (wish->alignment - 1)) == wish->phase &&
           all_of_kind(map, address, wish->bytes, BOOT_MEMORY_USABLE) &&
           (wish->avoid_end == 0 || address >= wish->avoid_end || last < wish->avoid_base);
}

// The lowest address at or above `from` with the wish's phase.
static uint64_t next_with_phase(const struct memory_wish *wish, uint64_t from)
{
    uint64_t address = (from & ~(wish->alignment - 1)) + wish->phase;
    return address < from ? address + wish->alignment : address;
}

static void find(struct fuzz_input *input, const struct memory_map *map)
{
    struct memory_wish wish = {.bytes = pages(input) + PAGE_BYTES};
    wish.alignment = PAGE_BYTES << fuzz_below(input, SHIFT_MOST + 1);
    wish.phase = pages(input) & (wish.alignment - 1);
    wish.minimum = fuzz_number(input, 4);
    if (fuzz_below(input, 2) != 0) {
        wish.avoid_base = pages(input);
        wish.avoid_end = wish.avoid_base + pages(input);
    }
    // The lowest that grants it begins where a usable range does, or the minimum, or where what is
    // to be avoided ends.
    uint64_t lowest = UINT64_MAX;
    for (uint32_t i = 0; i < map->count; i++) {
        const uint64_t starts[] = {map->ranges[i].base, wish.minimum, wish.avoid_end};
        for (unsigned j = 0; j < sizeof starts / sizeof starts[0]; j++) {
            const uint64_t address = next_with_phase(&wish, starts[j]);
            lowest = grants(map, &wish, address) && address < lowest ? address : lowest;
        }
    }
    uint64_t found;
    if (memory_map_find(map, &wish, &found)) {
        assert_int_equal(found, lowest);
    } else {
        assert_int_equal(lowest, UINT64_MAX);
    }
}

static void largest(struct fuzz_input *input, const struct memory_map *map)
{
    const uint64_t minimum = fuzz_number(input, 4);
    uint64_t expected = 0;
    for (uint32_t i = 0; i < map->count; i++) {
        const uint64_t end = map->ranges[i].base + map->ranges[i].length;
        uint64_t start = page_round_up(minimum);
        start = start > map->ranges[i].base ? start : map->ranges[i].base;
        if (map->ranges[i].kind == BOOT_MEMORY_USABLE && start < end && end - start > expected) {
            expected = end - start;
        }
    }
    assert_int_equal(memory_map_largest(map, minimum), expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct fuzz_input input = {bytes, size};
    struct boot_memory_range ranges[4 * RANGES_MOST + OPERATIONS_MOST];
    struct boot_memory_range old[sizeof ranges / sizeof ranges[0]];
    struct memory_map map = {.capacity = sizeof ranges / sizeof ranges[0], .ranges = ranges};
    make_map(&input, &map);
    map.capacity = map.count + SPARE_RANGES;
    for (unsigned i = 0; i < OPERATIONS_MOST && input.left > 0; i++) {
        struct memory_map before = map;
        before.ranges = old;
        memcpy(old, ranges, sizeof ranges);
        switch (fuzz_below(&input, 4)) {
        case 0:
            claim(&input, &before, &map);
            break;
        case 1:
            overlay(&input, &before, &map);
            break;
        case 2:
            find(&input, &map);
            break;
        default:
            largest(&input, &map);
        }
    }
    return 0;
}
