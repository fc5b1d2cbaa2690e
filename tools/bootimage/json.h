// Writes JSON (RFC 8259) on standard output, in ASCII only, one value a line. Used by
// inspect_json.c.
#ifndef BOOTIMAGE_JSON_H
#define BOOTIMAGE_JSON_H

#include <stdbool.h>
#include <stdint.h>

// Where the writing is; all zero at the beginning.
struct json {
    unsigned depth;
    bool has_members; // of the innermost object or array
};

// `name` is that of an object's member, ASCII without quotes or backslashes; NULL in an array, and
// of the outermost value.
void json_open_object(struct json *json, const char *name);
void json_close_object(struct json *json);
void json_open_array(struct json *json, const char *name);
void json_close_array(struct json *json);

void json_number(struct json *json, const char *name, uint64_t value);
// As a string, "0x" and 16 digits: beyond 2^53 many readers round numbers.
void json_address(struct json *json, const char *name, uint64_t value);
void json_boolean(struct json *json, const char *name, bool value);
void json_null(struct json *json, const char *name);

// Any bytes as a string: what is not UTF-8 becomes U+FFFD, one for each byte.
void json_text(struct json *json, const char *name, const char *text, uint64_t length);

// Any bytes as a string of hexadecimal digits, two for each.
void json_bytes(struct json *json, const char *name, const char *bytes, uint64_t length);

#endif
