// Loads the kernel: file, boot request, slide, pages, relocations. Called by main.
#include "kernel.h"

#include "console.h"
#include "image.h"
#include "kernel_request.h"
#include "relocate.h"
#include "slide.h"

// Moves a position-independent kernel.
static bool slide_kernel(const struct image_item *item, uint64_t random,
                         struct loaded_kernel *kernel, struct message *why)
{
    struct slide_room room;
    if (!slide_room_for(&kernel->elf, item->memory_alignment, &room, why)) {
        return false;
    }
    const bool stays = (kernel->request.flags & BOOT_REQUEST_NO_RANDOMISATION) != 0;
    elf_set_slide(&kernel->elf, stays ? room.unmoved : slide_pick(&room, random));
    return true;
}

// What bootimage has written about the kernel must be what the kernel says itself.
static void check_item(const struct image_item *item, const struct loaded_kernel *kernel)
{
    const uint64_t base = kernel->physical + kernel->layout.base_offset;
    if (kernel->layout.memory_bytes > item->memory_bytes ||
        kernel_request_item_flags(&kernel->request) != item->flags ||
        (base & (kernel->request.physical_alignment - 1)) != 0) {
        fatal("the image header gives the kernel other flags, memory or alignment than its file "
              "wants: make the image again with bootimage");
    }
}

void kernel_load(struct image_item *item, struct memory_map *map, uint64_t random,
                 struct loaded_kernel *kernel)
{
    kernel->memory = image_load_item(item, map, BOOT_MEMORY_KERNEL, "kernel");
    kernel->physical = item->physical_address;
    struct message why;
    if (!elf_parse(kernel->memory, item->bytes, &kernel->elf, &why) ||
        !kernel_request_parse(&kernel->elf, &kernel->request, &why) ||
        !slide_kernel(item, random, kernel, &why) ||
        !kernel_layout_plan(&kernel->elf, &kernel->layout, &why)) {
        fatal_message(&why);
    }
    check_item(item, kernel);
}

void kernel_prepare(const struct loaded_kernel *kernel)
{
    kernel_layout_fill(&kernel->layout, kernel->memory);
    struct message why;
    if (!relocate(&kernel->layout, kernel->memory, &why)) {
        fatal_message(&why);
    }
}
