// What all fuzz targets share. Called by them and by libFuzzer.
#include "fuzz.h"

#include "unit.h"

#include <stdio.h>

// The line that ends a boot: stage 2 writes what firmware, disk and kernel gave cause for.
#define LINE_START "firstlight: "
#define LINE_END   "\r\n"

int LLVMFuzzerInitialize(const int *argument_count, char ***arguments)
{
    (void)argument_count;
    (void)arguments;
    // Outside a test of its own cmocka would end the program with exit.
    return setenv("CMOCKA_TEST_ABORT", "1", 1);
}

uint64_t fuzz_number(struct fuzz_input *input, unsigned bytes)
{
    uint64_t number = 0;
    for (unsigned i = 0; i < bytes && input->left > 0; i++) {
        number |= (uint64_t)*input->bytes++ << 8 * i;
        input->left--;
    }
    return number;
}

uint32_t fuzz_below(struct fuzz_input *input, uint32_t bound)
{
    return (uint32_t)fuzz_number(input, bound <= UINT8_MAX + 1u ? 1 : 4) % bound;
}

uint8_t *fuzz_copy(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = allocate(size == 0 ? 1 : size);
    if (size != 0) {
        memcpy(copy, bytes, size);
    }
    return copy;
}

void fuzz_check_refusal(const struct message *why)
{
    assert_in_range(why->length, 1, MESSAGE_CAPACITY - sizeof LINE_START - (sizeof LINE_END - 1));
    assert_int_equal(strnlen(why->text, MESSAGE_CAPACITY), why->length);
    assert_null(strpbrk(why->text, LINE_END));
}
