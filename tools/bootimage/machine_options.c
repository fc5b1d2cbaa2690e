// Reads the numbers that `run` and `test` are given. Called by run.c and test.c.
#include "machine_options.h"

#include <stdlib.h>
#include <string.h>

#define MOST_DIGITS  5
#define MOST_SECONDS 86400u
#define DECIMAL      10

bool number_parse(const char *text, unsigned least, unsigned most, unsigned *number)
{
    unsigned long value = 0;

    if (*text == '\0' || strlen(text) > MOST_DIGITS || text[strspn(text, "0123456789")] != '\0') {
        return false;
    }
    value = strtoul(text, NULL, DECIMAL);
    *number = (unsigned)value;
    return value >= least && value <= most;
}

bool timeout_parse(const struct command *command, const char *text, unsigned *seconds)
{
    return text == NULL || number_parse(text, 1, MOST_SECONDS, seconds) ||
           options_refuse(command, "--timeout must be 1 to 86400 seconds, and is not", text);
}
