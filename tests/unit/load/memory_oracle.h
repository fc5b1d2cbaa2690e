// Memory maps for the unit tests, and an oracle that keeps the kind of every 256 bytes of a small
// address space: what memory_map.c should say, found in the simplest way.
#ifndef MEMORY_ORACLE_H
#define MEMORY_ORACLE_H

#include "memory_map.h"

#include <stdint.h>

#define UNIT           256u // a sixteenth of a page
#define UNITS_PER_PAGE (PAGE_SIZE / UNIT)
#define UNITS          (UINT64_C(40) * UNITS_PER_PAGE)

struct test_map {
    struct memory_map map;
    struct boot_memory_range ranges[MEMORY_MAP_MAX];
};

void test_map_reset(struct test_map *test, uint32_t capacity);
void test_map_add(struct test_map *test, uint64_t base, uint64_t length, uint32_t kind);
void test_map_normalise(struct test_map *raw, struct test_map *result);

// Fails the test unless the map is just these ranges.
void assert_ranges(const struct test_map *actual, const struct boot_memory_range *expected,
                   uint32_t count);

#define ASSERT_RANGES(actual, ...)                                                                 \
    do {                                                                                           \
        const struct boot_memory_range expected[] = {__VA_ARGS__};                                 \
        assert_ranges(actual, expected, sizeof expected / sizeof expected[0]);                     \
    } while (0)

// Makes a raw map below UNITS * UNIT, and the kind of every unit once it is normalised; 0: absent.
void random_raw_map(struct test_map *raw, uint32_t *kinds, uint64_t *seed);

// Fails the test unless the map says of every unit what the oracle says, in the fewest ranges.
void assert_matches_oracle(const struct memory_map *map, const uint32_t *kinds);

// The type of the byte for the direct map: its kind, what the loader took counting as usable.
// *until becomes the end of what was found out.
#define TYPE_ABSENT 0u
uint32_t memory_type_at(const struct test_map *map, uint64_t address, uint64_t *until);
bool is_one_type(const struct test_map *map, uint64_t base, uint64_t end);

#endif
