// Chooses the virtual addresses of what is mapped around the kernel, in slots of 512 GiB, one for
// each entry of the root table. Called by handover.c, and by the host tool through
// handover_addresses_fit.
#include "address_space.h"

#include <string.h>

#define SLOT_SHIFT        39
#define SLOT_GIB          512ull
#define SLOTS             512u
#define HALF_SLOTS        256u // of the lower and of the higher half
#define HIGHER_HALF_BITS  0xFFFF000000000000u
#define LOADER_FIRST_SLOT ((DEFAULT_LOADER_REGION >> SLOT_SHIFT) & (SLOTS - 1))

// Who has a slot.
enum owner { NOBODY, KERNEL, RECURSIVE, DIRECT_MAP, LOADER, END_OF_HALF };

static const char *const owner_names[] = {
    [KERNEL] = "the kernel's segments",
    [RECURSIVE] = "the recursive slot",
    [DIRECT_MAP] = "the direct map",
    [END_OF_HALF] = "the end of the address space",
};

static unsigned slot_of(uint64_t virtual_address)
{
    return (unsigned)(virtual_address >> SLOT_SHIFT & (SLOTS - 1));
}

static uint64_t address_of_slot(unsigned slot)
{
    return (uint64_t)slot << SLOT_SHIFT | (slot >= HALF_SLOTS ? HIGHER_HALF_BITS : 0);
}

// Gives the kernel its slots; false when its segments cover a page of VGA text.
static bool take_for_kernel(const struct elf_kernel *elf, uint8_t *owners)
{
    bool vga_is_free = true;
    struct elf_segment segment;
    for (uint32_t cursor = 0; elf_next_segment(elf, &cursor, &segment);) {
        const uint64_t last_byte = elf_segment_last_byte(&segment);
        const unsigned first = slot_of(segment.virtual_address);
        memset(owners + first, KERNEL, slot_of(last_byte) - first + 1);
        if ((segment.virtual_address & ~PAGE_MASK) < VGA_TEXT_ADDRESS + VGA_TEXT_BYTES &&
            last_byte >= VGA_TEXT_ADDRESS) {
            vga_is_free = false;
        }
    }
    return vga_is_free;
}

// What is in the way of `count` slots from `first` on.
static enum owner obstacle(const uint8_t *owners, unsigned first, uint64_t count)
{
    if (count > HALF_SLOTS - first % HALF_SLOTS) {
        return END_OF_HALF;
    }
    for (; count > 0; count--) {
        if (owners[first] != NOBODY) {
            return owners[first];
        }
        first++;
    }
    return NOBODY;
}

static bool take_requested(uint8_t *owners, unsigned first, uint64_t count, enum owner owner,
                           struct message *why)
{
    const enum owner other = obstacle(owners, first, count);
    if (other != NOBODY) {
        return message_refuse(why,
                              "%s requested at 0x%llx, %llu GiB, collides with %s: change the boot "
                              "request or the kernel's addresses",
                              owner_names[owner], (unsigned long long)address_of_slot(first),
                              count * SLOT_GIB, owner_names[other]);
    }
    memset(owners + first, owner, (size_t)count);
    return true;
}

// The highest free slot from the default down; below the higher half when there is none.
static unsigned find_loader_slot(const uint8_t *owners)
{
    unsigned slot = LOADER_FIRST_SLOT;
    while (slot >= HALF_SLOTS && owners[slot] != NOBODY) {
        slot--;
    }
    return slot;
}

// The first of `count` free slots in the higher half; SLOTS when there are not so many in a row.
static unsigned find_direct_map_slot(const uint8_t *owners, uint64_t count)
{
    unsigned slot = HALF_SLOTS;
    while (slot < SLOTS && obstacle(owners, slot, count) != NOBODY) {
        slot++;
    }
    return slot;
}

bool address_space_choose(const struct elf_kernel *elf, const struct boot_request *request,
                          uint64_t last_byte, struct handover *handover, struct message *why)
{
    const bool wanted = (request->flags & BOOT_REQUEST_NO_DIRECT_MAP) == 0;
    const uint64_t count = (last_byte >> SLOT_SHIFT) + 1;
    uint8_t owners[SLOTS] = {NOBODY};
    handover->vga_text_mapped = take_for_kernel(elf, owners);
    if (request->recursive_slot != 0 &&
        !take_requested(owners, request->recursive_slot, 1, RECURSIVE, why)) {
        return false;
    }
    unsigned direct = slot_of(request->direct_map);
    if (direct != 0 && !take_requested(owners, direct, count, DIRECT_MAP, why)) {
        return false;
    }
    const unsigned loader = find_loader_slot(owners);
    if (loader >= HALF_SLOTS) {
        owners[loader] = LOADER;
    }
    if (direct == 0 && wanted) {
        direct = find_direct_map_slot(owners, count);
    }
    if (loader < HALF_SLOTS || direct == SLOTS) {
        return message_refuse(why,
                              "the address space has no room for %llu GiB of physical memory "
                              "beside the kernel: move its segments together, or use less memory",
                              (unsigned long long)(last_byte >> 30) + 1);
    }
    handover->loader_region = address_of_slot(loader);
    handover->direct_map = wanted ? address_of_slot(direct) : 0;
    handover->direct_map_size = wanted ? last_byte + 1 : 0;
    return true;
}

bool handover_addresses_fit(const struct elf_kernel *elf, const struct boot_request *request,
                            struct message *why)
{
    struct handover smallest;
    return address_space_choose(elf, request, DIRECT_MAP_MINIMUM - 1, &smallest, why);
}
