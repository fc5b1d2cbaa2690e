// Unit tests of bootloader/load/lz4_decode.c and of stage2/lz4_decode_wide.asm: what liblz4 has
// compressed comes back, damage is seen, and no byte beside input and output is touched.
#include "decoders.h"
#include "unit.h"

#include <lz4hc.h>

#define BYTES_MOST 200000

// Text that repeats itself at all distances, with runs and with stretches of chance.
static uint8_t *sample(size_t bytes, uint64_t seed)
{
    uint8_t *data = allocate(bytes + 1);
    for (size_t at = 0; at < bytes;) {
        const uint64_t kind = random_below(&seed, 4);
        size_t count = 1 + random_below(&seed, random_chance(&seed, 20) ? 3000 : 40);
        const size_t back = at == 0 ? 0
                                    : 1 + random_below(&seed, random_chance(&seed, 2) ? at
                                                              : at < 20               ? at
                                                                                      : 20);
        for (; count > 0 && at < bytes; count--, at++) {
            data[at] = kind == 0 || back == 0 ? (uint8_t)random_next(&seed) : data[at - back];
        }
    }
    return data;
}

// Decodes a block that must be good, and compares.
static void check_decodes(const uint8_t *block, size_t block_bytes, const uint8_t *data,
                          size_t start, size_t end, size_t capacity)
{
    uint8_t *output;
    const struct decoding decoding = {block, block_bytes, data, start, capacity};
    assert_int_equal(decode_by_all(&decoding, &output), end);
    assert_memory_equal(output, data, end);
    free(output);
}

static void check_damaged(const uint8_t *block, size_t block_bytes, const uint8_t *before,
                          size_t start, size_t capacity)
{
    uint8_t *output;
    const struct decoding decoding = {block, block_bytes, before, start, capacity};
    assert_int_equal(decode_by_all(&decoding, &output), LZ4_DAMAGED);
}

static void wide_decoder_is_tested_on_x86_64(void **state)
{
    (void)state;
#if defined(__x86_64__) && defined(__ELF__)
    assert_true(has_wide_decoder());
#else
    skip();
#endif
}

static void what_liblz4_compresses_comes_back(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        uint64_t random = seed;
        const size_t bytes = (size_t)random_below(&random, seed % 10 == 0 ? BYTES_MOST : 2000);
        uint8_t *data = sample(bytes, seed);
        const int bound = LZ4_compressBound((int)bytes);
        char *block = allocate((size_t)bound);
        const int level = (int)(1 + seed % LZ4HC_CLEVEL_MAX);
        const int size = LZ4_compress_HC((const char *)data, block, (int)bytes, bound, level);
        assert_true(size > 0);
        check_decodes((uint8_t *)block, (size_t)size, data, 0, bytes, bytes);
        check_decodes((uint8_t *)block, (size_t)size, data, 0, bytes, bytes + 7);
        check_decodes((uint8_t *)block, (size_t)size, data, 0, bytes, bytes + 5000);
        if (bytes != 0) {
            check_damaged((uint8_t *)block, (size_t)size, NULL, 0, bytes - 1);
        }
        free(block);
        free(data);
    }
}

static void blocks_repeat_what_lies_before_them(void **state)
{
    (void)state;
    enum { PART = 30000, PARTS = 5 };
    uint8_t *data = sample((size_t)PART * PARTS, 7);
    LZ4_streamHC_t *stream = LZ4_createStreamHC();
    char block[LZ4_COMPRESSBOUND(PART)];
    LZ4_resetStreamHC_fast(stream, LZ4HC_CLEVEL_MAX);
    for (size_t start = 0; start < (size_t)PART * PARTS; start += PART) {
        const int size = LZ4_compress_HC_continue(stream, (const char *)data + start, block, PART,
                                                  (int)sizeof block);
        assert_true(size > 0);
        check_decodes((uint8_t *)block, (size_t)size, data, start, start + PART, start + PART);
        if (start != 0) {
            check_damaged((uint8_t *)block, (size_t)size, data, 0, PART);
        }
    }
    LZ4_freeStreamHC(stream);
    free(data);
}

static void every_truncation_is_seen(void **state)
{
    (void)state;
    enum { BYTES = 3000 };
    uint8_t *data = sample(BYTES, 11);
    char block[LZ4_COMPRESSBOUND(BYTES)];
    const int size =
        LZ4_compress_HC((const char *)data, block, BYTES, (int)sizeof block, LZ4HC_CLEVEL_MAX);
    unsigned shorter = 0;
    for (int cut = 0; cut < size; cut++) {
        uint8_t *output;
        const struct decoding decoding = {(uint8_t *)block, (size_t)cut, NULL, 0, BYTES};
        const size_t end = decode_by_all(&decoding, &output);
        if (end != LZ4_DAMAGED) { // what is left is a block: it ends with literals
            assert_true(end < BYTES);
            assert_memory_equal(output, data, end);
            shorter++;
        }
        free(output);
    }
    assert_in_range(shorter, 10, size / 3);
    free(data);
}

// ---- Sequences by hand --------------------------------------------------------------------

// Appends a length's bytes behind the token; returns where they end.
static size_t put_length(uint8_t *block, size_t at, size_t length)
{
    if (length >= 15) {
        for (length -= 15; length >= 255; length -= 255) {
            block[at++] = 255;
        }
        block[at++] = (uint8_t)length;
    }
    return at;
}

// Literals, a match, and `behind` further literals.
static size_t make_block(uint8_t *block, const uint8_t *literals, size_t count, size_t offset,
                         size_t length, size_t behind)
{
    size_t at = 0;
    block[at++] = (uint8_t)((count < 15 ? count : 15) << 4 | (length - 4 < 15 ? length - 4 : 15));
    at = put_length(block, at, count);
    memcpy(block + at, literals, count);
    at += count;
    block[at++] = (uint8_t)offset;
    block[at++] = (uint8_t)(offset >> 8);
    at = put_length(block, at, length - 4);
    block[at++] = (uint8_t)((behind < 15 ? behind : 15) << 4);
    at = put_length(block, at, behind);
    memset(block + at, 'z', behind);
    return at + behind;
}

static void matches_overlap_at_every_offset(void **state)
{
    (void)state;
    const char *literals = "abcdefghijklmnopqrstuvwxyz";
    const size_t behind[] = {0, 1, 5, 40, 400};
    for (size_t offset = 1; offset <= 20; offset++) {
        for (size_t length = 4; length <= 300; length += length < 80 ? 1 : 43) {
            for (size_t i = 0; i < sizeof behind / sizeof behind[0]; i++) {
                uint8_t block[1024];
                uint8_t expected[1024];
                const size_t size =
                    make_block(block, (const uint8_t *)literals, offset, offset, length, behind[i]);
                for (size_t at = 0; at < offset + length; at++) {
                    expected[at] = (uint8_t)literals[at % offset];
                }
                const size_t end = offset + length + behind[i];
                memset(expected + offset + length, 'z', behind[i]);
                check_decodes(block, size, expected, 0, end, end);
                check_decodes(block, size, expected, 0, end, end + 100);
                check_damaged(block, size, NULL, 0, end - 1);
            }
        }
    }
}

// Literals whose length takes no byte, one, and more, in front of a match, with an end of the input
// and of the output that are near and far. Stage 2's decoder takes its quick way with many literals
// only in front of room for 128 times their bytes.
static void literals_of_every_length(void **state)
{
    (void)state;
    enum { MOST = 600, OFFSETS = 3, LENGTHS = 3, BEHIND = 3, ROOM_SHIFT = 7, MATCH_ROOM = 600 };
    uint8_t literals[MOST];
    const size_t lengths[LENGTHS] = {5, 17, 300};
    const size_t behind[BEHIND] = {0, 21, 400};
    uint64_t random = 3;
    for (size_t i = 0; i < MOST; i++) {
        literals[i] = (uint8_t)random_below(&random, 0x100);
    }
    // All around those that take no byte, and those that take two.
    for (size_t count = 1; count <= MOST;
         count += count < 40 || (count > 250 && count < 290) ? 1 : 23) {
        const size_t offsets[OFFSETS] = {1, (count + 1) / 2, count};
        for (size_t i = 0; i < (size_t)LENGTHS * OFFSETS * BEHIND; i++) {
            const size_t length = lengths[i % LENGTHS];
            const size_t offset = offsets[i / LENGTHS % OFFSETS];
            const size_t last = behind[i / LENGTHS / OFFSETS];
            const size_t end = count + length + last;
            uint8_t block[2 * MOST];
            uint8_t expected[3 * MOST];
            const size_t size = make_block(block, literals, count, offset, length, last);
            memcpy(expected, literals, count);
            for (size_t at = count; at < count + length; at++) {
                expected[at] = expected[at - offset];
            }
            memset(expected + count + length, 'z', last);
            check_decodes(block, size, expected, 0, end, end);
            check_decodes(block, size, expected, 0, end, end + MOST);
            check_decodes(block, size, expected, 0, end, end + (count << ROOM_SHIFT) + MATCH_ROOM);
            check_damaged(block, size, NULL, 0, end - 1);
        }
    }
}

// Sequences that give the most for their bytes, in outputs that end at each byte of them: none may
// write behind the end, however far that is when they begin.
static void outputs_end_anywhere(void **state)
{
    (void)state;
    enum { SEQUENCES = 20, FIRST = 64, LITERALS = 14, LENGTH = 15 + 254 + 4, LAST = 600 };
    uint8_t block[2048];
    uint8_t literals[LAST] = "what is repeated";
    size_t size = 0;
    size_t end = 0;
    for (size_t i = 0; i < SEQUENCES; i++) {
        const size_t count = i == 0 ? FIRST : i % 2 * LITERALS;
        // Without the token of the last sequence, of no literals, that make_block appends.
        size += make_block(block + size, literals, count, FIRST, LENGTH, 0) - 1;
        end += count + LENGTH;
    }
    block[size++] = 0xF0;
    size = put_length(block, size, LAST);
    memcpy(block + size, literals, LAST);
    size += LAST;
    end += LAST;
    for (size_t capacity = 0; capacity < end + (size_t)2 * LENGTH; capacity++) {
        uint8_t *output;
        const struct decoding decoding = {block, size, NULL, 0, capacity};
        assert_int_equal(decode_by_all(&decoding, &output), capacity < end ? LZ4_DAMAGED : end);
        free(output);
    }
}

static void offsets_lead_to_the_output(void **state)
{
    (void)state;
    uint8_t block[1024];
    const uint8_t before[] = "0123456789";
    for (size_t capacity = 100; capacity <= 5000; capacity += 4900) {
        for (size_t behind = 0; behind <= 300; behind += 100) {
            size_t size = make_block(block, (const uint8_t *)"abc", 3, 0, 8, behind);
            check_damaged(block, size, before, 10, capacity);
            size = make_block(block, (const uint8_t *)"abc", 3, 14, 8, behind);
            check_damaged(block, size, before, 10, capacity);
            check_damaged(block, make_block(block, before, 10, 65535, 8, behind), before, 10,
                          capacity);
        }
    }
    const size_t size = make_block(block, (const uint8_t *)"abc", 3, 13, 8, 2);
    check_decodes(block, size, (const uint8_t *)"0123456789abc01234567zz", 10, 23, 23);
    check_damaged(block, size, before, 9, 100);
}

static void a_block_ends_with_literals(void **state)
{
    (void)state;
    uint8_t block[64];
    const size_t size = make_block(block, (const uint8_t *)"abcd", 4, 4, 8, 0);
    check_decodes(block, size, (const uint8_t *)"abcdabcdabcd", 0, 12, 12);
    check_damaged(block, size - 1, NULL, 0, 12); // with the match
    check_damaged(block, size - 2, NULL, 0, 12); // within its offset
    check_damaged(block, size - 3, NULL, 0, 3);  // before its offset
    check_damaged(block, 0, NULL, 0, 12);
    check_decodes((const uint8_t *)"", 1, NULL, 0, 0, 0); // a token alone: no literals
    check_decodes((const uint8_t *)"", 1, (const uint8_t *)"ab", 2, 2, 2);
    check_damaged((const uint8_t *)"\x10", 1, NULL, 0, 12);
}

static void lengths_without_end_are_seen(void **state)
{
    (void)state;
    enum { BYTES = 5000 };
    uint8_t *block = allocate(BYTES);
    memset(block, 0xFF, BYTES);
    check_damaged(block, BYTES, NULL, 0, BYTES);
    block[0] = 0x1F; // the match's
    check_damaged(block, BYTES, NULL, 0, BYTES);
    block[BYTES - 1] = 0;
    check_damaged(block, BYTES, NULL, 0, 100000);
    free(block);
}

static void damage_gives_the_same_in_both(void **state)
{
    (void)state;
    enum { BYTES = 2000 };
    uint8_t *data = sample(BYTES, 23);
    char block[LZ4_COMPRESSBOUND(BYTES)];
    const int size =
        LZ4_compress_HC((const char *)data, block, BYTES, (int)sizeof block, LZ4HC_CLEVEL_MAX);
    unsigned accepted = 0;
    for (uint64_t seed = 1; seed <= 3000; seed++) {
        uint64_t random = seed;
        uint8_t changed[sizeof block];
        memcpy(changed, block, (size_t)size);
        for (uint64_t count = 1 + random_below(&random, 4); count > 0; count--) {
            changed[random_below(&random, (uint64_t)size)] ^=
                (uint8_t)(1u << random_below(&random, 8));
        }
        uint8_t *output;
        const struct decoding decoding = {changed, (size_t)size, NULL, 0,
                                          BYTES + 1000 * (seed % 3)};
        accepted += decode_by_all(&decoding, &output) != LZ4_DAMAGED;
        free(output);
    }
    assert_in_range(accepted, 100, 2900);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wide_decoder_is_tested_on_x86_64),
        cmocka_unit_test(what_liblz4_compresses_comes_back),
        cmocka_unit_test(blocks_repeat_what_lies_before_them),
        cmocka_unit_test(every_truncation_is_seen),
        cmocka_unit_test(matches_overlap_at_every_offset),
        cmocka_unit_test(literals_of_every_length),
        cmocka_unit_test(outputs_end_anywhere),
        cmocka_unit_test(offsets_lead_to_the_output),
        cmocka_unit_test(a_block_ends_with_literals),
        cmocka_unit_test(lengths_without_end_are_seen),
        cmocka_unit_test(damage_gives_the_same_in_both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
