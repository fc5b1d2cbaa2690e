// Fuzzes what is read out of a command line, slide_seed, against a reader that takes words apart
// first. Input: the command line, without NUL.
#include "fuzz.h"
#include "slide.h"
#include "unit.h"

#include <errno.h>

#define SEED_NAME "seed="

// Whether the word is a number of 64 bits.
static bool parse_number(const char *word, uint64_t *number)
{
    const bool hexadecimal = word[0] == '0' && word[1] == 'x' && word[2] != '\0';
    const char *digits = hexadecimal ? word + 2 : word;
    const char *known = hexadecimal ? "0123456789abcdefABCDEF" : "0123456789";
    if (*digits == '\0' || digits[strspn(digits, known)] != '\0') {
        return false;
    }
    errno = 0;
    *number = strtoull(digits, NULL, hexadecimal ? 16 : 10);
    return errno == 0;
}

// Looks at all words, the last seed counting. Returns whether it is a number, if there is one.
static bool expect(const char *text, size_t size, bool *found, uint64_t *seed)
{
    bool valid = true;
    *found = false;
    for (size_t start = 0; start < size;) {
        size_t end = start;
        while (end < size && (unsigned char)text[end] > ' ') {
            end++;
        }
        char *word = allocate(end - start + 1);
        memcpy(word, text + start, end - start);
        word[end - start] = '\0';
        if (strncmp(word, SEED_NAME, sizeof SEED_NAME - 1) == 0) {
            *found = true;
            valid = parse_number(word + sizeof SEED_NAME - 1, seed);
        }
        free(word);
        start = end + 1;
    }
    return valid;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct message why;
    bool found;
    bool expected_found;
    uint64_t seed = 0;
    uint64_t expected_seed = 0;
    char *text = (char *)fuzz_copy(bytes, size);
    const bool valid = slide_seed(text, size, &found, &seed, &why);
    assert_int_equal(valid, expect(text, size, &expected_found, &expected_seed));
    if (valid) {
        assert_int_equal(found, expected_found);
        assert_true(!found || seed == expected_seed);
    } else {
        fuzz_check_refusal(&why);
    }
    free(text);
    return 0;
}
