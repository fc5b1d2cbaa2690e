// Runs stage 2's checks of a kernel and works out where in memory it is to lie. Called by
// kernel_pack.c and image_read_items.c.
#include "kernel_check.h"

#include "handover.h"
#include "image_format.h"
#include "kernel_request.h"
#include "page.h"
#include "relocate.h"

static uint64_t greater(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

// The wish for large pages, and what the request demands of kernel_physical_base. Where both cannot
// be, the demand wins. Neither a demand nor the step of a slide is made coarser than 2 MiB for the
// sake of 1 GiB pages.
static void choose_memory(struct checked_kernel *checked, uint64_t alignment)
{
    const uint64_t demanded = checked->request.physical_alignment;
    const uint64_t demanded_phase = -checked->layout.base_offset & (demanded - 1);
    const bool moves = checked->elf.position_independent;
    uint64_t wished;
    uint64_t phase;

    kernel_layout_wish(&checked->layout, &wished, &phase);
    if (wished > PAGE_SIZE_2M && (moves || demanded > PAGE_BYTES)) {
        wished = PAGE_SIZE_2M;
        phase &= wished - 1;
    }
    const uint64_t common = wished < demanded ? wished : demanded;
    if (((phase ^ demanded_phase) & (common - 1)) != 0 || demanded > wished) {
        phase = demanded_phase;
    }
    checked->memory_alignment = greater(wished, demanded);
    if (moves) {
        checked->memory_alignment =
            greater(checked->memory_alignment, greater(checked->elf.alignment, alignment));
    }
    checked->memory_phase = phase;
}

bool kernel_check(const void *file, uint64_t size, uint64_t alignment,
                  struct checked_kernel *checked, struct message *why)
{
    if (!elf_parse(file, size, &checked->elf, why) ||
        !kernel_request_parse(&checked->elf, &checked->request, why) ||
        !kernel_layout_plan(&checked->elf, &checked->layout, why)) {
        return false;
    }
    choose_memory(checked, alignment);
    checked->item_flags = kernel_request_item_flags(&checked->request);
    if (!slide_room_for(&checked->elf, checked->memory_alignment, &checked->room, why) ||
        !relocate_check(&checked->elf, why)) {
        return false;
    }
    // All slides of the room keep the kernel in the same entries of the PML4.
    struct elf_kernel placed = checked->elf;
    elf_set_slide(&placed, checked->room.unmoved);
    return handover_addresses_fit(&placed, &checked->request, why);
}
