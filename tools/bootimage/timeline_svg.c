// Draws a boot timeline as an SVG: a bar for each step, below it one for each item that it read,
// with a colour for each part. Called by timeline.c.
#include "timeline_svg.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// In pixels.
#define WIDTH        960
#define BARS_LEFT    220
#define BARS_WIDTH   470
#define TIME_RIGHT   800
#define RATE_RIGHT   940
#define TITLE_BASE   30
#define NOTE_BASE    52
#define ROWS_TOP     70
#define ROW_HEIGHT   22
#define BAR_HEIGHT   14
#define TEXT_BASE    12 // of a row's text, from the top of its bar
#define INDENT       16
#define LABEL_LEFT   16
#define AXIS_HEIGHT  34
#define LEGEND_ROOM  40
#define LEGEND_STEP  150
#define SWATCH       12
#define THINNEST_BAR 1.0

#define LABEL_MOST 26 // characters; the whole name is in the bar's tooltip
#define TICKS_MOST 8

#define MICROSECOND 1e-6

static const struct {
    const char *colour;
    const char *meaning;
} parts[TIMELINE_PARTS] = {
    [TIMELINE_STEP] = {"#8a94a6", "step"},
    [TIMELINE_READ] = {"#2f6fbf", "read from disk"},
    [TIMELINE_VERIFY] = {"#3a9d5d", "verify, copy"},
    [TIMELINE_DECOMPRESS] = {"#d98a29", "decompress"},
};

struct drawing {
    const struct timeline_log *timeline;
    struct growing_text *svg;
    double second; // in the log's unit; 0: not known
    uint64_t begin;
    double pixel; // of the log's units
};

// ---- Text ---------------------------------------------------------------------------------

#if defined(__clang__) && !defined(_WIN32)
#define SVG_FORMAT_CHECK __attribute__((format(printf, 2, 3)))
#else
#define SVG_FORMAT_CHECK
#endif

static bool make_room(struct growing_text *text, size_t bytes)
{
    if (text->failed || bytes <= text->capacity - text->length) {
        return !text->failed;
    }
    const size_t capacity = (text->capacity + bytes) * 2;
    char *larger = realloc(text->bytes, capacity);
    if (larger == NULL) {
        text->failed = true;
        return false;
    }
    text->bytes = larger;
    text->capacity = capacity;
    return true;
}

static void put(struct growing_text *text, const char *format, ...) SVG_FORMAT_CHECK;

static void put(struct growing_text *text, const char *format, ...)
{
    char buffer[512]; // more than any of the formats below gives
    va_list arguments;

    va_start(arguments, format);
    const int length = vsnprintf(buffer, sizeof(buffer), format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof(buffer)) {
        text->failed = true;
    } else if (make_room(text, (size_t)length)) {
        memcpy(text->bytes + text->length, buffer, (size_t)length);
        text->length += (size_t)length;
    }
}

// Text from the log: characters that XML knows otherwise are written out, what is not ASCII is not.
static void put_escaped(struct growing_text *text, const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        switch (name[i]) {
        case '&':
            put(text, "&amp;");
            break;
        case '<':
            put(text, "&lt;");
            break;
        case '>':
            put(text, "&gt;");
            break;
        default:
            put(text, "%c", name[i] >= ' ' && name[i] <= '~' ? name[i] : '?');
            break;
        }
    }
}

void growing_text_free(struct growing_text *text)
{
    free(text->bytes);
    *text = (struct growing_text){.bytes = NULL};
}

// ---- Amounts ------------------------------------------------------------------------------

#define AMOUNT_TEXT 32

struct unit {
    double size;
    const char *name;
};

// With three digits, in the largest unit of which there is one.
static void write_amount(char text[AMOUNT_TEXT], double amount, const struct unit *units,
                         size_t count)
{
    size_t i = 0;
    while (i + 1 < count && amount < units[i].size) {
        i++;
    }
    const double number = amount / units[i].size;
    const int decimals = number < 9.995 ? 2 : number < 99.95 ? 1 : 0;
    if (amount > 0) {
        (void)snprintf(text, AMOUNT_TEXT, "%.*f %s", decimals, number, units[i].name);
    } else {
        (void)snprintf(text, AMOUNT_TEXT, "0");
    }
}

static void write_time(char text[AMOUNT_TEXT], const struct drawing *drawing, double time)
{
    static const struct unit seconds[] = {{1, "s"}, {1e-3, "ms"}, {1e-6, "us"}};
    static const struct unit cycles[] = {
        {1e9, "G cycles"}, {1e6, "M cycles"}, {1e3, "k cycles"}, {1, "cycles"}};

    if (drawing->second != 0) {
        write_amount(text, time / drawing->second, seconds, 3);
    } else {
        write_amount(text, time, cycles, 4);
    }
}

static void write_rate(char text[AMOUNT_TEXT], const struct drawing *drawing, uint64_t bytes,
                       uint64_t took)
{
    static const struct unit rates[] = {{1e9, "GB/s"}, {1e6, "MB/s"}, {1e3, "kB/s"}, {1, "B/s"}};
    static const struct unit by_cycles[] = {{1, "B/cycle"}, {1e-3, "B/k cycles"}};

    text[0] = '\0';
    if (bytes == 0 || took == 0) {
        return;
    }
    const double rate = (double)bytes / (double)took;
    if (drawing->second != 0) {
        write_amount(text, rate * drawing->second, rates, 4);
    } else {
        write_amount(text, rate, by_cycles, 2);
    }
}

// ---- Rows ---------------------------------------------------------------------------------

static double across(const struct drawing *drawing, uint64_t time)
{
    return BARS_LEFT + (double)(time - drawing->begin) * drawing->pixel;
}

static void draw_bar(const struct drawing *drawing, const struct timeline_row *row, int top)
{
    struct growing_text *svg = drawing->svg;
    char time[AMOUNT_TEXT];
    char rate[AMOUNT_TEXT];
    double width = (double)row->took * drawing->pixel;

    width = width < THINNEST_BAR ? THINNEST_BAR : width;
    write_time(time, drawing, (double)row->took);
    write_rate(rate, drawing, row->bytes, row->took);
    put(svg, "<rect x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\" fill=\"%s\"><title>",
        across(drawing, row->from), top, width, BAR_HEIGHT, parts[row->part].colour);
    put_escaped(svg, row->of, row->of_length);
    put(svg, ", %s: %s%s%s</title></rect>\n", parts[row->part].meaning, time,
        rate[0] != '\0' ? ", " : "", rate);
}

static void draw_texts(const struct drawing *drawing, const struct timeline_row *row, int top,
                       uint64_t took, uint64_t bytes)
{
    struct growing_text *svg = drawing->svg;
    const bool is_step = row->part == TIMELINE_STEP;
    const size_t shown = row->of_length > LABEL_MOST ? LABEL_MOST - 3 : row->of_length;
    char text[AMOUNT_TEXT];

    put(svg, "<text x=\"%d\" y=\"%d\"%s>", is_step ? LABEL_LEFT : LABEL_LEFT + INDENT,
        top + TEXT_BASE, is_step ? "" : " class=\"item\"");
    put_escaped(svg, row->of, shown);
    write_time(text, drawing, (double)took);
    put(svg, "%s</text>\n<text class=\"number\" x=\"%d\" y=\"%d\">%s</text>\n",
        shown < row->of_length ? "..." : "", TIME_RIGHT, top + TEXT_BASE, text);
    write_rate(text, drawing, bytes, took);
    if (text[0] != '\0') {
        put(svg, "<text class=\"number\" x=\"%d\" y=\"%d\">%s</text>\n", RATE_RIGHT,
            top + TEXT_BASE, text);
    }
}

// How many rows from this one on make one of the drawing: a step by itself; an item's parts, each
// another than those before it, together.
static size_t count_together(const struct timeline_log *timeline, size_t first)
{
    const struct timeline_row *row = &timeline->rows[first];
    size_t count = 1;

    if (row->part == TIMELINE_STEP) {
        return 1;
    }
    while (first + count < timeline->count && row[count].part > row[count - 1].part &&
           row[count].of_length == row->of_length &&
           memcmp(row[count].of, row->of, row->of_length) == 0) {
        count++;
    }
    return count;
}

// Draws a step or an item; an item's rate is that of its bytes in memory.
static void draw_together(const struct drawing *drawing, size_t first, size_t count, int top)
{
    const struct timeline_row *row = &drawing->timeline->rows[first];
    const struct timeline_row *last = row + count - 1;

    for (size_t i = 0; i < count; i++) {
        draw_bar(drawing, &row[i], top);
    }
    draw_texts(drawing, row, top, last->from + last->took - row->from, last->bytes);
}

// The first row is what was before the loader, or, if the MBR's end has no stamp, before stage 2.
static void draw_rows(const struct drawing *drawing)
{
    int top = ROWS_TOP;

    for (size_t i = 1; i < drawing->timeline->count;) {
        const size_t count = count_together(drawing->timeline, i);
        draw_together(drawing, i, count, top);
        i += count;
        top += ROW_HEIGHT;
    }
}

// ---- What is around them ------------------------------------------------------------------

// The smallest of 1, 2, 5, 10, 20... that needs no more than TICKS_MOST for so much.
static double tick_distance(double length)
{
    double distance = 1;

    for (unsigned i = 0; length / distance > TICKS_MOST; i++) {
        distance *= i % 3 == 1 ? 2.5 : 2;
    }
    return distance;
}

static void draw_axis(const struct drawing *drawing, int bottom)
{
    struct growing_text *svg = drawing->svg;
    const double length = (double)(drawing->timeline->total - drawing->begin);
    // In microseconds, or in the log's unit: both are whole numbers of what can be told.
    const double unit = drawing->second != 0 ? drawing->second * MICROSECOND : 1;
    const double distance = tick_distance(length / unit) * unit;
    char text[AMOUNT_TEXT];

    for (unsigned tick = 0; tick * distance <= length; tick++) {
        const double at = tick * distance;
        const double x = BARS_LEFT + at * drawing->pixel;
        write_time(text, drawing, at);
        put(svg, "<line x1=\"%.2f\" y1=\"%d\" x2=\"%.2f\" y2=\"%d\"/>\n", x, ROWS_TOP - 4, x,
            bottom + 4);
        put(svg, "<text class=\"tick\" x=\"%.2f\" y=\"%d\">%s</text>\n", x, bottom + 18, text);
    }
}

static void draw_legend(const struct drawing *drawing, int top)
{
    struct growing_text *svg = drawing->svg;

    for (int part = 0; part < TIMELINE_PARTS; part++) {
        const int x = BARS_LEFT + part * LEGEND_STEP;
        put(svg, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>", x, top, SWATCH,
            SWATCH, parts[part].colour);
        put(svg, "<text x=\"%d\" y=\"%d\">%s</text>\n", x + SWATCH + 6, top + SWATCH - 1,
            parts[part].meaning);
    }
}

static void draw_title(const struct drawing *drawing)
{
    const struct timeline_log *timeline = drawing->timeline;
    struct growing_text *svg = drawing->svg;
    char text[AMOUNT_TEXT];

    write_time(text, drawing, (double)(timeline->total - drawing->begin));
    put(svg, "<text class=\"title\" x=\"%d\" y=\"%d\">Boot timeline: %s in the loader</text>\n",
        LABEL_LEFT, TITLE_BASE, text);
    write_time(text, drawing, (double)drawing->begin);
    put(svg,
        "<text x=\"%d\" y=\"%d\">The counter stood at %s when the first step began: "
        "firmware's time, where it counts from reset.</text>\n",
        LABEL_LEFT, NOTE_BASE, text);
    put(svg,
        "<text class=\"number\" x=\"%d\" y=\"%d\">time</text>\n"
        "<text class=\"number\" x=\"%d\" y=\"%d\">bytes a second</text>\n",
        TIME_RIGHT, TITLE_BASE, RATE_RIGHT, TITLE_BASE);
}

bool timeline_svg_draw(const struct timeline_log *timeline, uint64_t frequency,
                       struct growing_text *svg)
{
    const struct timeline_row *first = &timeline->rows[0];
    struct drawing drawing = {
        .timeline = timeline,
        .svg = svg,
        .second = timeline->in_microseconds ? 1 / MICROSECOND : (double)frequency,
        .begin = first->from + first->took,
    };
    int rows = 0;

    for (size_t i = 1; i < timeline->count; i += count_together(timeline, i)) {
        rows++;
    }
    const int bottom = ROWS_TOP + rows * ROW_HEIGHT;
    const uint64_t length = timeline->total - drawing.begin;
    drawing.pixel = length != 0 ? BARS_WIDTH / (double)length : 0;
    put(svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
        "viewBox=\"0 0 %d %d\">\n",
        WIDTH, bottom + AXIS_HEIGHT + LEGEND_ROOM, WIDTH, bottom + AXIS_HEIGHT + LEGEND_ROOM);
    put(svg, "<title>Boot timeline</title>\n<style>text { font: 13px sans-serif; fill: #222 } "
             ".title { font-size: 20px; font-weight: bold } .number { text-anchor: end } "
             ".item { fill: #555 } .tick { text-anchor: middle; font-size: 11px } "
             "line { stroke: #ddd }</style>\n");
    put(svg, "<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n");
    draw_title(&drawing);
    draw_axis(&drawing, bottom);
    draw_rows(&drawing);
    draw_legend(&drawing, bottom + AXIS_HEIGHT);
    put(svg, "</svg>\n");
    return !svg->failed;
}
