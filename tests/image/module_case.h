// Made-up modules, and images of them. Shared by the unit tests of modules.
#ifndef MODULE_CASE_H
#define MODULE_CASE_H

#include "image_layout.h"
#include "test_support.h"

#include <stdint.h>

// A module's file: byte i is a function of i and of `seed`.
struct made_file {
    uint64_t seed;
    uint64_t bytes;
    uint64_t next;         // reading goes from the front to the back
    uint64_t passes;       // that have begun
    uint64_t change_after; // passes; other bytes then
    uint64_t fail_at;      // bytes that can be read
};

uint8_t byte_of(uint64_t seed, uint64_t at);

struct made_file made_file(uint64_t seed, uint64_t bytes);

struct image_module module_of(const char *name, const char *command_line, struct made_file *file);

void make_with(struct memory_image *image, const struct image_module *modules, uint32_t count);

#endif
