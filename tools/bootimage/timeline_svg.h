// Draws a boot timeline as an SVG. Used by timeline.c.
#ifndef BOOTIMAGE_TIMELINE_SVG_H
#define BOOTIMAGE_TIMELINE_SVG_H

#include "timeline_log.h"

// Text that grows, from malloc. {0} to start with.
struct growing_text {
    char *bytes;
    size_t length;
    size_t capacity;
    bool failed; // not enough memory: what is there is of no use
};

// The whole file. `frequency`: cycles a second of a log in cycles, or 0: not known. Times begin
// where the loader does; what was before is named below the title. False when there is not enough
// memory.
bool timeline_svg_draw(const struct timeline_log *timeline, uint64_t frequency,
                       struct growing_text *svg);
void growing_text_free(struct growing_text *text);

#endif
