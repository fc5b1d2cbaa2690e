// kernel/lib/string.c against the host's functions. CMakeLists.txt compiles it with the prefix
// kernel_, so that both can be in one program.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

void *kernel_memcpy(void *restrict destination, const void *restrict source, size_t bytes);
void *kernel_memmove(void *destination, const void *source, size_t bytes);
void *kernel_memset(void *destination, int value, size_t bytes);
int kernel_memcmp(const void *a, const void *b, size_t bytes);
size_t kernel_strlen(const char *text);

#define ARENA   128
#define LONGEST 40 // several words and a rest
#define MIDDLE  44 // room for LONGEST on both sides

static unsigned char ours[ARENA];
static unsigned char theirs[ARENA];

// The same bytes in both, no two neighbours alike.
static void refill(void)
{
    for (size_t i = 0; i < ARENA; i++) {
        ours[i] = theirs[i] = (unsigned char)(i * 37 + 11);
    }
}

static void moves_at_every_distance(void **state)
{
    (void)state;
    for (size_t bytes = 0; bytes <= LONGEST; bytes++) {
        for (size_t to = MIDDLE - LONGEST; to <= MIDDLE + LONGEST; to++) {
            refill();
            assert_ptr_equal(kernel_memmove(ours + to, ours + MIDDLE, bytes), ours + to);
            memmove(theirs + to, theirs + MIDDLE, bytes);
            assert_memory_equal(ours, theirs, ARENA);
        }
    }
}

static void copies_every_length_and_alignment(void **state)
{
    (void)state;
    unsigned char source[LONGEST + 8];
    for (size_t i = 0; i < sizeof source; i++) {
        source[i] = (unsigned char)(0xF0 - i);
    }
    for (size_t bytes = 0; bytes <= LONGEST; bytes++) {
        for (size_t shift = 0; shift < 64; shift++) {
            refill();
            unsigned char *to = ours + shift / 8;
            assert_ptr_equal(kernel_memcpy(to, source + shift % 8, bytes), to);
            memcpy(theirs + shift / 8, source + shift % 8, bytes);
            assert_memory_equal(ours, theirs, ARENA);
        }
    }
}

static void sets_every_length_and_alignment(void **state)
{
    (void)state;
    static const int values[] = {0, 0x5A, 0xFF, -1, 0x1234}; // all but the low byte is dropped
    for (size_t v = 0; v < sizeof values / sizeof values[0]; v++) {
        for (size_t bytes = 0; bytes <= LONGEST; bytes++) {
            for (size_t shift = 0; shift < 8; shift++) {
                refill();
                assert_ptr_equal(kernel_memset(ours + shift, values[v], bytes), ours + shift);
                memset(theirs + shift, values[v], bytes);
                assert_memory_equal(ours, theirs, ARENA);
            }
        }
    }
}

static int sign(int number)
{
    return (number > 0) - (number < 0);
}

static void compares_bytes_as_unsigned(void **state)
{
    (void)state;
    for (size_t at = 0; at < 20; at++) {
        refill();
        ours[at] = 0x80;
        theirs[at] = 0x7F;
        assert_int_equal(sign(kernel_memcmp(ours, theirs, 20)), 1);
        assert_int_equal(sign(kernel_memcmp(theirs, ours, 20)), -1);
        assert_int_equal(kernel_memcmp(ours, theirs, at), 0);
        // The first difference counts, not the last.
        ours[at + 1] = 0;
        theirs[at + 1] = 0xFF;
        assert_int_equal(sign(kernel_memcmp(ours, theirs, 21)), 1);
    }
}

static void measures_strings(void **state)
{
    (void)state;
    assert_int_equal(kernel_strlen(""), 0);
    assert_int_equal(kernel_strlen("a"), 1);
    assert_int_equal(kernel_strlen("nine byte\0hidden"), 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves_at_every_distance),
        cmocka_unit_test(copies_every_length_and_alignment),
        cmocka_unit_test(sets_every_length_and_alignment),
        cmocka_unit_test(compares_bytes_as_unsigned),
        cmocka_unit_test(measures_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
