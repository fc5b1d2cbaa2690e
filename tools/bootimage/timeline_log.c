// Reads a boot timeline out of a serial log. Called by timeline.c.
#include "timeline_log.h"

#include <stdlib.h>
#include <string.h>

#define BEGINNING    "boot timeline in "
#define MICROSECONDS "microseconds, time-stamp counter at "
#define CYCLES       "cycles of the time-stamp counter"
#define TOTAL        "total"

static const char *const part_names[TIMELINE_PARTS] = {
    [TIMELINE_STEP] = "step",
    [TIMELINE_READ] = "read",
    [TIMELINE_VERIFY] = "verify",
    [TIMELINE_DECOMPRESS] = "decompress",
};

// A line of the log, without its end; then what is left of it.
struct line {
    const char *text;
    size_t length;
};

struct parser {
    const char *next; // the line behind
    const char *end;
    unsigned number; // of the line, from 1
    struct timeline_log *timeline;
    struct message *why;
};

// ---- Lines and words ----------------------------------------------------------------------

static bool next_line(struct parser *parser, struct line *line)
{
    if (parser->next == parser->end) {
        return false;
    }
    const size_t left = (size_t)(parser->end - parser->next);
    const char *feed = memchr(parser->next, '\n', left);
    line->text = parser->next;
    line->length = feed != NULL ? (size_t)(feed - line->text) : left;
    parser->next += line->length + (feed != NULL ? 1 : 0);
    while (line->length != 0 && line->text[line->length - 1] == '\r') {
        line->length--;
    }
    parser->number++;
    return true;
}

static bool begins_with(const struct line *line, const char *text)
{
    const size_t length = strlen(text);
    return line->length >= length && memcmp(line->text, text, length) == 0;
}

static void drop(struct line *line, size_t bytes)
{
    line->text += bytes;
    line->length -= bytes;
}

static void skip_spaces(struct line *line)
{
    while (line->length != 0 && line->text[0] == ' ') {
        drop(line, 1);
    }
}

// Takes the next word out of the line; empty at its end.
static struct line take_word(struct line *line)
{
    struct line word;

    skip_spaces(line);
    word = *line;
    while (line->length != 0 && line->text[0] != ' ') {
        drop(line, 1);
    }
    word.length -= line->length;
    return word;
}

static bool word_is(const struct line *word, const char *text)
{
    return word->length == strlen(text) && memcmp(word->text, text, word->length) == 0;
}

// False when the next word is no number, or none of 64 bits.
static bool take_number(struct line *line, uint64_t *number)
{
    const struct line word = take_word(line);

    *number = 0;
    for (size_t i = 0; i < word.length; i++) {
        const unsigned digit = (unsigned)(unsigned char)word.text[i] - '0';
        if (digit > 9 || *number > (UINT64_MAX - digit) / 10) {
            return false;
        }
        *number = *number * 10 + digit;
    }
    return word.length != 0;
}

// The same, where a dash stands for none: 0.
static bool take_number_or_dash(struct line *line, uint64_t *number)
{
    struct line rest = *line;
    const struct line word = take_word(&rest);

    if (!word_is(&word, "-")) {
        return take_number(line, number);
    }
    *line = rest;
    *number = 0;
    return true;
}

// ---- Rows ---------------------------------------------------------------------------------

static bool refuse_line(struct parser *parser, const char *what)
{
    return message_refuse(parser->why, "line %u %s: boot again and keep the whole log",
                          parser->number, what);
}

// A row's numbers and names. `is_total`: it is the last one, and has no part.
static bool parse_row(struct line line, struct timeline_row *row, bool *is_total)
{
    struct line part;
    uint64_t rate;

    if (!take_number(&line, &row->from) || !take_number(&line, &row->took) ||
        !take_number_or_dash(&line, &row->bytes) || !take_number_or_dash(&line, &rate)) {
        return false;
    }
    part = take_word(&line);
    skip_spaces(&line);
    row->of = line.text;
    row->of_length = line.length;
    *is_total = word_is(&part, TOTAL);
    row->part = TIMELINE_STEP;
    while (!*is_total && row->part != TIMELINE_PARTS && !word_is(&part, part_names[row->part])) {
        row->part = (enum timeline_part)(row->part + 1);
    }
    return row->part != TIMELINE_PARTS;
}

// The step under way, and where the part before ended.
struct place {
    uint64_t step_begin;
    uint64_t step_end;
    uint64_t part_end;
};

// Whether the row can follow those before it.
static bool follows(const struct timeline_row *row, bool is_total, struct place *place)
{
    if (row->took > UINT64_MAX - row->from) {
        return false;
    }
    const uint64_t end = row->from + row->took;
    if (is_total) {
        return row->from == 0 && end == place->step_end && end != 0;
    }
    if (row->part == TIMELINE_STEP) {
        if (row->from != place->step_end) {
            return false;
        }
        *place = (struct place){row->from, end, row->from};
        return true;
    }
    // What was before the loader has no parts.
    if (place->step_begin == 0 || row->from < place->part_end || end > place->step_end) {
        return false;
    }
    place->part_end = end;
    return true;
}

static bool parse_rows(struct parser *parser)
{
    struct timeline_log *timeline = parser->timeline;
    struct place place = {0, 0, 0};
    struct line line;

    while (next_line(parser, &line)) {
        struct timeline_row row;
        bool is_total;

        if (!parse_row(line, &row, &is_total)) {
            return refuse_line(parser, "is no row of a timeline");
        }
        if (!follows(&row, is_total, &place)) {
            return refuse_line(parser, "has times that do not fit those before it");
        }
        if (is_total) {
            timeline->total = row.took;
            return true;
        }
        if (timeline->count == TIMELINE_ROWS_MOST) {
            return refuse_line(parser, "is one more than a timeline can have");
        }
        timeline->rows[timeline->count++] = row;
    }
    return message_refuse(parser->why, "ends before its boot timeline does: boot again and keep "
                                       "the whole log");
}

// ---- The beginning ------------------------------------------------------------------------

// Goes to the last beginning of a timeline; false when there is none.
static bool find_timeline(struct parser *parser, struct line *beginning)
{
    struct parser at = *parser;
    struct line line;
    bool found = false;

    while (next_line(&at, &line)) {
        if (begins_with(&line, BEGINNING)) {
            *parser = at;
            *beginning = line;
            found = true;
        }
    }
    return found;
}

static bool parse_unit(struct line line, bool *in_microseconds)
{
    uint64_t frequency;

    drop(&line, strlen(BEGINNING));
    *in_microseconds = begins_with(&line, MICROSECONDS);
    if (!*in_microseconds) {
        return word_is(&line, CYCLES);
    }
    drop(&line, strlen(MICROSECONDS));
    return take_number(&line, &frequency) && word_is(&line, " Hz");
}

bool timeline_log_parse(const char *text, size_t size, struct timeline_log *timeline,
                        struct message *why)
{
    struct parser parser = {.next = text, .end = text + size, .timeline = timeline, .why = why};
    struct line line;

    *timeline = (struct timeline_log){.rows = NULL};
    if (!find_timeline(&parser, &line)) {
        return message_refuse(why, "has no boot timeline: boot a kernel that prints one, as "
                                   "Firstlight's does with `timeline` on its command line");
    }
    if (!parse_unit(line, &timeline->in_microseconds)) {
        return refuse_line(&parser, "names no unit that is known");
    }
    if (next_line(&parser, &line)) {
        skip_spaces(&line);
        if (!begins_with(&line, "from ")) {
            return refuse_line(&parser, "is not the heading of a timeline");
        }
    }
    timeline->rows = malloc(TIMELINE_ROWS_MOST * sizeof(*timeline->rows));
    if (timeline->rows == NULL) {
        return message_refuse(why, "not enough memory");
    }
    if (!parse_rows(&parser)) {
        timeline_log_free(timeline);
        return false;
    }
    return true;
}

void timeline_log_free(struct timeline_log *timeline)
{
    free(timeline->rows);
    timeline->rows = NULL;
}
