// Memory between guard pages, and the decoders' comparison. Used by lz4_decode_test.c and by
// tests/fuzz/target_lz4.c.
#include "decoders.h"

#include "fast_lz4.h"
#include "page.h"
#include "unit.h"

#include <sys/mman.h>

#define GUARDS  ((size_t)2 * PAGE_SIZE_4K)
#define FILLING 0xA5 // nobody relies on zeros

struct guarded {
    uint8_t *pages; // a guard, `bytes` rounded up to pages, a guard
    size_t pages_bytes;
    uint8_t *bytes;
};

enum side { AT_THE_END, AT_THE_BEGINNING, SIDES };

static struct guarded guarded_memory(size_t bytes, enum side side)
{
    struct guarded memory = {.pages_bytes = (size_t)page_round_up(bytes) + GUARDS};
    memory.pages = mmap(NULL, memory.pages_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(memory.pages, MAP_FAILED);
    const size_t inner = memory.pages_bytes - GUARDS;
    uint8_t *first = memory.pages + PAGE_SIZE_4K;
    if (inner != 0) {
        assert_int_equal(mprotect(first, inner, PROT_READ | PROT_WRITE), 0);
        memset(first, FILLING, inner);
    }
    memory.bytes = side == AT_THE_END ? first + inner - bytes : first;
    return memory;
}

static void release(struct guarded *memory)
{
    assert_int_equal(munmap(memory->pages, memory->pages_bytes), 0);
}

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
                       enum side side, size_t *end)
{
    struct guarded input = guarded_memory(decoding->input_bytes, side);
    struct guarded output = guarded_memory(decoding->capacity, side);
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
        assert_int_equal(*byte, FILLING);
    }
    if (decoding->start != 0) {
        assert_memory_equal(output.bytes, decoding->before, decoding->start);
    }
    release(&input);
    release(&output);
    return copy;
}

size_t decode_by_all(const struct decoding *decoding, uint8_t **output)
{
    size_t end;
    *output = decode(decoding, lz4_decode, AT_THE_END, &end);
#ifdef HAS_WIDE_DECODER
    for (enum side side = AT_THE_END; side < SIDES; side++) {
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
