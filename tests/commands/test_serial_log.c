// What serial_log.c keeps of what a kernel wrote, and how it shows that.
#include "serial_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SHOWN_MOST 4096

static void append(struct serial_log *log, const char *text)
{
    assert_true(serial_log_append(log, text, strlen(text)));
}

// The log of `text` byte by byte, as slow serial gives it.
static struct serial_log log_of(const char *text)
{
    struct serial_log log = {0};

    for (; *text != '\0'; text++) {
        assert_true(serial_log_append(&log, text, 1));
    }
    return log;
}

static void keeps_lines(void **state)
{
    struct serial_log log = {0};

    (void)state;
    append(&log, "one\r\ntwo");
    assert_string_equal(log.text, "one\ntwo");
    append(&log, "\r\n");
    assert_true(serial_log_append(&log, "a\0b", 3));
    assert_string_equal(log.text, "one\ntwo\na b");
    assert_int_equal(log.length, strlen(log.text));
    serial_log_free(&log);
    assert_null(log.text);
}

static void grows(void **state)
{
    struct serial_log log = {0};
    static char block[5000];

    (void)state;
    memset(block, 'x', sizeof(block));
    for (unsigned i = 0; i < 50; i++) {
        assert_true(serial_log_append(&log, block, sizeof(block) - i));
        assert_int_equal(strlen(log.text), log.length);
    }
    serial_log_free(&log);
}

static void has_an_end(void **state)
{
    const size_t step = SERIAL_LOG_MOST / 4 + 1;
    struct serial_log log = {0};
    char *block = malloc(step);

    (void)state;
    assert_non_null(block);
    memset(block, 'x', step);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(serial_log_append(&log, block, step));
    }
    assert_false(serial_log_append(&log, block, step));
    assert_int_equal(log.length, SERIAL_LOG_MOST);
    assert_int_equal(strlen(log.text), SERIAL_LOG_MOST);
    assert_false(serial_log_append(&log, "x", 1));
    assert_true(serial_log_append(&log, "", 0));
    free(block);
    serial_log_free(&log);
}

static void check_error(const char *text, const char *expected)
{
    struct serial_log log = log_of(text);
    size_t length;
    const char *error = serial_log_loader_error(&log, &length);

    if (expected == NULL) {
        assert_null(error);
    } else {
        assert_non_null(error);
        assert_int_equal(length, strlen(expected));
        assert_memory_equal(error, expected, length);
    }
    serial_log_free(&log);
}

static void finds_the_loaders_error(void **state)
{
    const struct serial_log empty = {0};
    size_t length;

    (void)state;
    assert_null(serial_log_loader_error(&empty, &length));
    check_error("firstlight: disk error 20\r\n", "firstlight: disk error 20");
    check_error("SeaBIOS\r\n\r\nfirstlight: a\nfirstlight: b\n", "firstlight: a");
    check_error("firstlight: warning: no NX\nfirstlight: b\n", "firstlight: b");
    check_error("firstlight: warning: no NX\n", NULL);
    check_error("firstlight: not whole", NULL);
    check_error("a firstlight: inside\n", NULL);
    check_error("firstlight:\nfirstlight\n\n", NULL);
    check_error("\n\n\n", NULL);
}

// What is printed of at most `most` bytes of `text`.
static void check_shown(const char *text, size_t most, const char *expected)
{
    struct serial_log log = log_of(text);
    FILE *stream = tmpfile();
    char shown[SHOWN_MOST + 1];
    size_t length;

    assert_non_null(stream);
    serial_log_print(&log, most, stream);
    rewind(stream);
    length = fread(shown, 1, SHOWN_MOST, stream);
    shown[length] = '\0';
    (void)fclose(stream);
    assert_string_equal(shown, expected);
    serial_log_free(&log);
}

static void shows(void **state)
{
    (void)state;
    check_shown("", 100, "---- nothing came on serial ----\n");
    check_shown("a\tb\r\n", 100, "---- serial ----\na\tb\n---- end of serial ----\n");
    check_shown("no end", 100, "---- serial ----\nno end\n---- end of serial ----\n");
    check_shown("\x1b[1m\x7f\x80\xff", 100,
                "---- serial ----\n\\x1b[1m\\x7f\\x80\\xff\n---- end of serial ----\n");
}

static void shows_the_tail(void **state)
{
    (void)state;
    check_shown("one\ntwo\nthree\n", 14,
                "---- serial ----\none\ntwo\nthree\n"
                "---- end of serial ----\n");
    check_shown("one\ntwo\nthree\n", 12,
                "---- serial, the last 10 of 14 bytes ----\n"
                "two\nthree\n---- end of serial ----\n");
    check_shown("one\ntwo\nthree\n", 3,
                "---- serial, the last 3 of 14 bytes ----\n"
                "ee\n---- end of serial ----\n");
    check_shown("0123456789", 4,
                "---- serial, the last 4 of 10 bytes ----\n"
                "6789\n---- end of serial ----\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_lines), cmocka_unit_test(grows),
        cmocka_unit_test(has_an_end),  cmocka_unit_test(finds_the_loaders_error),
        cmocka_unit_test(shows),       cmocka_unit_test(shows_the_tail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
