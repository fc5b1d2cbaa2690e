// Unit tests of bootloader/load/checksum.c: the value itself, against words computed by hand and a
// second formulation, and which damage it sees.
#include "checksum.h"
#include "unit.h"

#define SECTORS  ((size_t)8)
#define SECTOR_3 ((size_t)3 * SECTOR_SIZE)

static struct image_checksum checksum_of(const void *bytes, size_t length)
{
    struct checksum_state state;
    checksum_begin(&state);
    checksum_add(&state, bytes, length);
    return checksum_end(&state);
}

static bool differs(const uint8_t *bytes, size_t length, const struct image_checksum *from)
{
    struct image_checksum now = checksum_of(bytes, length);
    return !checksum_equal(&now, from);
}

static void fill_random(uint8_t *bytes, size_t length, uint64_t seed)
{
    for (size_t i = 0; i < length; i++) {
        bytes[i] = (uint8_t)(random_next(&seed) >> 32);
    }
}

static void empty_input_sums_to_zero(void **state)
{
    (void)state;
    struct image_checksum sums = checksum_of("", 0);
    assert_int_equal(sums.sum, 0);
    assert_int_equal(sums.weighted_sum, 0);
}

static void one_block_by_hand(void **state)
{
    (void)state;
    uint8_t block[CHECKSUM_BLOCK_SIZE] = {0};
    block[0] = 1;   // even lane
    block[9] = 2;   // odd lane, second byte: little-endian
    block[16] = 10; // even lane
    block[63] = 1;  // odd lane, highest byte
    uint64_t odd = 0x200 + 0x0100000000000000u;
    struct image_checksum sums = checksum_of(block, sizeof block);
    assert_int_equal(sums.sum, 11 + odd * CHECKSUM_LANE_FACTOR);
    assert_int_equal(sums.weighted_sum, 11 + odd * CHECKSUM_LANE_FACTOR + sizeof block);
}

// Block b of n weighs n - b: the definition turned around.
static void matches_the_weighted_formulation(void **state)
{
    (void)state;
    uint8_t bytes[SECTORS * SECTOR_SIZE];
    fill_random(bytes, sizeof bytes, 11);
    uint64_t blocks = sizeof bytes / CHECKSUM_BLOCK_SIZE;
    uint64_t sum = 0;
    uint64_t weighted = sizeof bytes;
    for (uint64_t word = 0; word < sizeof bytes / 8; word++) {
        uint64_t value = 0;
        for (unsigned i = 0; i < 8; i++) {
            value |= (uint64_t)bytes[word * 8 + i] << (8 * i);
        }
        value *= word % 2 == 0 ? 1 : CHECKSUM_LANE_FACTOR;
        sum += value;
        weighted += value * (blocks - word * 8 / CHECKSUM_BLOCK_SIZE);
    }
    struct image_checksum sums = checksum_of(bytes, sizeof bytes);
    assert_int_equal(sums.sum, sum);
    assert_int_equal(sums.weighted_sum, weighted);
}

static void parts_add_up_at_any_alignment(void **state)
{
    (void)state;
    uint8_t bytes[SECTORS * SECTOR_SIZE + 1];
    fill_random(bytes, sizeof bytes, 12);
    const uint8_t *unaligned = bytes + 1;
    struct image_checksum whole = checksum_of(unaligned, SECTORS * SECTOR_SIZE);
    struct checksum_state sums;
    checksum_begin(&sums);
    checksum_add(&sums, unaligned, SECTOR_3);
    checksum_add(&sums, unaligned, 0);
    checksum_add(&sums, unaligned + SECTOR_3, CHECKSUM_BLOCK_SIZE);
    checksum_add(&sums, unaligned + SECTOR_3 + CHECKSUM_BLOCK_SIZE,
                 (SECTORS * SECTOR_SIZE - SECTOR_3) - CHECKSUM_BLOCK_SIZE);
    struct image_checksum parts = checksum_end(&sums);
    assert_true(checksum_equal(&whole, &parts));
}

static void copy_is_add_and_copies(void **state)
{
    (void)state;
    uint8_t source[SECTORS * SECTOR_SIZE];
    uint8_t destination[sizeof source] = {0};
    fill_random(source, sizeof source, 13);
    struct checksum_state sums;
    checksum_begin(&sums);
    checksum_copy(&sums, destination, source, 512);
    checksum_copy(&sums, destination + 512, source + 512, sizeof source - 512);
    struct image_checksum copied = checksum_end(&sums);
    struct image_checksum added = checksum_of(source, sizeof source);
    assert_true(checksum_equal(&copied, &added));
    assert_memory_equal(destination, source, sizeof source);
}

static void sees_every_single_bit(void **state)
{
    (void)state;
    uint8_t bytes[4 * CHECKSUM_BLOCK_SIZE];
    for (uint64_t seed = 0; seed < 3; seed++) {
        memset(bytes, 0, sizeof bytes); // all zeros, then random
        if (seed != 0) {
            fill_random(bytes, sizeof bytes, seed);
        }
        struct image_checksum right = checksum_of(bytes, sizeof bytes);
        for (size_t bit = 0; bit < sizeof bytes * 8; bit++) {
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            struct image_checksum wrong = checksum_of(bytes, sizeof bytes);
            assert_int_not_equal(wrong.sum, right.sum);
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

static void sees_swapped_sectors(void **state)
{
    (void)state;
    uint8_t bytes[SECTORS * SECTOR_SIZE];
    uint8_t swapped[sizeof bytes];
    fill_random(bytes, sizeof bytes, 14);
    struct image_checksum right = checksum_of(bytes, sizeof bytes);
    for (size_t a = 0; a < SECTORS; a++) {
        for (size_t b = a + 1; b < SECTORS; b++) {
            memcpy(swapped, bytes, sizeof bytes);
            memcpy(swapped + a * SECTOR_SIZE, bytes + b * SECTOR_SIZE, SECTOR_SIZE);
            memcpy(swapped + b * SECTOR_SIZE, bytes + a * SECTOR_SIZE, SECTOR_SIZE);
            assert_true(differs(swapped, sizeof swapped, &right));
        }
    }
}

static void sees_zeroed_stale_and_missing_sectors(void **state)
{
    (void)state;
    uint8_t bytes[SECTORS * SECTOR_SIZE];
    uint8_t damaged[sizeof bytes];
    fill_random(bytes, sizeof bytes, 15);
    struct image_checksum right = checksum_of(bytes, sizeof bytes);
    for (size_t i = 0; i < SECTORS; i++) {
        memcpy(damaged, bytes, sizeof bytes);
        memset(damaged + i * SECTOR_SIZE, 0, SECTOR_SIZE);
        assert_true(differs(damaged, sizeof damaged, &right));
        // A transfer that did not happen leaves what the sector's buffer held before.
        memcpy(damaged + i * SECTOR_SIZE, bytes + (i + 1) % SECTORS * SECTOR_SIZE, SECTOR_SIZE);
        assert_true(differs(damaged, sizeof damaged, &right));
        // One sector left out, the rest moved up.
        memcpy(damaged, bytes, sizeof bytes);
        memmove(damaged + i * SECTOR_SIZE, damaged + (i + 1) * SECTOR_SIZE,
                (SECTORS - 1 - i) * SECTOR_SIZE);
        assert_true(differs(damaged, sizeof damaged - SECTOR_SIZE, &right));
    }
}

static void sees_missing_zero_sectors(void **state)
{
    (void)state;
    uint8_t bytes[SECTORS * SECTOR_SIZE] = {0};
    struct image_checksum right = checksum_of(bytes, sizeof bytes);
    for (size_t sectors = 0; sectors < SECTORS; sectors++) {
        assert_true(differs(bytes, sectors * SECTOR_SIZE, &right));
    }
}

static void equality_needs_both_sums(void **state)
{
    (void)state;
    struct image_checksum a = {.sum = 1, .weighted_sum = 2};
    struct image_checksum b = {.sum = 1, .weighted_sum = 3};
    struct image_checksum c = {.sum = 4, .weighted_sum = 2};
    assert_true(checksum_equal(&a, &a));
    assert_false(checksum_equal(&a, &b));
    assert_false(checksum_equal(&a, &c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_input_sums_to_zero),
        cmocka_unit_test(one_block_by_hand),
        cmocka_unit_test(matches_the_weighted_formulation),
        cmocka_unit_test(parts_add_up_at_any_alignment),
        cmocka_unit_test(copy_is_add_and_copies),
        cmocka_unit_test(sees_every_single_bit),
        cmocka_unit_test(sees_swapped_sectors),
        cmocka_unit_test(sees_zeroed_stale_and_missing_sectors),
        cmocka_unit_test(sees_missing_zero_sectors),
        cmocka_unit_test(equality_needs_both_sums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
