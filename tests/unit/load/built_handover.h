// Plans and builds a hand-over as stage 2 does, and checks the page tables and boot_info that the
// kernel would find.
#ifndef BUILT_HANDOVER_H
#define BUILT_HANDOVER_H

#include "elf_builder.h"
#include "handover.h"
#include "memory_oracle.h"
#include "page_walker.h"

#include <stdbool.h>
#include <stdint.h>

#define BUILT_ITEMS 16
#define BUILT_TEXTS 8192

struct built_handover {
    struct test_map map;
    struct elf_file file;
    struct elf_kernel elf;
    struct kernel_layout layout;
    struct handover_input input;
    // What the test may set before the call.
    bool nx, gigabyte_pages;
    struct boot_request request;
    struct image_items items; // by handover_add_...
    struct image_item item_storage[BUILT_ITEMS];
    struct boot_item item_times[BUILT_ITEMS]; // by handover_try
    struct symbols_header symbols;
    char texts[BUILT_TEXTS];
    struct boot_info facts;
    char *command_line;
    struct handover handover;
    uint8_t *memory; // loader memory; null until it is built
    uint64_t physical;
    struct page_walker walker;
    uint64_t tables; // in use, of handover.tables_bytes
};

// A machine: usable memory from 1 MiB to `memory_end`, firmware's usual ranges around it.
void machine_map(struct test_map *map, uint64_t memory_end);

// Puts a module, or symbols (all `bytes` of the item, at least 40), into the image, as read to
// `physical`.
void handover_add_module(struct built_handover *built, const char *name, const char *command_line,
                         uint64_t physical, uint64_t bytes);
void handover_add_symbols(struct built_handover *built, uint64_t physical, uint64_t bytes);

// Takes kernel memory from built->map and plans. False, with a message, when the plan is refused.
bool handover_try(struct built_handover *built, const struct elf64_program_header *segments,
                  uint32_t count, const char *command_line, struct message *why);

// Takes loader memory and builds what handover_try has planned; a refusal fails the test.
void handover_build_planned(struct built_handover *built);

// Plans and builds; a refusal of either fails the test.
void handover_make(struct built_handover *built, const struct elf64_program_header *segments,
                   uint32_t count, const char *command_line);

// Fails the test unless what was built keeps the boot contract.
void handover_check(struct built_handover *built, const char *command_line);

void handover_free(struct built_handover *built);

#endif
