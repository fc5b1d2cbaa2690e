// Fuzzes message_append against the C library's snprintf, cut where a message ends.
// Input: pieces, each a conversion (1 byte), a width (1) and a value (8), or a text up to a NUL.
#include "fuzz.h"
#include "unit.h"

#include <stdio.h>

#define PIECES_MOST    32u
#define WIDTH_MOST     20u
#define TEXT_MOST      300u
#define EXPECTED_BYTES (PIECES_MOST * TEXT_MOST)
#define FORMAT_BYTES   16u

enum { TEXT, PERCENT, UNSIGNED, HEXADECIMAL, LONG_UNSIGNED, LONG_HEXADECIMAL, KINDS };

static const char *const letters[KINDS] = {"s", "%", "u", "x", "llu", "llx"};

static size_t read_text(struct fuzz_input *input, char *text)
{
    size_t length = 0;
    while (length < TEXT_MOST - 1 && input->left > 0) {
        const char character = (char)fuzz_number(input, 1);
        if (character == '\0') {
            break;
        }
        text[length++] = character;
    }
    text[length] = '\0';
    return length;
}

// `format` is one conversion of those that both know.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wformat-nonliteral"
#pragma clang diagnostic ignored "-Wformat-security"
static int append(struct fuzz_input *input, struct message *message, char *expected)
{
    char format[FORMAT_BYTES] = "%";
    char text[TEXT_MOST];
    const unsigned kind = fuzz_below(input, KINDS);
    if (kind >= UNSIGNED) {
        const unsigned width = fuzz_below(input, WIDTH_MOST + 1);
        const bool zeros = fuzz_below(input, 2) != 0;
        if (width != 0) {
            (void)snprintf(format, sizeof format, zeros ? "%%0%u" : "%%%u", width);
        }
    }
    memcpy(format + strlen(format), letters[kind], strlen(letters[kind]) + 1);
    uint64_t value;
    switch (kind) {
    case TEXT:
        read_text(input, text);
        message_append(message, format, text);
        return snprintf(expected, TEXT_MOST, format, text);
    case PERCENT:
        message_append(message, format);
        return snprintf(expected, TEXT_MOST, format, 0);
    case UNSIGNED:
    case HEXADECIMAL:
        value = fuzz_number(input, 4);
        message_append(message, format, (unsigned)value);
        return snprintf(expected, TEXT_MOST, format, (unsigned)value);
    default:
        value = fuzz_number(input, 8);
        message_append(message, format, (unsigned long long)value);
        return snprintf(expected, TEXT_MOST, format, (unsigned long long)value);
    }
}
#pragma clang diagnostic pop

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct fuzz_input input = {bytes, size};
    static char expected[EXPECTED_BYTES + 1];
    size_t length = 0;
    struct message message;
    message_format(&message, "");
    for (unsigned i = 0; i < PIECES_MOST && input.left > 0; i++) {
        const int added = append(&input, &message, expected + length);
        assert_in_range(added, 0, TEXT_MOST - 1);
        length += (size_t)added;
    }
    const size_t kept = length < MESSAGE_CAPACITY ? length : MESSAGE_CAPACITY - 1;
    assert_int_equal(message.length, kept);
    assert_memory_equal(message.text, expected, kept);
    assert_int_equal(message.text[kept], '\0');
    return 0;
}
