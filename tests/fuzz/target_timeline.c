// Fuzzes the reader of boot timelines in serial logs (tools/bootimage/timeline_log.c) and draws
// what it accepts. Steps follow each other, parts lie in their steps, and the drawing is whole.
// Input: a log.
#include "fuzz.h"
#include "timeline_svg.h"
#include "unit.h"

static void check_rows(const struct timeline_log *timeline, const char *text, size_t size)
{
    uint64_t step_end = 0;
    uint64_t part_end = 0;
    assert_in_range(timeline->count, 1, TIMELINE_ROWS_MOST);
    for (size_t i = 0; i < timeline->count; i++) {
        const struct timeline_row *row = &timeline->rows[i];
        uint64_t end;
        assert_false(__builtin_add_overflow(row->from, row->took, &end));
        assert_true(row->of >= text && row->of_length <= size - (size_t)(row->of - text));
        if (row->part == TIMELINE_STEP) {
            assert_int_equal(row->from, step_end);
            part_end = step_end;
            step_end = end;
        } else {
            assert_in_range(row->part, TIMELINE_READ, TIMELINE_DECOMPRESS);
            assert_true(row->from >= part_end && end <= step_end);
            part_end = end;
        }
    }
    assert_true(timeline->total == step_end && step_end != 0);
}

// Every tag that is opened is one of ours, and the last one is the end of all.
static void check_drawing(const struct growing_text *svg)
{
    static const char *const tags[] = {"svg ",   "title>", "style>", "text ",  "rect ",  "line ",
                                       "/title", "/style", "/text>", "/rect>", "/svg>\n"};
    static const char end[] = "</svg>\n";
    assert_true(svg->length > sizeof end);
    assert_memory_equal(svg->bytes + svg->length - (sizeof end - 1), end, sizeof end - 1);
    for (size_t i = 0; i < svg->length; i++) {
        assert_true(svg->bytes[i] == '\n' || (svg->bytes[i] >= ' ' && svg->bytes[i] <= '~'));
        bool known = svg->bytes[i] != '<';
        for (size_t tag = 0; !known && tag < sizeof tags / sizeof tags[0]; tag++) {
            const size_t length = strlen(tags[tag]);
            known = svg->length - i > length && memcmp(svg->bytes + i + 1, tags[tag], length) == 0;
        }
        assert_true(known);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct timeline_log timeline;
    struct message why;
    char *text = (char *)fuzz_copy(bytes, size);
    if (timeline_log_parse(text, size, &timeline, &why)) {
        struct growing_text svg = {.bytes = NULL};
        check_rows(&timeline, text, size);
        assert_true(timeline_svg_draw(&timeline, size % 2 == 0 ? 0 : size, &svg));
        check_drawing(&svg);
        growing_text_free(&svg);
        timeline_log_free(&timeline);
    } else {
        fuzz_check_refusal(&why);
    }
    free(text);
    return 0;
}
