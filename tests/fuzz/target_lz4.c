// Fuzzes the decoders of LZ4, stage 2's in assembly too, between pages that cannot be touched. Of
// any bytes: both give the same, and what liblz4 accepts of them they accept, with the same output.
// Of what is compressed, by liblz4 and into chunks, all comes back. Input: how (1 byte), what
// stands in front of the output (1), room behind what comes out (2), then the block, or what is
// compressed.
#include "compress.h"
#include "decoders.h"
#include "decompress_item.h"
#include "fuzz.h"
#include "page.h"
#include "unit.h"

#include <lz4.h>
#include <lz4hc.h>

#define FIXED_BYTES 4u

// liblz4 takes an offset of 0 for a valid one, and gives any bytes.
static bool has_offset_0(const uint8_t *block, size_t size)
{
    size_t at = 0;
    while (at < size) {
        const uint8_t token = block[at++];
        const size_t lengths[] = {token >> 4, token & 15};
        size_t literals = lengths[0];
        for (uint8_t byte = 255; lengths[0] == 15 && byte == 255 && at < size; literals += byte) {
            byte = block[at++];
        }
        if (literals > size - at || size - at - literals < 2) {
            return false;
        }
        at += literals;
        if ((block[at] | block[at + 1]) == 0) {
            return true;
        }
        at += 2;
        for (uint8_t byte = 255; lengths[1] == 15 && byte == 255 && at < size;) {
            byte = block[at++];
        }
    }
    return false;
}

// liblz4 wants the last bytes of a block to be literals, in input and output; here they may be a
// match and a token.
static void check_any_block(const struct decoding *decoding)
{
    uint8_t *output;
    const size_t end = decode_by_all(decoding, &output);
    uint8_t *theirs = allocate(decoding->capacity + 1);
    memcpy(theirs, decoding->before, decoding->start);
    const int size = LZ4_decompress_safe_usingDict(
        (const char *)decoding->input, (char *)theirs + decoding->start, (int)decoding->input_bytes,
        (int)(decoding->capacity - decoding->start), (char *)theirs, (int)decoding->start);
    if (size >= 0 && !has_offset_0(decoding->input, decoding->input_bytes)) {
        assert_int_equal(end, decoding->start + (size_t)size);
        assert_memory_equal(output, theirs, end);
    }
    free(theirs);
    free(output);
}

static void check_compressed(const uint8_t *data, size_t size, size_t room, int level)
{
    const int bound = LZ4_compressBound((int)size);
    char *block = allocate((size_t)bound);
    const int block_bytes = LZ4_compress_HC((const char *)data, block, (int)size, bound, level);
    assert_true(block_bytes > 0);
    uint8_t *output;
    const struct decoding decoding = {(uint8_t *)block, (size_t)block_bytes, NULL, 0, size + room};
    assert_int_equal(decode_by_all(&decoding, &output), size);
    assert_memory_equal(output, data, size);
    free(output);
    free(block);
}

// As bootimage does: repeated, so that something is saved and there are several chunks.
static void check_item(const uint8_t *data, size_t size, size_t times)
{
    uint8_t *whole = allocate(size * times);
    for (size_t i = 0; i < size * times; i++) {
        whole[i] = (uint8_t)(data[i % size] ^ (i / size * 0x9D ^ i / size / 7));
    }
    struct compressed_item stored;
    struct message why;
    assert_true(compress_bytes(whole, size * times, COMPRESSION_LZ4, &stored, &why));
    if (stored.bytes != NULL) {
        struct image_item item = {.kind = IMAGE_ITEM_MODULE,
                                  .flags = IMAGE_ITEM_LZ4,
                                  .bytes = stored.size,
                                  .memory_bytes = page_round_up(size * times)};
        uint8_t *back = decompress_item(&item, stored.bytes, &why);
        assert_non_null(back);
        assert_int_equal(item.bytes, size * times);
        assert_memory_equal(back, whole, size * times);
        free(back);
    }
    compressed_item_free(&stored);
    free(whole);
}

enum { ANY_BLOCK, ANY_BLOCK_TOO, COMPRESSED, ITEM, FORMS };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size <= FIXED_BYTES) {
        return 0;
    }
    struct fuzz_input input = {bytes, size};
    const unsigned how = (unsigned)fuzz_number(&input, 1);
    const size_t start = (size_t)fuzz_number(&input, 1);
    const size_t room = (size_t)fuzz_number(&input, 2);
    switch (how % FORMS) {
    case COMPRESSED:
        check_compressed(input.bytes, input.left, room, 1 + (int)(how / FORMS) % LZ4HC_CLEVEL_MAX);
        break;
    case ITEM:
        check_item(input.bytes, input.left, 1 + start);
        break;
    default: {
        uint8_t before[UINT8_MAX + 1];
        for (size_t i = 0; i < start; i++) {
            before[i] = (uint8_t)(i * 7 + room);
        }
        check_any_block(&(struct decoding){input.bytes, input.left, before, start, start + room});
    }
    }
    return 0;
}
