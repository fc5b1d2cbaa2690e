// The memory map as text for a person. Pure; main.c prints it.
#ifndef KERNEL_MEMORY_MEMORY_REPORT_H
#define KERNEL_MEMORY_MEMORY_REPORT_H

#include "firstlight/boot_info.h"

#include <stddef.h>
#include <stdint.h>

// A line of the table, with the NUL: it fits the screen.
#define MEMORY_REPORT_LINE 80

// The table's heading and one row of it, without line feeds. Return the length.
size_t memory_report_heading(char line[MEMORY_REPORT_LINE]);
size_t memory_report_row(char line[MEMORY_REPORT_LINE], const struct boot_memory_range *range);

// Bytes of all usable ranges.
uint64_t memory_report_usable(const struct boot_memory_range *map, uint64_t count);

#endif
