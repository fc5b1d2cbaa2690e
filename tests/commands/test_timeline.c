// timeline_log.c: which logs hold a timeline; timeline_svg.c: what is drawn of one.
#include "timeline_svg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define UNIT    "boot timeline in microseconds, time-stamp counter at 2000000000 Hz\r\n"
#define HEADING "       from        took       bytes     bytes/s  part        of\r\n"
#define START   UNIT HEADING "0 500 - - step firmware and MBR\r\n"
#define KERNEL                                                                                     \
    "500 40 - - step kernel\r\n"                                                                   \
    "510 20 1000000 50000000000 read kernel\r\n"                                                   \
    "530 10 2000000 200000000000 decompress kernel\r\n"
#define TOTAL "0 540 - - total to the kernel's first instruction\r\n"

static struct timeline_log parsed(const char *text)
{
    struct timeline_log timeline;
    struct message why = {.text = ""};

    if (!timeline_log_parse(text, strlen(text), &timeline, &why)) {
        fail_msg("%s", why.text);
    }
    return timeline;
}

// Without the byte behind it, which must not be read.
static void assert_refused(const char *text, const char *words)
{
    struct timeline_log timeline;
    struct message why = {.text = ""};
    const size_t size = strlen(text);
    char *exact = malloc(size + 1); // malloc(0) may give nothing

    assert_non_null(exact);
    for (size_t i = 0; i < size; i++) {
        exact[i] = text[i];
    }
    char *end = realloc(exact, size != 0 ? size : 1);
    assert_false(timeline_log_parse(end, size, &timeline, &why));
    free(end);
    assert_null(timeline.rows);
    if (strstr(why.text, words) == NULL) {
        fail_msg("%s: not '%s'", text, why.text);
    }
}

static void a_timeline_is_read(void **state)
{
    (void)state;
    struct timeline_log timeline = parsed("SeaBIOS\nHello\n" START KERNEL TOTAL "more\n");
    assert_true(timeline.in_microseconds);
    assert_int_equal(timeline.total, 540);
    assert_int_equal(timeline.count, 4);
    const struct timeline_row *row = &timeline.rows[3];
    assert_int_equal(row->part, TIMELINE_DECOMPRESS);
    assert_int_equal(row->from, 530);
    assert_int_equal(row->took, 10);
    assert_int_equal(row->bytes, 2000000);
    assert_int_equal(row->of_length, 6);
    assert_memory_equal(row->of, "kernel", 6);
    timeline_log_free(&timeline);
}

static void the_last_of_several_counts(void **state)
{
    (void)state;
    struct timeline_log timeline =
        parsed(START "0 500 - - total x\n" // without line ends of a terminal, too
                     "boot timeline in cycles of the time-stamp counter\n" HEADING
                     "0 18446744073709551615 - - step all there is\n"
                     "0 18446744073709551615 - - total");
    assert_false(timeline.in_microseconds);
    assert_int_equal(timeline.count, 1);
    assert_true(timeline.total == UINT64_MAX);
    timeline_log_free(&timeline);
}

static void other_logs_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"", "has no boot timeline"},
        {"Hello\n boot timeline in cycles of the time-stamp counter\n", "has no boot timeline"},
        {"boot timeline in hours\n", "line 1 names no unit"},
        {"boot timeline in microseconds, time-stamp counter at x Hz\n", "line 1 names no unit"},
        {"boot timeline in microseconds, time-stamp counter at 1 kHz\n", "line 1 names no unit"},
        {UNIT "Hello\n", "line 2 is not the heading"},
        {UNIT, "ends before its boot timeline does"},
        {START, "ends before its boot timeline does"},
        {START KERNEL, "ends before its boot timeline does"},
        {START "\r\n", "line 4 is no row"},
        {START "500 40 - -\n", "line 4 is no row"},
        {START "500 40 - - walk x\n", "line 4 is no row"},
        {START "500 x - - step x\n", "line 4 is no row"},
        {START "500 -4 - - step x\n", "line 4 is no row"},
        {START "500 - - - step x\n", "line 4 is no row"},
        {START "500 18446744073709551616 - - step x\n", "line 4 is no row"},
        {START "500 99999999999999999999999999 - - step x\n", "line 4 is no row"},
        {START "500 18446744073709551615 - - step x\n", "line 4 has times that do not fit"},
        {START "499 40 - - step x\n", "line 4 has times that do not fit"},
        {START "501 40 - - step x\n", "line 4 has times that do not fit"},
        {UNIT HEADING "1 40 - - step x\n", "line 3 has times that do not fit"},
        {UNIT HEADING "0 40 1 1 read x\n", "line 3 has times that do not fit"},
        {UNIT HEADING "0 0 - - total x\n", "line 3 has times that do not fit"},
        {START KERNEL "539 2 1 1 read x\n", "line 7 has times that do not fit"},
        {START KERNEL "540 0 1 1 read x\n510 1 1 1 read x\n", "line 8 has times that do not fit"},
        {START KERNEL "0 541 - - total x\n", "line 7 has times that do not fit"},
        {START KERNEL "1 539 - - total x\n", "line 7 has times that do not fit"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_refused(cases[i].text, cases[i].words);
    }
}

static void too_many_rows_are_refused(void **state)
{
    (void)state;
    static char text[sizeof START + (TIMELINE_ROWS_MOST + 1) * (size_t)24];
    static const char row[] = "500 0 - - step x\n";
    size_t length = sizeof START - 1;

    memcpy(text, START, sizeof START);
    for (unsigned i = 0; i < TIMELINE_ROWS_MOST; i++) {
        memcpy(text + length, row, sizeof row);
        length += sizeof row - 1;
    }
    assert_refused(text, "is one more than a timeline can have");
}

// ---- Drawings -----------------------------------------------------------------------------

// The drawing, with a NUL behind it.
static struct growing_text drawn(const char *log, uint64_t frequency)
{
    struct timeline_log timeline = parsed(log);
    struct growing_text svg = {.bytes = NULL};

    assert_true(timeline_svg_draw(&timeline, frequency, &svg));
    char *text = realloc(svg.bytes, svg.length + 1);
    assert_non_null(text);
    text[svg.length] = '\0';
    svg.bytes = text;
    timeline_log_free(&timeline);
    return svg;
}

static void assert_drawn(const struct growing_text *svg, const char *words)
{
    if (strstr(svg->bytes, words) == NULL) {
        fail_msg("no '%s' in %s", words, svg->bytes);
    }
}

static void bars_have_their_places(void **state)
{
    (void)state;
    struct growing_text svg = drawn(START KERNEL TOTAL, 0);
    // 40 us on 470 pixels from 220 on.
    assert_drawn(&svg,
                 "<rect x=\"220.00\" y=\"70\" width=\"470.00\" height=\"14\" fill=\"#8a94a6\">"
                 "<title>kernel, step: 40.0 us</title>");
    assert_drawn(&svg,
                 "<rect x=\"337.50\" y=\"92\" width=\"235.00\" height=\"14\" fill=\"#2f6fbf\">"
                 "<title>kernel, read from disk: 20.0 us, 50.0 GB/s</title>");
    assert_drawn(&svg, "<rect x=\"572.50\" y=\"92\" width=\"117.50\"");
    assert_drawn(&svg, ">Boot timeline: 40.0 us in the loader</text>");
    assert_drawn(&svg, "The counter stood at 500 us when");
    assert_drawn(&svg, ">30.0 us</text>");   // the item
    assert_drawn(&svg, ">66.7 GB/s</text>"); // 2 MB in memory, in 30 us
    growing_text_free(&svg);
}

static void cycles_are_drawn_as_such(void **state)
{
    (void)state;
    static const char log[] = "boot timeline in cycles of the time-stamp counter\n" HEADING
                              "0 1000000 - - step firmware and MBR\n"
                              "1000000 3000000 - - step kernel\n"
                              "1000000 2000000 500000 - read kernel\n"
                              "0 4000000 - - total x\n";
    struct growing_text svg = drawn(log, 0);
    assert_drawn(&svg, "Boot timeline: 3.00 M cycles in the loader");
    assert_drawn(&svg, "2.00 M cycles, 250 B/k cycles</title>");
    growing_text_free(&svg);

    svg = drawn(log, 1000000000); // told
    assert_drawn(&svg, "Boot timeline: 3.00 ms in the loader");
    assert_drawn(&svg, "2.00 ms, 250 MB/s</title>");
    growing_text_free(&svg);
}

static void names_do_no_harm(void **state)
{
    (void)state;
    struct growing_text svg = drawn(START "500 40 - - step kernel\n"
                                          "500 1 1 1 read </text><script>&\x01\xFF"
                                          "0123456789abcdefghijklmnopqrstuvw\n" TOTAL,
                                    0);
    assert_drawn(&svg, "&lt;/text&gt;&lt;script&gt;&amp;??0123456789abcdefghijklmnopqrstuvw, read");
    assert_drawn(&svg, ">&lt;/text&gt;&lt;script&gt;&amp;??01234...</text>");
    assert_null(strstr(svg.bytes, "<script"));
    growing_text_free(&svg);
}

// No time at all after the first step: nothing is divided by it.
static void a_timeline_of_one_step_is_drawn(void **state)
{
    (void)state;
    struct growing_text svg = drawn(START "500 0 - - step x\n0 500 - - total x\n", 0);
    assert_drawn(&svg, "Boot timeline: 0 in the loader");
    assert_null(strstr(svg.bytes, "nan"));
    assert_null(strstr(svg.bytes, "inf"));
    growing_text_free(&svg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_timeline_is_read),     cmocka_unit_test(the_last_of_several_counts),
        cmocka_unit_test(other_logs_are_refused), cmocka_unit_test(too_many_rows_are_refused),
        cmocka_unit_test(bars_have_their_places), cmocka_unit_test(cycles_are_drawn_as_such),
        cmocka_unit_test(names_do_no_harm),       cmocka_unit_test(a_timeline_of_one_step_is_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
