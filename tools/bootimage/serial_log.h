// What a kernel wrote to COM1, kept for a verdict. Used by machine.c, verdict.c and test.c.
#ifndef BOOTIMAGE_SERIAL_LOG_H
#define BOOTIMAGE_SERIAL_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define SERIAL_LOG_MOST ((size_t)64 << 20) // bytes; who writes more has run wild

// Starts as all zeros.
struct serial_log {
    char *text; // as it came, but no carriage returns, and spaces for NULs; ends with NUL
    size_t length;
    size_t capacity;
    size_t line;         // where the last line starts
    size_t error;        // the first line that tells why the loader does not boot, and its bytes;
    size_t error_length; // 0 while there is none
};

// Appends bytes as they came. False when SERIAL_LOG_MOST or memory is used up; the log holds what
// went in.
bool serial_log_append(struct serial_log *log, const char *bytes, size_t size);

void serial_log_free(struct serial_log *log);

// The first whole line in which the loader says why it does not boot, warnings not counted: where
// it starts, its bytes without the line's end in *length; NULL where there is none.
const char *serial_log_loader_error(const struct serial_log *log, size_t *length);

// Prints the last `most` bytes, from the start of a line where one is near, between two marks.
// What is not printable ASCII, line end or tab becomes \xNN.
void serial_log_print(const struct serial_log *log, size_t most, FILE *stream);

#endif
