// Packs stage 2's messages, which are a quarter of it, by pair coding: the pair of characters that
// occurs most often becomes one byte that is no printable ASCII, then the next pair, which may hold
// such bytes, and so on. load/message.c unpacks as it prints. Run by
// bootloader/stage2/CMakeLists.txt:
//
//     pack_messages DIRECTORY FILE.o...
//
// reads the compiler's assembly text, writes each file to DIRECTORY/FILE.s with its messages
// packed, and the pairs to DIRECTORY/message_pairs.s. A message is a string literal (not an array,
// whose size counts) with a blank and a small letter in it; what stands between a '%' and its
// conversion's letter stays as it is.
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CODE    0x80 // load/message.c: MESSAGE_FIRST_CODE
#define CODES         160  // bytes 80h to FFh, then 00h to 1Fh
#define BYTE_VALUES   256
#define LITERAL_LABEL ".L.str"
#define LINE_MAX      0x10000
#define PATH_BYTES    4096
#define LEAST_GAIN    3 // a pair's own entry takes two bytes

// A message; some of its bytes may not become part of a pair.
struct text {
    size_t length;
    uint8_t *bytes;
    bool *fixed;
};

struct texts {
    size_t count;
    struct text *all;
};

static _Noreturn void stop(const char *what, const char *which)
{
    (void)fprintf(stderr, "pack_messages: %s: %s\n", which, what);
    exit(EXIT_FAILURE);
}

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL) {
        stop(strerror(ENOMEM), "memory");
    }
    return memory;
}

static FILE *open_file(const char *path, const char *mode)
{
    FILE *file = fopen(path, mode);
    if (file == NULL) {
        stop(strerror(errno), path);
    }
    return file;
}

// ---- Reading ------------------------------------------------------------------------------

// Reads the quoted string of an .asciz directive: escapes are octal, \t, \n and the like. False
// when there is none, or one that this does not know.
static bool parse_string(const char *line, uint8_t *bytes, size_t *length)
{
    const char *at = strchr(line, '"');
    *length = 0;
    if (at == NULL) {
        return false;
    }
    for (at++; *at != '"'; at++) {
        if (*at == '\0' || (*at == '\\' && at[1] != '"' && at[1] != '\\')) {
            return false;
        }
        at += *at == '\\';
        bytes[(*length)++] = (uint8_t)*at;
    }
    return true;
}

static bool is_message(const uint8_t *bytes, size_t length)
{
    bool blank = false;
    bool letter = false;
    for (size_t i = 0; i < length; i++) {
        if (!isprint(bytes[i])) {
            return false;
        }
        blank |= bytes[i] == ' ';
        letter |= islower(bytes[i]) != 0;
    }
    return blank && letter;
}

static void fix_conversions(struct text *text)
{
    for (size_t i = 0; i < text->length; i++) {
        if (text->bytes[i] != '%') {
            continue;
        }
        text->fixed[i++] = true;
        while (i < text->length && (isdigit(text->bytes[i]) || text->bytes[i] == 'l')) {
            text->fixed[i++] = true;
        }
        if (i < text->length) {
            text->fixed[i] = true;
        }
    }
}

// Calls `visit` with every line of a file, and its message: a null pointer where there is none.
static void walk_lines(const char *path,
                       void (*visit)(const char *line, const struct text *message, void *context),
                       void *context)
{
    static char line[LINE_MAX];
    static uint8_t bytes[LINE_MAX];
    static bool fixed[LINE_MAX];
    FILE *file = open_file(path, "r");
    bool constants = false;
    bool literal = false;
    while (fgets(line, sizeof line, file) != NULL) {
        if (strstr(line, ".section\t") != NULL) {
            constants = strstr(line, ".section\t.rodata.str") != NULL;
        }
        if (isspace((unsigned char)line[0]) == 0) { // a label: arrays have names of their own
            literal = strncmp(line, LITERAL_LABEL, sizeof LITERAL_LABEL - 1) == 0;
        }
        struct text message = {.bytes = bytes, .fixed = fixed};
        const bool found = constants && literal && strstr(line, "\t.asciz\t") == line &&
                           parse_string(line, bytes, &message.length) &&
                           is_message(bytes, message.length);
        memset(fixed, 0, message.length * sizeof *fixed);
        fix_conversions(&message);
        visit(line, found ? &message : NULL, context);
    }
    if (ferror(file) != 0 || fclose(file) != 0) {
        stop(strerror(errno), path);
    }
}

static void collect(const char *line, const struct text *message, void *context)
{
    struct texts *texts = context;
    (void)line;
    if (message == NULL) {
        return;
    }
    texts->all = realloc(texts->all, (texts->count + 1) * sizeof *texts->all);
    if (texts->all == NULL) {
        stop(strerror(ENOMEM), "memory");
    }
    struct text *text = &texts->all[texts->count++];
    text->length = message->length;
    text->bytes = allocate(message->length + 1, sizeof *text->bytes);
    text->fixed = allocate(message->length + 1, sizeof *text->fixed);
    memcpy(text->bytes, message->bytes, message->length);
    memcpy(text->fixed, message->fixed, message->length * sizeof *text->fixed);
}

static void release(struct texts *texts)
{
    for (size_t i = 0; i < texts->count; i++) {
        free(texts->all[i].bytes);
        free(texts->all[i].fixed);
    }
    free(texts->all);
}

// ---- Packing ------------------------------------------------------------------------------

static uint8_t code_of(size_t pair)
{
    return (uint8_t)(FIRST_CODE + pair);
}

// Bytes that mean something else: the end of a text, the end of a line.
static bool is_taken(uint8_t code)
{
    return code == '\0' || code == '\n' || code == '\r';
}

static void replace_pair(struct text *text, const uint8_t pair[2], uint8_t code)
{
    size_t to = 0;
    for (size_t from = 0; from < text->length; from++, to++) {
        const bool is_pair = from + 1 < text->length && !text->fixed[from] &&
                             !text->fixed[from + 1] && text->bytes[from] == pair[0] &&
                             text->bytes[from + 1] == pair[1];
        text->bytes[to] = is_pair ? code : text->bytes[from];
        text->fixed[to] = text->fixed[from];
        from += is_pair;
    }
    text->length = to;
}

// The pair that occurs most often; the first of them in order of its bytes. False when none is
// worth its entry.
static bool best_pair(const struct texts *texts, uint8_t pair[2])
{
    static uint32_t counts[BYTE_VALUES][BYTE_VALUES];
    memset(counts, 0, sizeof counts);
    for (size_t i = 0; i < texts->count; i++) {
        const struct text *text = &texts->all[i];
        for (size_t at = 0; at + 1 < text->length; at++) {
            if (!text->fixed[at] && !text->fixed[at + 1]) {
                counts[text->bytes[at]][text->bytes[at + 1]]++;
            }
        }
    }
    uint32_t best = LEAST_GAIN - 1;
    for (size_t first = 0; first < BYTE_VALUES; first++) {
        for (size_t second = 0; second < BYTE_VALUES; second++) {
            if (counts[first][second] > best) {
                best = counts[first][second];
                pair[0] = (uint8_t)first;
                pair[1] = (uint8_t)second;
            }
        }
    }
    return best >= LEAST_GAIN;
}

static size_t choose_pairs(struct texts *texts, uint8_t pairs[CODES][2])
{
    size_t count = 0;
    for (; count < CODES; count++) {
        if (is_taken(code_of(count))) {
            continue; // an entry of zeros: no pair
        }
        if (!best_pair(texts, pairs[count])) {
            break;
        }
        for (size_t i = 0; i < texts->count; i++) {
            replace_pair(&texts->all[i], pairs[count], code_of(count));
        }
    }
    return count;
}

// ---- Writing ------------------------------------------------------------------------------

struct output {
    FILE *file;
    const uint8_t (*pairs)[2];
    size_t pair_count;
};

static void write_line(const char *line, const struct text *message, void *context)
{
    const struct output *output = context;
    if (message == NULL) {
        (void)fputs(line, output->file);
        return;
    }
    struct text text = *message;
    for (size_t i = 0; i < output->pair_count; i++) {
        if (!is_taken(code_of(i))) {
            replace_pair(&text, output->pairs[i], code_of(i));
        }
    }
    (void)fputs("\t.byte\t", output->file);
    for (size_t i = 0; i < text.length; i++) {
        (void)fprintf(output->file, "%u, ", text.bytes[i]);
    }
    (void)fputs("0\n", output->file);
}

static void close_output(FILE *file, const char *path)
{
    if (ferror(file) != 0 || fclose(file) != 0) {
        stop("cannot be written", path);
    }
}

// DIRECTORY/NAME.s for a path that ends in NAME.o.
static void output_path(const char *directory, const char *path, char output[PATH_BYTES])
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    const size_t length = strlen(name);
    if (length < 2 || strcmp(name + length - 2, ".o") != 0 ||
        snprintf(output, PATH_BYTES, "%s/%.*s.s", directory, (int)(length - 2), name) >=
            PATH_BYTES) {
        stop("not a name that ends in .o, or too long", path);
    }
}

static void write_pairs(const char *directory, const uint8_t (*pairs)[2], size_t count)
{
    char path[PATH_BYTES];
    output_path(directory, "message_pairs.o", path);
    FILE *file = open_file(path, "w");
    (void)fprintf(file,
                  "\t.section .rodata.message_pairs,\"a\",@progbits\n"
                  "\t.globl message_pairs\n\t.globl message_pair_count\n"
                  "message_pair_count:\n\t.byte %u\nmessage_pairs:\n",
                  (unsigned)count);
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(file, "\t.byte %u, %u\n", pairs[i][0], pairs[i][1]);
    }
    close_output(file, path);
}

int main(int argument_count, char **arguments)
{
    static uint8_t pairs[CODES][2];
    struct texts texts = {.count = 0};
    char path[PATH_BYTES];
    if (argument_count < 3) {
        stop("a directory and files are wanted", "arguments");
    }
    for (int i = 2; i < argument_count; i++) {
        walk_lines(arguments[i], collect, &texts);
    }
    const size_t count = choose_pairs(&texts, pairs);
    for (int i = 2; i < argument_count; i++) {
        output_path(arguments[1], arguments[i], path);
        struct output output = {open_file(path, "w"), pairs, count};
        walk_lines(arguments[i], write_line, &output);
        close_output(output.file, path);
    }
    write_pairs(arguments[1], pairs, count);
    release(&texts);
    return EXIT_SUCCESS;
}
