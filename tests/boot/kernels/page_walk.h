// Reads the page tables a kernel was entered with, by way of the direct map. Used by the test
// kernels that check what is mapped how.
// Source: Intel SDM volume 3A, section 4.5 (4-level paging).
#ifndef TEST_PAGE_WALK_H
#define TEST_PAGE_WALK_H

#include "firstlight/boot_info.h"

#include <stdbool.h>
#include <stdint.h>

#define PAGE_BYTES 0x1000u

// What one leaf entry maps, with the permissions of all levels above it taken in.
struct mapping {
    uint64_t virtual_base;
    uint64_t physical_base;
    uint64_t bytes; // 4 KiB, 2 MiB or 1 GiB
    bool writable;
    bool executable;
    bool user;
};

// False when the address is not mapped.
bool page_walk(const struct boot_info *info, uint64_t address, struct mapping *mapping);

// Physical address of what is mapped at a virtual address; panics when nothing is.
uint64_t physical_address(const struct boot_info *info, uint64_t address);

// Calls visit for every leaf, in order of address; for_each_table for every page table. Neither
// follows the recursive slot.
void for_each_mapping(const struct boot_info *info,
                      void (*visit)(const struct boot_info *info, const struct mapping *mapping));
void for_each_table(const struct boot_info *info,
                    void (*visit)(const struct boot_info *info, uint64_t physical));

// The range of the memory map that an address lies in; a null pointer where there is none.
const struct boot_memory_range *range_at(const struct boot_info *info, uint64_t physical);

// Where physical memory is seen through the direct map.
static inline volatile void *direct(const struct boot_info *info, uint64_t physical)
{
    return (volatile void *)(info->direct_map_offset + physical);
}

#endif
