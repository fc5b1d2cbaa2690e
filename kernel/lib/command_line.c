// Looks words up in the command line; main.c asks for `exit`.
#include "lib/command_line.h"

#include "lib/string.h"

bool command_line_has_word(const char *line, size_t length, const char *word)
{
    const size_t word_length = strlen(word);
    size_t start = 0;
    while (start < length) {
        size_t end = start;
        while (end < length && line[end] != ' ') {
            end++;
        }
        if (end - start == word_length && memcmp(line + start, word, word_length) == 0) {
            return true;
        }
        start = end + 1;
    }
    return false;
}
