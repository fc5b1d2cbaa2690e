// The boot timeline that a kernel has printed (kernel/boot_timeline.h), read out of a serial log.
// Used by timeline.c; timeline_svg.c draws it. The log is believed only where it is checked.
#ifndef BOOTIMAGE_TIMELINE_LOG_H
#define BOOTIMAGE_TIMELINE_LOG_H

#include "message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// More than the largest image gives.
#define TIMELINE_ROWS_MOST 4096

enum timeline_part {
    TIMELINE_STEP,
    TIMELINE_READ,
    TIMELINE_VERIFY,
    TIMELINE_DECOMPRESS,
    TIMELINE_PARTS,
};

// Times in the log's unit.
struct timeline_row {
    enum timeline_part part;
    uint64_t from;
    uint64_t took;
    uint64_t bytes; // 0: none
    const char *of; // in the log, not terminated
    size_t of_length;
};

struct timeline_log {
    struct timeline_row *rows; // from malloc
    size_t count;              // at least 1: the first is a step, from 0
    uint64_t total;            // the end of the last step, at least 1
    bool in_microseconds;      // else in cycles of the time-stamp counter
};

// Reads the last timeline in the log. Steps follow each other without a gap; the parts behind a
// step lie in it, in order; sums do not overflow. False, with a message that names the line. `text`
// must outlive the rows.
bool timeline_log_parse(const char *text, size_t size, struct timeline_log *timeline,
                        struct message *why);
void timeline_log_free(struct timeline_log *timeline);

#endif
