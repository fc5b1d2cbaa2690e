// One line of text for a person: why something was refused. Written by `load`, printed by whoever
// called it (stage 2 on screen and COM1, the host tool on standard error), the same words in both.
#ifndef LOAD_MESSAGE_H
#define LOAD_MESSAGE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#define MESSAGE_CAPACITY 240

struct message {
    uint32_t length;             // bytes of text, without the NUL
    char text[MESSAGE_CAPACITY]; // ends with NUL; cut short where it does not fit
};

#if defined(__clang__) && !defined(_WIN32)
#define MESSAGE_FORMAT_CHECK __attribute__((format(printf, 2, 3)))
#else
#define MESSAGE_FORMAT_CHECK
#endif

// Replaces the text, and returns false: `return message_refuse(why, ...)` ends a check that failed.
// Conversions: %s, %%, and %u, %x, %llu, %llx (lower case), the numbers
// with an optional 0 flag and width (to 20), as in %02x. Anything else is printed as it stands.
/*@ requires \valid(message);
    assigns *message;
    ensures !\result; */
bool message_refuse(struct message *message, const char *format, ...) MESSAGE_FORMAT_CHECK;

// The same where nothing is refused. No function of its own: stage 2 has no room for it.
#define message_format(message, ...) ((void)message_refuse(message, __VA_ARGS__))

// Replaces the text by `what` and a plea to report what only a defect of the loader can cause;
// returns false.
/*@ requires \valid(message);
    assigns *message;
    ensures !\result; */
bool message_defect(struct message *message, const char *what);

// Appends to the text what message_format would have written.
/*@ requires \valid(message);
    assigns *message; */
void message_append(struct message *message, const char *format, ...) MESSAGE_FORMAT_CHECK;

// Bytes that are no printable ASCII may stand for a pair of bytes in stage 2, whose build packs its
// messages (tools/pack_messages.c): MESSAGE_FIRST_CODE for the first pair, and so on, after FFh
// from 00h; a pair that begins with 0 is none. Elsewhere there are no pairs.
#define MESSAGE_FIRST_CODE 0x80

extern const uint8_t message_pair_count;
extern const uint8_t message_pairs[][2]; // a pair's bytes are ASCII, or codes of pairs before it

// Appends, with the arguments as a list.
void message_append_list(struct message *message, const char *format, va_list arguments);

#endif
