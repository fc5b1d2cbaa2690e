// Unit tests of stage2/memory.asm: memcpy, memmove, memset and memcmp of stage 2 (under the names
// that wide_on_host.asm gives them) do what the C library's do, to no byte more and no byte less.
#include "guarded.h"
#include "unit.h"

void *stage2_memcpy(void *destination, const void *source, size_t bytes);
void *stage2_memmove(void *destination, const void *source, size_t bytes);
void *stage2_memset(void *destination, int value, size_t bytes);
int stage2_memcmp(const void *a, const void *b, size_t bytes);

#define MARGIN     64u // on either side of what is written
#define LARGEST    1100u
#define AREA       (LARGEST + 2 * MARGIN)
#define ALIGNMENTS 17u

// All sizes up to two blocks of memset's, then some.
static size_t next_size(size_t bytes)
{
    return bytes < 530 ? bytes + 1 : bytes + 37;
}

static void fill_by_chance(uint8_t *bytes, size_t count, uint64_t seed)
{
    for (size_t i = 0; i < count; i++) {
        bytes[i] = (uint8_t)(random_next(&seed) >> 56);
    }
}

static void memcpy_at_all_sizes_and_alignments(void **state)
{
    (void)state;
    static uint8_t source[AREA];
    uint8_t expected[AREA];
    uint8_t actual[AREA];
    fill_by_chance(source, AREA, 1);
    for (size_t bytes = 0; bytes <= LARGEST; bytes = next_size(bytes)) {
        for (size_t alignment = 0; alignment < ALIGNMENTS; alignment++) {
            const uint8_t *from = source + (alignment * 7 + bytes) % ALIGNMENTS;
            fill_by_chance(expected, AREA, 2);
            memcpy(actual, expected, AREA);
            memcpy(expected + MARGIN + alignment, from, bytes);
            uint8_t *to = actual + MARGIN + alignment;
            assert_ptr_equal(stage2_memcpy(to, from, bytes), to);
            assert_memory_equal(actual, expected, AREA);
        }
    }
}

static void memmove_at_all_overlaps(void **state)
{
    (void)state;
    uint8_t expected[AREA];
    uint8_t actual[AREA];
    for (size_t bytes = 0; bytes <= LARGEST / 2; bytes = bytes < 70 ? bytes + 1 : bytes + 61) {
        for (size_t to = 0; to <= (size_t)2 * MARGIN; to++) {
            fill_by_chance(expected, AREA, 3);
            memcpy(actual, expected, AREA);
            memmove(expected + to, expected + MARGIN, bytes);
            assert_ptr_equal(stage2_memmove(actual + to, actual + MARGIN, bytes), actual + to);
            assert_memory_equal(actual, expected, AREA);
        }
    }
}

// Of the value the low byte counts.
static void memset_at_all_sizes_and_alignments(void **state)
{
    (void)state;
    static const int values[] = {0, 0xFF, 0x1A5, -2};
    uint8_t expected[AREA];
    uint8_t actual[AREA];
    for (size_t bytes = 0; bytes <= LARGEST; bytes = next_size(bytes)) {
        for (size_t alignment = 0; alignment < ALIGNMENTS; alignment++) {
            const int value = values[(alignment + bytes) % 4];
            fill_by_chance(expected, AREA, 4);
            memcpy(actual, expected, AREA);
            memset(expected + MARGIN + alignment, value, bytes);
            uint8_t *to = actual + MARGIN + alignment;
            assert_ptr_equal(stage2_memset(to, value, bytes), to);
            assert_memory_equal(actual, expected, AREA);
        }
    }
}

static int sign(int number)
{
    return (number > 0) - (number < 0);
}

static void memcmp_at_every_byte(void **state)
{
    (void)state;
    uint8_t a[MARGIN];
    uint8_t b[MARGIN];
    for (size_t bytes = 0; bytes <= MARGIN; bytes++) {
        fill_by_chance(a, MARGIN, 5);
        memcpy(b, a, MARGIN);
        assert_int_equal(stage2_memcmp(a, b, bytes), 0);
        for (size_t at = 0; at < MARGIN; at++) {
            for (unsigned change = 1; change < 0x100; change += 0x7F) {
                b[at] = (uint8_t)(a[at] + change);
                assert_int_equal(sign(stage2_memcmp(a, b, bytes)), sign(memcmp(a, b, bytes)));
                assert_int_equal(sign(stage2_memcmp(b, a, bytes)), sign(memcmp(b, a, bytes)));
                b[at] = a[at];
            }
        }
    }
}

// The first difference decides.
static void memcmp_by_chance(void **state)
{
    (void)state;
    uint8_t a[4];
    uint8_t b[4];
    for (uint64_t seed = 1; seed <= 20000; seed++) {
        fill_by_chance(a, sizeof a, seed);
        fill_by_chance(b, sizeof b, seed + 20000);
        a[0] &= 1;
        b[0] &= 1;
        assert_int_equal(sign(stage2_memcmp(a, b, sizeof a)), sign(memcmp(a, b, sizeof a)));
    }
}

// A byte read or written beside the areas is a fault of the processor's.
static void nothing_beside_is_touched(void **state)
{
    (void)state;
    for (size_t bytes = 0; bytes <= LARGEST; bytes = bytes < 40 ? bytes + 1 : bytes + 53) {
        for (enum guarded_side side = GUARD_BEHIND; side < GUARDED_SIDES; side++) {
            struct guarded from = guarded_allocate(bytes, side);
            struct guarded to = guarded_allocate(bytes, side);
            (void)stage2_memset(from.bytes, 0x5A, bytes);
            (void)stage2_memcpy(to.bytes, from.bytes, bytes);
            assert_int_equal(stage2_memcmp(to.bytes, from.bytes, bytes), 0);
            (void)stage2_memset(from.bytes, 0xC3, bytes);
            (void)stage2_memmove(to.bytes, from.bytes, bytes);
            if (bytes > 1) { // inside itself, backwards
                (void)stage2_memmove(to.bytes + 1, to.bytes, bytes - 1);
            }
            assert_int_equal(stage2_memcmp(to.bytes, from.bytes, bytes), 0);
            guarded_release(&from);
            guarded_release(&to);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memcpy_at_all_sizes_and_alignments),
        cmocka_unit_test(memmove_at_all_overlaps),
        cmocka_unit_test(memset_at_all_sizes_and_alignments),
        cmocka_unit_test(memcmp_at_every_byte),
        cmocka_unit_test(memcmp_by_chance),
        cmocka_unit_test(nothing_beside_is_touched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
