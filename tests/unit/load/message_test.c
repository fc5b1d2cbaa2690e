// Unit tests of bootloader/load/message.c.
#include "message.h"
#include "unit.h"

static void formats_every_conversion(void **state)
{
    (void)state;
    struct message message;
    message_format(&message, "%s|%%|%u|%x", "text", 4294967295u, 0xBEEFu);
    assert_string_equal(message.text, "text|%|4294967295|beef");
    assert_int_equal(message.length, strlen(message.text));
    message_format(&message, "%llu|%llx", 18446744073709551615ull, 0xFEDCBA9876543210ull);
    assert_string_equal(message.text, "18446744073709551615|fedcba9876543210");
    message_format(&message, "%u|%x|%llu|%llx", 0u, 0u, 0ull, 0ull);
    assert_string_equal(message.text, "0|0|0|0");
}

static void pads_numbers(void **state)
{
    (void)state;
    struct message message;
    message_format(&message, "%02x|%08x|%4u|%016llx|%03llu", 5u, 0x1234u, 7u, 0xABCull, 12345ull);
    assert_string_equal(message.text, "05|00001234|   7|0000000000000abc|12345");
    message_format(&message, "%10llu|%1x", 123ull, 0xFFu);
    assert_string_equal(message.text, "       123|ff");
}

// Called without the compiler's check of the format, which would refuse what is tested.
static void format_unchecked(struct message *message, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    message->length = 0;
    message->text[0] = '\0';
    message_append_list(message, format, arguments);
    va_end(arguments);
}

static void prints_unknown_conversions_as_they_stand(void **state)
{
    (void)state;
    struct message message;
    format_unchecked(&message, "%d %5s %lu %q %", 1u);
    assert_string_equal(message.text, "%d %5s %lu %q %");
    format_unchecked(&message, "%ll");
    assert_string_equal(message.text, "%ll");
    format_unchecked(&message, "%08");
    assert_string_equal(message.text, "%08");
    format_unchecked(&message, "%d then %u", 42u);
    assert_string_equal(message.text, "%d then 42");
}

static void cuts_what_does_not_fit(void **state)
{
    (void)state;
    char text[MESSAGE_CAPACITY * 2];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct message message;
    message_format(&message, "%s%u", text, 1u);
    assert_int_equal(message.length, MESSAGE_CAPACITY - 1);
    assert_int_equal(strlen(message.text), MESSAGE_CAPACITY - 1);
    assert_memory_equal(message.text, text, MESSAGE_CAPACITY - 1);

    text[MESSAGE_CAPACITY - 1] = '\0';
    message_format(&message, "%s", text);
    assert_string_equal(message.text, text);
    // A width beyond 20 digits counts as 20.
    format_unchecked(&message, "%099999999999999999999u", 1u);
    assert_string_equal(message.text, "00000000000000000001");
}

static void appends(void **state)
{
    (void)state;
    struct message message;
    message_format(&message, "one");
    message_append(&message, ", %u", 2u);
    message_append(&message, "%s", "");
    message_append(&message, ", %x", 0x1Fu);
    assert_string_equal(message.text, "one, 2, 1f");
    assert_int_equal(message.length, 10);
    message_format(&message, "%s", "");
    assert_string_equal(message.text, "");
    assert_int_equal(message.length, 0);
}

static void refuses(void **state)
{
    (void)state;
    struct message message;
    message_format(&message, "old text that is longer");
    assert_false(message_refuse(&message, "no %s", "memory"));
    assert_string_equal(message.text, "no memory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_every_conversion),
        cmocka_unit_test(pads_numbers),
        cmocka_unit_test(prints_unknown_conversions_as_they_stand),
        cmocka_unit_test(cuts_what_does_not_fit),
        cmocka_unit_test(appends),
        cmocka_unit_test(refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
