// Unit tests of bootloader/load/checksum.c and checksum_portable.c: the value itself, against words
// computed by hand and a second formulation, and which damage it sees.
#include "checksum.h"
#include "unit.h"

#define SECTORS      ((size_t)8)
#define SECTOR_3     ((size_t)3 * SECTOR_SIZE)
#define SECTOR_WORDS (SECTOR_SIZE / sizeof(uint64_t))
#define LANE_BYTES   8

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

// A word of the block's last group weighs (1, 1) in (sum, weighted), or (1, 0) as a third pair; in
// the group before it (2, 1) or (1, 1), and so on. The odd lane is one step further.
static void one_block_by_hand(void **state)
{
    (void)state;
    uint8_t block[CHECKSUM_BLOCK_SIZE] = {0};
    block[448] = 1;              // even lane, first pair of the last group: (1, 1)
    block[480] = 10;             // third pair: (1, 0)
    block[496] = 100;            // fourth: (1, 1)
    block[384] = 5;              // first pair of the group before: (2, 1)
    block[416] = 20;             // third: (1, 1)
    block[449 + LANE_BYTES] = 2; // odd lane, second byte, first pair: (1, 1), then (2, 1)
    block[487 + LANE_BYTES] = 1; // highest byte, third pair: (1, 0), then (1, 1)
    block[384 + LANE_BYTES] = 3; // of the group before: (2, 1), then (3, 2)
    uint64_t high = 0x0100000000000000u;
    struct image_checksum sums = checksum_of(block, sizeof block);
    assert_int_equal(sums.sum,
                     1 + 10 + 100 + 2 * 5 + 20 + (0x400 + high + 9) * CHECKSUM_LANE_FACTOR);
    assert_int_equal(sums.weighted_sum,
                     1 + 100 + 5 + 20 + (0x200 + high + 6) * CHECKSUM_LANE_FACTOR + sizeof block);
}

// The definition turned around: from the last word to the first, with the weights counted up.
static void matches_the_weighted_formulation(void **state)
{
    (void)state;
    uint8_t bytes[SECTORS * SECTOR_SIZE];
    fill_random(bytes, sizeof bytes, 11);
    uint64_t sum = 0;
    uint64_t weighted = sizeof bytes;
    uint64_t fibonacci[] = {0, 1, 1, 2}; // of a third pair and the others, in both lanes
    for (size_t word = sizeof bytes / 8; word-- > 0;) {
        uint64_t value = 0;
        for (unsigned i = 0; i < 8; i++) {
            value |= (uint64_t)bytes[word * 8 + i] << (8 * i);
        }
        unsigned at = (word % 8 / 2 == 2 ? 0 : 1) + word % 2;
        value *= word % 2 == 0 ? 1 : CHECKSUM_LANE_FACTOR;
        sum += value * fibonacci[at + 1];
        weighted += value * fibonacci[at];
        if (word % 8 == 0) {
            memmove(fibonacci, fibonacci + 1, 3 * sizeof fibonacci[0]);
            fibonacci[3] = fibonacci[2] + fibonacci[1];
        }
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
            assert_true(differs(bytes, sizeof bytes, &right));
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

// Of one word: each bit, and numbers whose multiples soon end in zeros alone.
static void sees_zeroed_sectors_of_one_word(void **state)
{
    (void)state;
    static const double numbers[] = {2.0, -2.0, 1.0, -0.0, 0.5};
    uint64_t words[3 * SECTOR_WORDS];
    for (unsigned i = 0; i < 64 + sizeof numbers / sizeof numbers[0]; i++) {
        uint64_t word = (uint64_t)1 << i % 64;
        if (i >= 64) {
            memcpy(&word, &numbers[i - 64], sizeof word);
        }
        for (size_t at = 0; at < 3 * SECTOR_WORDS; at++) {
            words[at] = word;
        }
        struct image_checksum right = checksum_of(words, sizeof words);
        for (size_t sector = 0; sector < 3; sector++) {
            memset(words + sector * SECTOR_WORDS, 0, SECTOR_SIZE);
            assert_true(differs((const uint8_t *)words, sizeof words, &right));
            for (size_t at = 0; at < SECTOR_WORDS; at++) {
                words[sector * SECTOR_WORDS + at] = word;
            }
        }
    }
}

// As in tables: each row is the one before, moved. The words are the same, and in the same lanes.
static void sees_swapped_sectors_of_the_same_words(void **state)
{
    (void)state;
    uint64_t words[2 * SECTOR_WORDS];
    uint64_t swapped[2 * SECTOR_WORDS];
    fill_random((uint8_t *)words, SECTOR_SIZE, 16);
    for (size_t pairs = 1; pairs < SECTOR_WORDS / 2; pairs++) {
        for (size_t i = 0; i < SECTOR_WORDS; i++) {
            words[SECTOR_WORDS + i] = words[(i + 2 * pairs) % SECTOR_WORDS];
        }
        struct image_checksum right = checksum_of(words, sizeof words);
        memcpy(swapped, words + SECTOR_WORDS, SECTOR_SIZE);
        memcpy(swapped + SECTOR_WORDS, words, SECTOR_SIZE);
        assert_true(differs((const uint8_t *)swapped, sizeof swapped, &right));
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
        cmocka_unit_test(sees_zeroed_sectors_of_one_word),
        cmocka_unit_test(sees_swapped_sectors_of_the_same_words),
        cmocka_unit_test(sees_zeroed_stale_and_missing_sectors),
        cmocka_unit_test(sees_missing_zero_sectors),
        cmocka_unit_test(equality_needs_both_sums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
