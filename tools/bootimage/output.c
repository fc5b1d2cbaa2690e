// Prints bootimage's lines. Called by main.c and all commands.
#include "output.h"

#include "commands.h"
#include "host_file.h"
#include "host_system.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_PRINTABLE  0x20
#define LAST_PRINTABLE   0x7E
#define DELETE_CHARACTER 0x7F

// ---- Colour -------------------------------------------------------------------------------

static enum { WHEN_AUTO, WHEN_ALWAYS, WHEN_NEVER } colour_when = WHEN_AUTO;

bool choose_colour(const char *when)
{
    if (strcmp(when, "auto") == 0) {
        colour_when = WHEN_AUTO;
    } else if (strcmp(when, "always") == 0) {
        colour_when = WHEN_ALWAYS;
    } else if (strcmp(when, "never") == 0) {
        colour_when = WHEN_NEVER;
    } else {
        return false;
    }
    return true;
}

static bool is_coloured(FILE *stream)
{
    const char *no_color = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");

    if (colour_when != WHEN_AUTO) {
        return colour_when == WHEN_ALWAYS;
    }
    return (no_color == NULL || *no_color == '\0') &&
           (terminal == NULL || strcmp(terminal, "dumb") != 0) && host_shows_colour(stream);
}

void print_in_colour(FILE *stream, enum colour colour, const char *text)
{
    static const char *const sequences[] = {
        // ECMA-48, "select graphic rendition"
        [COLOUR_GOOD] = "\033[32m",
        [COLOUR_BAD] = "\033[1;31m",
        [COLOUR_HEADING] = "\033[1m",
    };
    const bool coloured = is_coloured(stream);

    (void)fprintf(stream, "%s%s%s", coloured ? sequences[colour] : "", text,
                  coloured ? "\033[0m" : "");
}

// ---- Text ---------------------------------------------------------------------------------

void print_on_one_line(FILE *stream, const char *text)
{
    for (; *text != '\0'; text++) {
        const unsigned char byte = (unsigned char)*text;
        if (byte < FIRST_PRINTABLE || byte == DELETE_CHARACTER) {
            (void)fprintf(stream, "\\x%02x", byte);
        } else {
            (void)fputc(byte, stream);
        }
    }
}

void print_quoted(const char *text, uint64_t length)
{
    (void)putchar('"');
    for (uint64_t i = 0; i < length; i++) {
        const unsigned char byte = (unsigned char)text[i];
        if (byte >= FIRST_PRINTABLE && byte <= LAST_PRINTABLE && byte != '"' && byte != '\\') {
            (void)putchar(byte);
        } else {
            (void)printf("\\x%02x", byte);
        }
    }
    (void)putchar('"');
}

void begin_complaint(void)
{
    print_in_colour(stderr, COLOUR_BAD, "bootimage:");
    (void)fputc(' ', stderr);
}

int complain(const char *path, const char *text)
{
    begin_complaint();
    if (path != NULL) {
        print_on_one_line(stderr, path);
        (void)fputs(": ", stderr);
    }
    print_on_one_line(stderr, text);
    (void)fputc('\n', stderr);
    return host_failed() ? EXIT_SYSTEM : EXIT_REFUSED;
}

int complain_of_system(const char *path, const char *text)
{
    (void)complain(path, text);
    return EXIT_SYSTEM;
}

int finish_output(int status)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        return complain_of_system("standard output", "cannot be written");
    }
    return status;
}
