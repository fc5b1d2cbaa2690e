// Unit tests of image/stage2_header.c's rest_sum, which is one number where the sums of an item are
// two: that no single changed bit can hide in it, whatever the other bits are.
#include "checksum.h"
#include "stage2_header.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define WORD_BITS  64
#define HALF       32
#define REST_BYTES ((size_t)(STAGE2_MAX_SECTORS - FIRST_BLOCK_SECTORS) * SECTOR_SIZE)

// What sum and weighted of a rest that is zero but for a 1 at `offset` are before they become one.
static void weights_of(size_t offset, uint64_t *sum, uint64_t *weighted)
{
    static uint8_t rest[REST_BYTES];
    struct checksum_state state;
    const size_t from = offset / CHECKSUM_BLOCK_SIZE * CHECKSUM_BLOCK_SIZE;

    rest[offset] = 1;
    checksum_begin(&state);
    checksum_add(&state, rest + from, sizeof rest - from);
    rest[offset] = 0;
    *sum = state.sum[0] + state.sum[1] + state.weighted[1];
    *weighted = state.weighted[0] + state.sum[1];
}

// A bit adds `change` to weighted, and with its halves exchanged that is one of four numbers: the
// low half may carry into the high one, which may overflow, where there is what could. None may
// undo what it adds to sum.
static void assert_seen(uint64_t sum_change, uint64_t change)
{
    const uint64_t low = change & UINT32_MAX;
    const uint64_t high = change >> HALF;

    for (uint64_t carry = 0; carry <= (low != 0); carry++) {
        for (uint64_t overflow = 0; overflow <= (high + carry != 0); overflow++) {
            assert_int_not_equal(sum_change + (low << HALF) + high + carry - (overflow << HALF), 0);
        }
    }
}

static void no_single_bit_can_hide(void **state)
{
    (void)state;
    for (size_t offset = 0; offset < REST_BYTES; offset += sizeof(uint64_t)) {
        uint64_t sum;
        uint64_t weighted;
        weights_of(offset, &sum, &weighted);
        for (unsigned bit = 0; bit < WORD_BITS; bit++) {
            assert_seen(sum << bit, weighted << bit);
        }
    }
}

// That the sum is what the other test takes it for.
static void rest_sum_by_hand(void **state)
{
    (void)state;
    static uint8_t stage2[STAGE2_MAX_SECTORS * SECTOR_SIZE];
    const struct stage2_header header = {.first_block_sectors = FIRST_BLOCK_SECTORS,
                                         .stage2_sectors = STAGE2_MAX_SECTORS};
    uint8_t *last_group = stage2 + sizeof stage2 - CHECKSUM_GROUP_SIZE;

    assert_int_equal(stage2_rest_sum(stage2, &header), 0);
    last_group[0] = 7; // even lane: 1 in sum, 1 in weighted
    assert_int_equal(stage2_rest_sum(stage2, &header), 0x700000007u);
    last_group[8] = 5; // odd lane: 2 in sum, 1 in weighted
    assert_int_equal(stage2_rest_sum(stage2, &header), 0xC00000011u);
    last_group[15] = 0x80; // bit 63, of weighted 31
    assert_int_equal(stage2_rest_sum(stage2, &header), 0xC80000011u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_single_bit_can_hide),
        cmocka_unit_test(rest_sum_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
