// Unit tests of bootloader/load/entropy.c: how every bit that goes in spreads.
#include "entropy.h"

#include "unit.h"

#define WORD_BITS 64u
#define POOL_BITS (ENTROPY_WORDS * WORD_BITS)
#define ROUNDS    64u

static unsigned bits_set(uint64_t word)
{
    unsigned count = 0;
    for (; word != 0; word &= word - 1) {
        count++;
    }
    return count;
}

static struct entropy_pool random_pool(uint64_t *seed)
{
    struct entropy_pool pool;
    for (unsigned i = 0; i < ENTROPY_WORDS; i++) {
        pool.words[i] = random_next(seed);
    }
    return pool;
}

// How often each bit of the pool differed in ROUNDS trials: about half, within six sigmas.
struct spread {
    unsigned differed[POOL_BITS];
};

static void note_difference(struct spread *spread, const struct entropy_pool *a,
                            const struct entropy_pool *b)
{
    for (unsigned bit = 0; bit < POOL_BITS; bit++) {
        const uint64_t difference = a->words[bit / WORD_BITS] ^ b->words[bit / WORD_BITS];
        spread->differed[bit] += difference >> bit % WORD_BITS & 1;
    }
}

static void assert_even(const struct spread *spread)
{
    for (unsigned bit = 0; bit < POOL_BITS; bit++) {
        assert_in_range(spread->differed[bit], ROUNDS / 2 - 24, ROUNDS / 2 + 24);
    }
}

// One bit of one word, and two words added behind it.
static void every_bit_of_a_word_reaches_every_bit(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (unsigned bit = 0; bit < WORD_BITS; bit++) {
        struct spread spread = {{0}};
        for (unsigned round = 0; round < ROUNDS; round++) {
            struct entropy_pool a = random_pool(&seed);
            struct entropy_pool b = a;
            const uint64_t word = random_next(&seed);
            entropy_add(&a, word);
            entropy_add(&b, word ^ (uint64_t)1 << bit);
            for (unsigned i = 0; i < 2; i++) {
                const uint64_t more = random_next(&seed);
                entropy_add(&a, more);
                entropy_add(&b, more);
            }
            note_difference(&spread, &a, &b);
        }
        assert_even(&spread);
    }
}

// One bit of the pool reaches every bit of what is taken, and of the pool behind it.
static void every_bit_of_the_pool_reaches_what_is_taken(void **state)
{
    (void)state;
    uint64_t seed = 6;
    for (unsigned bit = 0; bit < POOL_BITS; bit++) {
        struct spread pools = {{0}};
        struct spread taken = {{0}};
        for (unsigned round = 0; round < ROUNDS; round++) {
            struct entropy_pool a = random_pool(&seed);
            struct entropy_pool b = a;
            b.words[bit / WORD_BITS] ^= (uint64_t)1 << bit % WORD_BITS;
            const struct entropy_pool from_a = {{entropy_take(&a)}};
            const struct entropy_pool from_b = {{entropy_take(&b)}};
            note_difference(&taken, &from_a, &from_b);
            note_difference(&pools, &a, &b);
        }
        assert_even(&pools);
        for (unsigned i = 0; i < WORD_BITS; i++) {
            assert_in_range(taken.differed[i], ROUNDS / 2 - 24, ROUNDS / 2 + 24);
        }
    }
}

// What is taken is no word of the pool before or behind, nor a sum or difference of the two.
static void what_is_taken_does_not_show_the_pool(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (unsigned round = 0; round < 1000; round++) {
        struct entropy_pool pool = random_pool(&seed);
        const struct entropy_pool before = pool;
        const uint64_t taken = entropy_take(&pool);
        for (unsigned i = 0; i < ENTROPY_WORDS; i++) {
            assert_true(taken != before.words[i] && taken != pool.words[i]);
            assert_true(pool.words[i] != before.words[i]);
        }
    }
}

// Not even from nothing come simple numbers, nor the same twice.
static void zeros_become_random(void **state)
{
    (void)state;
    struct entropy_pool pool = {{0}};
    uint64_t taken[256];
    unsigned set = 0;
    for (unsigned i = 0; i < 256; i++) {
        taken[i] = entropy_take(&pool);
        set += bits_set(taken[i]);
        for (unsigned j = 0; j < i; j++) {
            assert_true(taken[i] != taken[j]);
        }
    }
    assert_in_range(set, 256 * 32 - 400, 256 * 32 + 400);
}

static void order_and_number_of_words_count(void **state)
{
    (void)state;
    struct entropy_pool a = {{0}};
    struct entropy_pool b = {{0}};
    struct entropy_pool c = {{0}};
    entropy_add(&a, 1);
    entropy_add(&a, 2);
    entropy_add(&b, 2);
    entropy_add(&b, 1);
    entropy_add(&c, 1);
    entropy_add(&c, 2);
    assert_memory_equal(&a, &c, sizeof a);
    entropy_add(&c, 0);
    const uint64_t from_a = entropy_take(&a);
    assert_true(from_a != entropy_take(&b));
    assert_true(from_a != entropy_take(&c));
}

static void a_seed_gives_the_same_again(void **state)
{
    (void)state;
    unsigned set = 0;
    for (uint64_t seed = 0; seed < 256; seed++) {
        assert_true(entropy_from_seed(seed) == entropy_from_seed(seed));
        set += bits_set(entropy_from_seed(seed) ^ entropy_from_seed(seed + 1));
    }
    assert_in_range(set, 256 * 32 - 400, 256 * 32 + 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bit_of_a_word_reaches_every_bit),
        cmocka_unit_test(every_bit_of_the_pool_reaches_what_is_taken),
        cmocka_unit_test(what_is_taken_does_not_show_the_pool),
        cmocka_unit_test(zeros_become_random),
        cmocka_unit_test(order_and_number_of_words_count),
        cmocka_unit_test(a_seed_gives_the_same_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
