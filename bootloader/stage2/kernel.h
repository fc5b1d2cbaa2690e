// Brings the kernel to where it will run.
#ifndef STAGE2_KERNEL_H
#define STAGE2_KERNEL_H

#include "elf.h"
#include "firstlight/boot_request.h"
#include "image_format.h"
#include "kernel_layout.h"
#include "memory_map.h"

struct loaded_kernel {
    struct elf_kernel elf;
    struct boot_request request;
    struct kernel_layout layout;
    uint64_t physical; // where kernel memory begins
    uint8_t *memory;   // the same, for us
};

// Claims memory and reads the kernel there; checks it and its request; moves it by a slide
// (`random` decides which, where it may) and plans its pages. Stops with a message when anything is
// wrong.
void kernel_load(struct image_item *item, struct memory_map *map, uint64_t random,
                 struct loaded_kernel *kernel);

// Fills its pages and relocates it. The kernel's file may be destroyed by that.
void kernel_prepare(const struct loaded_kernel *kernel);

#endif
