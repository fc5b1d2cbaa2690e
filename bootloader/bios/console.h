// Lines of text for the person in front of the machine, on screen and COM1.
#ifndef CONSOLE_H
#define CONSOLE_H

#include "message.h"

#ifdef __clang__
#define CONSOLE_FORMAT_CHECK __attribute__((format(printf, 1, 2)))
#else
#define CONSOLE_FORMAT_CHECK
#endif

// Prints the text as it is.
void console_show(const struct message *text);

// Prints the text as a line.
void console_print(struct message *line);

// Prints one line, always a new one, "firstlight: " and the text (message_format's conversions),
// and halts for ever.
_Noreturn void fatal(const char *format, ...) CONSOLE_FORMAT_CHECK;

// The same for a message that load has written.
_Noreturn void fatal_message(const struct message *message);

#endif
