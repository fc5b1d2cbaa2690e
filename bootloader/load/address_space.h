// Where in the kernel's address space the direct map and the loader region go. Called by
// handover.c.
#ifndef LOAD_ADDRESS_SPACE_H
#define LOAD_ADDRESS_SPACE_H

#include "handover.h"

#include <stdbool.h>
#include <stdint.h>

// Sets direct_map, direct_map_size, loader_region and vga_text_mapped; `last_byte` is the direct
// map's, a physical address. False, with a message, when something requested collides or there is
// no room.
bool address_space_choose(const struct elf_kernel *elf, const struct boot_request *request,
                          uint64_t last_byte, struct handover *handover, struct message *why);

#endif
