// Writes JSON. Called by inspect_json.c.
#include "json.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#define INDENT          2
#define REPLACEMENT     0xFFFDu // U+FFFD
#define FIRST_PRINTABLE 0x20
#define LAST_PRINTABLE  0x7E

// Characters beyond 16 bits are two surrogates in JSON.
#define SURROGATES_FROM 0x10000u
#define FIRST_SURROGATE 0xD800u
#define LAST_SURROGATE  0xDFFFu
#define SECOND_HALF     0xDC00u
#define SURROGATE_BITS  10
#define LAST_CODE_POINT 0x10FFFFu

static void begin_line(const struct json *json)
{
    (void)printf("\n%*s", (int)(json->depth * INDENT), "");
}

static void begin_value(struct json *json, const char *name)
{
    if (json->has_members) {
        (void)putchar(',');
    }
    if (json->depth != 0) {
        begin_line(json);
    }
    if (name != NULL) {
        (void)printf("\"%s\": ", name);
    }
    json->has_members = true;
}

static void open_value(struct json *json, const char *name, char bracket)
{
    begin_value(json, name);
    (void)putchar(bracket);
    json->depth++;
    json->has_members = false;
}

static void close_value(struct json *json, char bracket)
{
    json->depth--;
    if (json->has_members) {
        begin_line(json);
    }
    (void)putchar(bracket);
    json->has_members = true;
    if (json->depth == 0) {
        (void)putchar('\n');
    }
}

void json_open_object(struct json *json, const char *name)
{
    open_value(json, name, '{');
}

void json_close_object(struct json *json)
{
    close_value(json, '}');
}

void json_open_array(struct json *json, const char *name)
{
    open_value(json, name, '[');
}

void json_close_array(struct json *json)
{
    close_value(json, ']');
}

void json_number(struct json *json, const char *name, uint64_t value)
{
    begin_value(json, name);
    (void)printf("%" PRIu64, value);
}

void json_address(struct json *json, const char *name, uint64_t value)
{
    begin_value(json, name);
    (void)printf("\"0x%016" PRIx64 "\"", value);
}

void json_boolean(struct json *json, const char *name, bool value)
{
    begin_value(json, name);
    (void)fputs(value ? "true" : "false", stdout);
}

void json_null(struct json *json, const char *name)
{
    begin_value(json, name);
    (void)fputs("null", stdout);
}

// ---- Strings ------------------------------------------------------------------------------

// The character that the text begins with, and its bytes, at least 1: of what is not UTF-8 (RFC
// 3629: the shortest form, no surrogates, to U+10FFFF) one, as REPLACEMENT.
static uint32_t decode(const unsigned char *text, uint64_t length, uint64_t *bytes)
{
    static const struct {
        unsigned char mask, lead;
        uint32_t least; // what needs so many bytes
    } forms[] = {
        {0x80, 0x00, 0x00}, {0xE0, 0xC0, 0x80}, {0xF0, 0xE0, 0x800}, {0xF8, 0xF0, 0x10000}};

    *bytes = 1;
    for (size_t more = 0; more < sizeof(forms) / sizeof(forms[0]); more++) {
        if ((text[0] & forms[more].mask) != forms[more].lead) {
            continue;
        }
        uint32_t value = text[0] & (unsigned char)~forms[more].mask;
        if (more >= length) {
            return REPLACEMENT;
        }
        for (size_t i = 1; i <= more; i++) {
            if ((text[i] & 0xC0) != 0x80) {
                return REPLACEMENT;
            }
            value = value << 6 | (text[i] & 0x3F);
        }
        if (value < forms[more].least || value > LAST_CODE_POINT ||
            (value >= FIRST_SURROGATE && value <= LAST_SURROGATE)) {
            return REPLACEMENT;
        }
        *bytes = more + 1;
        return value;
    }
    return REPLACEMENT;
}

static void print_character(uint32_t character)
{
    if (character >= SURROGATES_FROM) {
        const uint32_t rest = character - SURROGATES_FROM;
        (void)printf("\\u%04" PRIx32 "\\u%04" PRIx32, FIRST_SURROGATE + (rest >> SURROGATE_BITS),
                     SECOND_HALF + (rest & ((1u << SURROGATE_BITS) - 1)));
    } else if (character < FIRST_PRINTABLE || character > LAST_PRINTABLE || character == '"' ||
               character == '\\') {
        (void)printf("\\u%04" PRIx32, character);
    } else {
        (void)putchar((int)character);
    }
}

void json_text(struct json *json, const char *name, const char *text, uint64_t length)
{
    uint64_t bytes;

    begin_value(json, name);
    (void)putchar('"');
    for (uint64_t i = 0; i < length; i += bytes) {
        print_character(decode((const unsigned char *)text + i, length - i, &bytes));
    }
    (void)putchar('"');
}

void json_bytes(struct json *json, const char *name, const char *bytes, uint64_t length)
{
    begin_value(json, name);
    (void)putchar('"');
    for (uint64_t i = 0; i < length; i++) {
        (void)printf("%02x", (unsigned char)bytes[i]);
    }
    (void)putchar('"');
}
