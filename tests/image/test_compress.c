// Unit tests of compressing items: what pays, that it comes back, and that damage to it is named.
#include "checksum.h"
#include "compress.h"
#include "decompress_item.h"
#include "image_header.h"
#include "page.h"
#include "test_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PIECE  0x400000u // that liblz4 gets at once
#define SECTOR ((uint64_t)SECTOR_SIZE)

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545F4914F6CDD1Du >> 11;
}

// Of each 64 bytes so many are chance, the others repeat what came before.
static uint8_t *sample(size_t bytes, unsigned chance_of_64)
{
    uint64_t state = 1;
    uint8_t *data = malloc(bytes);

    assert_non_null(data);
    for (size_t at = 0; at < bytes; at++) {
        data[at] =
            (uint8_t)(at % 64 < chance_of_64 || at < 128 ? next_random(&state)
                                                         : data[at - 64 - at / 64 % 3 * 8 % 64]);
    }
    return data;
}

static struct compressed_item compressed(const uint8_t *data, size_t bytes, enum compression wanted)
{
    struct compressed_item item;
    struct message why;

    assert_true(compress_bytes(data, bytes, wanted, &item, &why));
    return item;
}

static struct image_item item_of(const struct compressed_item *stored, uint64_t full)
{
    return (struct image_item){
        .kind = IMAGE_ITEM_MODULE,
        .flags = IMAGE_ITEM_LZ4,
        .bytes = stored->size,
        .memory_bytes = page_round_up(full),
    };
}

static void check_comes_back(const uint8_t *data, size_t bytes)
{
    struct compressed_item stored = compressed(data, bytes, COMPRESSION_LZ4);
    struct image_item item = item_of(&stored, bytes);
    struct message why;

    assert_non_null(stored.bytes);
    assert_true(image_item_sectors(stored.size) < image_item_sectors(bytes));
    uint8_t *back = decompress_item(&item, stored.bytes, &why);
    assert_non_null(back);
    assert_int_equal(item.bytes, bytes);
    assert_int_equal(item.flags, 0);
    assert_memory_equal(back, data, bytes);
    for (size_t at = bytes; at < image_item_sectors(bytes) * SECTOR; at++) {
        assert_int_equal(back[at], 0);
    }
    free(back);
    compressed_item_free(&stored);
}

static void comes_back(void **state)
{
    const size_t sizes[] = {1500, 4096, 65536, 300000, PIECE, PIECE + 1, PIECE + 70001};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (unsigned chance = 0; chance < 60; chance += sizes[i] < PIECE ? 7 : 60) {
            uint8_t *data = sample(sizes[i], chance);
            if (chance <= 14 || sizes[i] > 4096) {
                check_comes_back(data, sizes[i]);
            }
            free(data);
        }
    }
}

// Chance for longer than a chunk, between zeros for longer than a piece.
static void long_literals_and_matches_come_back(void **state)
{
    const size_t bytes = 3 * (size_t)PIECE;
    uint8_t *data = calloc(1, bytes);
    uint64_t random = 5;

    (void)state;
    assert_non_null(data);
    for (size_t at = PIECE - 100000; at < PIECE + 300000; at++) {
        data[at] = (uint8_t)next_random(&random);
    }
    check_comes_back(data, bytes);
    free(data);
}

static void is_kept_where_it_pays(void **state)
{
    const size_t bytes = 1000000;
    uint8_t *data = sample(bytes, 0);
    struct compressed_item item = compressed(data, bytes, COMPRESSION_AUTO);

    (void)state;
    assert_non_null(item.bytes);
    compressed_item_free(&item);
    assert_null(compressed(data, bytes, COMPRESSION_NONE).bytes);
    // A read of the disk brings as much.
    assert_null(compressed(data, COMPRESSED_CHUNK_SECTORS * SECTOR, COMPRESSION_AUTO).bytes);
    assert_null(compressed(data, SECTOR_SIZE, COMPRESSION_LZ4).bytes);
    assert_null(compressed(data, 1, COMPRESSION_LZ4).bytes);
    free(data);
    // Less than an eighth is saved.
    data = sample(bytes, 56);
    assert_null(compressed(data, bytes, COMPRESSION_AUTO).bytes);
    item = compressed(data, bytes, COMPRESSION_LZ4);
    assert_non_null(item.bytes);
    compressed_item_free(&item);
    free(data);
    data = sample(bytes, 64);
    assert_null(compressed(data, bytes, COMPRESSION_LZ4).bytes);
    free(data);
}

// Pixels of four colours: the best compression takes seconds for a megabyte.
static void large_ones_are_compressed_faster(void **state)
{
    const size_t bytes = 2 << 20;
    uint8_t *data = malloc(bytes + SECTOR_SIZE);
    uint64_t random = 3;

    (void)state;
    assert_non_null(data);
    for (size_t at = 0; at < bytes + SECTOR_SIZE; at += 4) {
        const uint8_t pixel[4] = {0x10, 0x20, (uint8_t)(next_random(&random) % 4 * 40), 0xFF};
        memcpy(data + at, pixel, sizeof pixel);
    }
    struct compressed_item best = compressed(data, bytes, COMPRESSION_LZ4);
    struct compressed_item faster = compressed(data, bytes + SECTOR_SIZE, COMPRESSION_LZ4);
    assert_true(best.bytes != NULL && faster.bytes != NULL);
    assert_true(faster.size > best.size + best.size / 10);
    compressed_item_free(&best);
    compressed_item_free(&faster);
    free(data);
}

static void gives_the_same_each_time(void **state)
{
    const size_t bytes = 200000;
    uint8_t *data = sample(bytes, 20);
    struct compressed_item one = compressed(data, bytes, COMPRESSION_LZ4);
    struct compressed_item two = compressed(data, bytes, COMPRESSION_LZ4);

    (void)state;
    assert_int_equal(one.size, two.size);
    assert_memory_equal(one.bytes, two.bytes, one.size);
    compressed_item_free(&one);
    compressed_item_free(&two);
    free(data);
}

static bool fail_to_read(void *context, uint64_t offset, void *buffer, size_t size,
                         struct message *why)
{
    (void)context;
    if (offset >= PIECE) {
        return message_refuse(why, "gone");
    }
    memset(buffer, 0, size);
    return true;
}

static void tells_what_the_reader_says(void **state)
{
    const struct image_reader reader = {fail_to_read, NULL, 3 * (uint64_t)PIECE};
    struct compressed_item item;
    struct message why;

    (void)state;
    assert_false(compress_item(&reader, COMPRESSION_AUTO, &item, &why));
    assert_string_equal(why.text, "gone");
    assert_null(item.bytes);
    assert_false(compress_item(&reader, COMPRESSION_LZ4, &item, &why));
    assert_string_equal(why.text, "gone");
    assert_null(item.bytes);
}

static struct image_checksum checksum_of(const struct compressed_item *stored)
{
    struct checksum_state sums;

    checksum_begin(&sums);
    checksum_add(&sums, stored->bytes, (size_t)(image_item_sectors(stored->size) * SECTOR));
    return checksum_end(&sums);
}

// Every bit of the chunk's front and of its first sequences, and bits all over. The item's own
// checksum, which is looked at before, sees each of them; what is decompressed is mostly seen to be
// wrong as well (not a highest bit of a word that comes out an even number of times).
static void damage_is_named(void **state)
{
    const size_t bytes = 200000;
    uint8_t *data = sample(bytes, 25);
    struct compressed_item stored = compressed(data, bytes, COMPRESSION_LZ4);
    const struct image_checksum good = checksum_of(&stored);
    unsigned named = 0;
    unsigned tried = 0;

    (void)state;
    for (size_t bit = 0; bit < stored.size * 8; bit += bit < 2000 ? 1 : 997) {
        struct image_item item = item_of(&stored, bytes);
        struct message why = {.length = 0};
        stored.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        const struct image_checksum now = checksum_of(&stored);
        assert_false(checksum_equal(&good, &now));
        uint8_t *back = decompress_item(&item, stored.bytes, &why);
        if (back == NULL) {
            assert_non_null(strstr(why.text, "is damaged ("));
            named++;
        }
        free(back);
        stored.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        tried++;
    }
    assert_in_range(named, tried - tried / 50, tried);
    compressed_item_free(&stored);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back),
        cmocka_unit_test(long_literals_and_matches_come_back),
        cmocka_unit_test(is_kept_where_it_pays),
        cmocka_unit_test(large_ones_are_compressed_faster),
        cmocka_unit_test(gives_the_same_each_time),
        cmocka_unit_test(tells_what_the_reader_says),
        cmocka_unit_test(damage_is_named),
    };

    if (!compression_available()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
