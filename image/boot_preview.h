// What stage 2 will do with an image, worked out on the host by the same code: where in the address
// space everything will lie, and with which pages the kernel will be mapped. The machine is one
// without memory above 4 GiB that grants all wishes for memory. Called by bootimage inspect.
#ifndef IMAGE_BOOT_PREVIEW_H
#define IMAGE_BOOT_PREVIEW_H

#include "handover.h"
#include "image_read.h"
#include "kernel_check.h"
#include "message.h"
#include "page_tables.h"

#include <stdbool.h>
#include <stdint.h>

struct boot_preview {
    struct checked_kernel *kernel;
    const struct image_items *items;
    uint64_t relocation_count;
    struct handover handover;  // its virtual addresses
    struct page_tables tables; // of the kernel's segments; the pool is from malloc
};

// Slides the kernel to where it lies without randomisation and plans the rest. `kernel` and `items`
// must stay where they are; the items get physical addresses. False, with a message, when no such
// machine can boot it.
bool boot_preview_make(struct checked_kernel *kernel, const struct image_items *items,
                       struct boot_preview *preview, struct message *why);

// Size of the page that maps a virtual address of the kernel: PAGE_SIZE_*, 1 GiB on CPUs that have
// such pages; 0 where nothing is mapped, and throughout a kernel of more than 64 GiB.
uint64_t boot_preview_page_size(const struct boot_preview *preview, uint64_t virtual_address);

void boot_preview_free(struct boot_preview *preview);

#endif
