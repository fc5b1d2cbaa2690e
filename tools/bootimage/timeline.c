// bootimage timeline: draws the boot timeline that a kernel has printed. Called by main.c.
#include "commands.h"
#include "host_file.h"
#include "output.h"
#include "serial_log.h"
#include "timeline_log.h"
#include "timeline_svg.h"

#include <stdio.h>
#include <stdlib.h>

#define FREQUENCY_MAX 1000000000000u

enum { LOG, OUTPUT, FREQUENCY, FORCE, OPTION_COUNT };

static const struct option timeline_option_table[OPTION_COUNT] = {
    [LOG] = {.name = "SERIAL-LOG",
             .required = true,
             .help = "what the kernel wrote to COM1; of several timelines the last counts"},
    [OUTPUT] = {.name = "--output",
                .value = "FILE",
                .help = "the SVG to make; without it, standard output"},
    [FREQUENCY] = {.name = "--frequency",
                   .value = "HZ",
                   .help =
                       "cycles a second of the time-stamp counter, for a log in cycles: a kernel "
                       "on a machine that does not tell cannot know"},
    [FORCE] = {.name = "--force", .help = "replace the file if it is there"},
};

// 1 to FREQUENCY_MAX.
static bool parse_frequency(const char *text, uint64_t *frequency)
{
    *frequency = 0;
    for (; *text >= '0' && *text <= '9' && *frequency <= FREQUENCY_MAX; text++) {
        *frequency = *frequency * 10 + (uint64_t)(*text - '0');
    }
    return *text == '\0' && *frequency >= 1 && *frequency <= FREQUENCY_MAX;
}

static int write_file(const char *path, bool replace, const struct growing_text *svg)
{
    struct host_output output;
    struct message why;

    if (!host_output_begin(path, replace, &output, &why)) {
        return complain(path, why.text);
    }
    if (!host_output_write(&output, svg->bytes, svg->length, &why)) {
        host_output_abandon(&output);
        return complain(path, why.text);
    }
    return host_output_finish(&output, &why) ? EXIT_SUCCESS : complain(path, why.text);
}

// `values`: the options'. The log was read and is good.
static int draw(const struct timeline_log *timeline, uint64_t frequency, const char **values)
{
    struct growing_text svg = {.bytes = NULL};
    int status;

    if (!timeline_svg_draw(timeline, frequency, &svg)) {
        status = complain_of_system(NULL, "not enough memory");
    } else if (values[OUTPUT] != NULL) {
        status = write_file(values[OUTPUT], values[FORCE] != NULL, &svg);
    } else {
        (void)fwrite(svg.bytes, 1, svg.length, stdout);
        status = finish_output(EXIT_SUCCESS);
    }
    growing_text_free(&svg);
    return status;
}

static int read_and_draw(const char **values, uint64_t frequency)
{
    const char *path = values[LOG];
    struct host_bytes log;
    struct timeline_log timeline;
    struct message why;
    int status;

    if (!host_read_file(path, SERIAL_LOG_MOST, &log, &why)) {
        return complain(path, why.text);
    }
    if (!timeline_log_parse((const char *)log.bytes, (size_t)log.size, &timeline, &why)) {
        status = complain(path, why.text);
    } else {
        status = timeline.in_microseconds && frequency != 0
                     ? complain(path, "is in microseconds: leave --frequency out")
                     : draw(&timeline, frequency, values);
        timeline_log_free(&timeline);
    }
    free(log.bytes);
    return status;
}

static int run(char **arguments)
{
    const char *values[OPTION_COUNT];
    uint64_t frequency = 0;

    if (!options_parse(&timeline_command, arguments, values, NULL, NULL)) {
        return EXIT_USAGE;
    }
    if (values[FREQUENCY] != NULL && !parse_frequency(values[FREQUENCY], &frequency)) {
        (void)options_refuse(&timeline_command, "--frequency must be 1 to 1000000000000 Hz, not",
                             values[FREQUENCY]);
        return EXIT_USAGE;
    }
    if (values[OUTPUT] != NULL && host_same_file(values[LOG], values[OUTPUT])) {
        return complain(values[OUTPUT], "is the log itself: give --output another name");
    }
    return read_and_draw(values, frequency);
}

const struct command timeline_command = {
    .name = "timeline",
    .summary = "draw how long each step of a boot took",
    .usage = "SERIAL-LOG [OPTION]...",
    .description =
        "Draws an SVG from the table that Firstlight's kernel prints with the word timeline on its "
        "command line: a bar for each step of the loader and for each part of the image, with its "
        "duration and bytes a second.",
    .notes = "A log without such a table, or with one that cannot be, is refused with its line.",
    .options = timeline_option_table,
    .option_count = OPTION_COUNT,
    .run = run,
};
