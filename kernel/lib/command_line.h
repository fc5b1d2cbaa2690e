// The kernel's command line: words among spaces.
#ifndef KERNEL_LIB_COMMAND_LINE_H
#define KERNEL_LIB_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>

// Whether `word` (not empty, without spaces) is one of the words of the line, all of it.
bool command_line_has_word(const char *line, size_t length, const char *word);

#endif
