// The decoders' comparison. Used by lz4_decode_test.c and by tests/fuzz/target_lz4.c.
#include "decoders.h"

#include "fast_lz4.h"
#include "guarded.h"
#include "page.h"
#include "unit.h"

bool has_wide_decoder(void)
{
#ifdef HAS_WIDE_DECODER
    return true;
#else
    return false;
#endif
}

static void fill(uint8_t *bytes, const uint8_t *from, size_t count)
{
    if (count != 0) {
        memcpy(bytes, from, count);
    }
}

// The output, from malloc, or null.
static uint8_t *decode(const struct decoding *decoding, lz4_decode_function *decoder,
                       enum guarded_side side, size_t *end)
{
    struct guarded input = guarded_allocate(decoding->input_bytes, side);
    struct guarded output = guarded_allocate(decoding->capacity, side);
    fill(input.bytes, decoding->input, decoding->input_bytes);
    fill(output.bytes, decoding->before, decoding->start);
    *end = decoder(input.bytes, decoding->input_bytes, output.bytes, decoding->start,
                   decoding->capacity);
    uint8_t *copy = NULL;
    if (*end != LZ4_DAMAGED) {
        assert_in_range(*end, decoding->start, decoding->capacity);
        copy = allocate(*end + 1);
        fill(copy, output.bytes, *end);
    }
    // In front of the output, in its page, nothing was written.
    for (const uint8_t *byte = output.pages + PAGE_SIZE_4K; byte < output.bytes; byte++) {
        assert_int_equal(*byte, GUARDED_FILLING);
    }
    if (decoding->start != 0) {
        assert_memory_equal(output.bytes, decoding->before, decoding->start);
    }
    guarded_release(&input);
    guarded_release(&output);
    return copy;
}

size_t decode_by_all(const struct decoding *decoding, uint8_t **output)
{
    size_t end;
    *output = decode(decoding, lz4_decode, GUARD_BEHIND, &end);
#ifdef HAS_WIDE_DECODER
    for (enum guarded_side side = GUARD_BEHIND; side < GUARDED_SIDES; side++) {
        size_t end_of_wide;
        uint8_t *wide = decode(decoding, lz4_decode_wide, side, &end_of_wide);
        assert_int_equal(end_of_wide, end);
        if (end != LZ4_DAMAGED) {
            assert_memory_equal(wide, *output, end);
        }
        free(wide);
    }
#endif
    return end;
}
