// Shared by the unit tests of modules.
#include "module_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MOST_READ 0x10000u // by one call: no module is held in memory

uint8_t byte_of(uint64_t seed, uint64_t at)
{
    return (uint8_t)(1 + (at * 7 + at / 251 + seed) % 255);
}

static bool read_made_file(void *context, uint64_t offset, void *buffer, size_t size,
                           struct message *why)
{
    struct made_file *file = context;
    uint8_t *bytes = buffer;

    assert_true(size <= MOST_READ && offset + size <= file->bytes);
    if (offset == 0) {
        file->passes++;
        file->next = 0;
    }
    assert_int_equal(offset, file->next);
    file->next += size;
    if (offset + size > file->fail_at) {
        return message_refuse(why, "cannot be read");
    }
    for (size_t i = 0; i < size; i++) {
        bytes[i] = byte_of(file->seed + (file->passes > file->change_after), offset + i);
    }
    return true;
}

struct made_file made_file(uint64_t seed, uint64_t bytes)
{
    return (struct made_file){
        .seed = seed, .bytes = bytes, .change_after = UINT64_MAX, .fail_at = UINT64_MAX};
}

struct image_module module_of(const char *name, const char *command_line, struct made_file *file)
{
    return (struct image_module){
        .name = name,
        .command_line = command_line,
        .file = {read_made_file, file, file->bytes},
    };
}

void make_with(struct memory_image *image, const struct image_module *modules, uint32_t count)
{
    struct image_parts parts = {
        .command_line = "quiet",
        .command_line_bytes = 5,
        .modules = modules,
        .module_count = count,
    };

    make_image_of(image, &parts);
}
