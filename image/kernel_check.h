// All that stage 2 would say of a kernel item, said on the host: the same code, in the same order.
// Called by kernel_pack.c on what it has packed and by image_read.c on what it finds in an image.
#ifndef IMAGE_KERNEL_CHECK_H
#define IMAGE_KERNEL_CHECK_H

#include "elf.h"
#include "firstlight/boot_request.h"
#include "kernel_layout.h"
#include "message.h"
#include "slide.h"

#include <stdbool.h>
#include <stdint.h>

// A kernel that stage 2 will accept. The layout points to the ELF beside it: not to be copied.
struct checked_kernel {
    struct elf_kernel elf;
    struct boot_request request; // defaults put in
    struct slide_room room;
    struct kernel_layout layout;
    // What the kernel's image_item is to say.
    uint32_t item_flags;
    uint64_t memory_alignment;
    uint64_t memory_phase;
};

// Fills `checked` from the file of a kernel item, which must stay where it is. `alignment` is what
// a position-independent kernel's addresses are multiples of beyond what the packed file tells (the
// p_align of its segments as they were linked): a power of two, at most 1 GiB. False, with a
// message.
bool kernel_check(const void *file, uint64_t size, uint64_t alignment,
                  struct checked_kernel *checked, struct message *why);

#endif
