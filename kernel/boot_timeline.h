// How long each step of the boot took, as text that people read and `bootimage timeline` draws.
// Pure; main.c prints it.
#ifndef KERNEL_BOOT_TIMELINE_H
#define KERNEL_BOOT_TIMELINE_H

#include "firstlight/boot_info.h"

#include <stddef.h>
#include <stdint.h>

// A line with its NUL: the longest name of a module and four numbers.
#define BOOT_TIMELINE_LINE 384

// Gets the lines one by one, without line feeds.
typedef void boot_timeline_sink(void *context, const char *line);

// Writes the whole table: a line that names the unit, which is microseconds where boot_info knows
// the time-stamp counter's frequency, else cycles; a heading; a row for each step and each part of
// an item; a last row with the total. `kernel_start`: the counter at the kernel's first
// instruction.
void boot_timeline_write(const struct boot_info *info, uint64_t kernel_start,
                         boot_timeline_sink *sink, void *context);

#endif
