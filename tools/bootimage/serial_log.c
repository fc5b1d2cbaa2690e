// Keeps and prints what a kernel wrote to COM1. Called by machine.c, verdict.c and test.c.
#include "serial_log.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY  4096
#define FIRST_PRINTABLE 0x20
#define LAST_PRINTABLE  0x7E

static const char loader_prefix[] = "firstlight: ";
static const char warning_prefix[] = "firstlight: warning: ";

static bool make_room(struct serial_log *log, size_t size)
{
    size_t capacity = log->capacity != 0 ? log->capacity : FIRST_CAPACITY;
    char *text;

    while (capacity - log->length <= size) { // one more for the NUL
        capacity *= 2;
    }
    if (capacity == log->capacity) {
        return true;
    }
    text = realloc(log->text, capacity);
    if (text == NULL) {
        return false;
    }
    log->text = text;
    log->capacity = capacity;
    return true;
}

static bool starts_with(const char *line, size_t length, const char *prefix)
{
    return length >= strlen(prefix) && memcmp(line, prefix, strlen(prefix)) == 0;
}

// Looks at the line that ends where the log does.
static void end_line(struct serial_log *log)
{
    const char *line = log->text + log->line;
    const size_t length = log->length - log->line;

    if (log->error_length == 0 && starts_with(line, length, loader_prefix) &&
        !starts_with(line, length, warning_prefix)) {
        log->error = log->line;
        log->error_length = length;
    }
}

bool serial_log_append(struct serial_log *log, const char *bytes, size_t size)
{
    const size_t room = SERIAL_LOG_MOST - log->length;
    const size_t taken = size < room ? size : room;

    if (!make_room(log, taken)) {
        return false;
    }
    for (size_t i = 0; i < taken; i++) {
        if (bytes[i] == '\r') {
            continue;
        }
        if (bytes[i] == '\n') {
            end_line(log);
            log->line = log->length + 1;
        }
        log->text[log->length++] = (char)(bytes[i] != '\0' ? bytes[i] : ' ');
    }
    log->text[log->length] = '\0';
    return taken == size;
}

void serial_log_free(struct serial_log *log)
{
    free(log->text);
    memset(log, 0, sizeof(*log));
}

const char *serial_log_loader_error(const struct serial_log *log, size_t *length)
{
    *length = log->error_length;
    return log->error_length != 0 ? log->text + log->error : NULL;
}

// Where the last `most` bytes start: behind a line's end, where they have one.
static const char *tail(const struct serial_log *log, size_t most)
{
    const char *start;
    const char *line_end;

    if (log->length <= most) {
        return log->text;
    }
    start = log->text + (log->length - most);
    line_end = strchr(start, '\n');
    return line_end != NULL && line_end[1] != '\0' ? line_end + 1 : start;
}

static void print_byte(unsigned char byte, FILE *stream)
{
    if ((byte >= FIRST_PRINTABLE && byte <= LAST_PRINTABLE) || byte == '\n' || byte == '\t') {
        (void)fputc(byte, stream);
    } else {
        (void)fprintf(stream, "\\x%02x", byte);
    }
}

void serial_log_print(const struct serial_log *log, size_t most, FILE *stream)
{
    const char *start = tail(log, most);
    size_t length;

    if (log->length == 0) {
        (void)fputs("---- nothing came on serial ----\n", stream);
        return;
    }
    length = log->length - (size_t)(start - log->text);
    if (length < log->length) {
        (void)fprintf(stream, "---- serial, the last %zu of %zu bytes ----\n", length, log->length);
    } else {
        (void)fputs("---- serial ----\n", stream);
    }
    for (size_t i = 0; i < length; i++) {
        print_byte((unsigned char)start[i], stream);
    }
    if (start[length - 1] != '\n') {
        (void)fputc('\n', stream);
    }
    (void)fputs("---- end of serial ----\n", stream);
}
