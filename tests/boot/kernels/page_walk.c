// Reads the page tables a kernel was entered with; see page_walk.h.
#include "page_walk.h"

#include "panic.h"

#include <stddef.h>

#define ENTRY_PRESENT  1u
#define ENTRY_WRITABLE 2u
#define ENTRY_USER     4u
#define ENTRY_LARGE    0x80u
#define ENTRY_NX       (UINT64_C(1) << 63)
#define ENTRY_ADDRESS  UINT64_C(0x000FFFFFFFFFF000)
#define TABLE_ENTRIES  512u
#define LEVELS         4u // 4 is the root, 1 the last
#define SIGN_BIT       (UINT64_C(1) << 47)

static uint64_t root_physical(void)
{
    uint64_t cr3;
    __asm__ volatile("movq %%cr3, %0" : "=r"(cr3));
    return cr3 & ENTRY_ADDRESS;
}

// Bytes that one entry of a table of this level covers.
static uint64_t entry_bytes(unsigned level)
{
    return UINT64_C(1) << (12 + 9 * (level - 1));
}

static bool is_leaf(uint64_t entry, unsigned level)
{
    return level == 1 || ((entry & ENTRY_LARGE) != 0 && level < LEVELS);
}

// What the mapping becomes below this entry.
static struct mapping narrowed(const struct mapping *above, uint64_t entry, unsigned level)
{
    struct mapping mapping = *above;
    mapping.bytes = entry_bytes(level);
    mapping.physical_base = entry & ENTRY_ADDRESS & ~(mapping.bytes - 1);
    mapping.writable = mapping.writable && (entry & ENTRY_WRITABLE) != 0;
    mapping.executable = mapping.executable && (entry & ENTRY_NX) == 0;
    mapping.user = mapping.user && (entry & ENTRY_USER) != 0;
    return mapping;
}

static const struct mapping everything = {.writable = true, .executable = true, .user = true};

bool page_walk(const struct boot_info *info, uint64_t address, struct mapping *mapping)
{
    uint64_t table = root_physical();
    *mapping = everything;
    for (unsigned level = LEVELS; level > 0; level--) {
        const uint64_t bytes = entry_bytes(level);
        const uint64_t index = (address / bytes) % TABLE_ENTRIES;
        const uint64_t entry = ((volatile uint64_t *)direct(info, table))[index];
        if ((entry & ENTRY_PRESENT) == 0) {
            return false;
        }
        *mapping = narrowed(mapping, entry, level);
        if (is_leaf(entry, level)) {
            mapping->virtual_base = address & ~(bytes - 1);
            return true;
        }
        table = entry & ENTRY_ADDRESS;
    }
    return false;
}

uint64_t physical_address(const struct boot_info *info, uint64_t address)
{
    struct mapping mapping;
    if (!page_walk(info, address, &mapping)) {
        panic("%#llx is not mapped", (unsigned long long)address);
    }
    return mapping.physical_base + (address - mapping.virtual_base);
}

// One level of the walk over all tables; either visitor may be missing.
struct visitors {
    void (*mapping)(const struct boot_info *info, const struct mapping *mapping);
    void (*table)(const struct boot_info *info, uint64_t physical);
};

static void visit_table(const struct boot_info *info, uint64_t table, unsigned level,
                        const struct mapping *above, const struct visitors *visitors)
{
    if (visitors->table != NULL) {
        visitors->table(info, table);
    }
    for (uint64_t index = 0; index < TABLE_ENTRIES; index++) {
        const uint64_t entry = ((volatile uint64_t *)direct(info, table))[index];
        const bool recursive =
            level == LEVELS && info->recursive_slot != 0 && index == info->recursive_slot;
        if ((entry & ENTRY_PRESENT) == 0 || recursive) {
            continue;
        }
        struct mapping mapping = narrowed(above, entry, level);
        mapping.virtual_base = above->virtual_base + index * entry_bytes(level);
        if ((mapping.virtual_base & SIGN_BIT) != 0) {
            mapping.virtual_base |= ~(SIGN_BIT - 1);
        }
        if (!is_leaf(entry, level)) {
            visit_table(info, entry & ENTRY_ADDRESS, level - 1, &mapping, visitors);
        } else if (visitors->mapping != NULL) {
            visitors->mapping(info, &mapping);
        }
    }
}

void for_each_mapping(const struct boot_info *info,
                      void (*visit)(const struct boot_info *info, const struct mapping *mapping))
{
    const struct visitors visitors = {.mapping = visit};
    visit_table(info, root_physical(), LEVELS, &everything, &visitors);
}

void for_each_table(const struct boot_info *info,
                    void (*visit)(const struct boot_info *info, uint64_t physical))
{
    const struct visitors visitors = {.table = visit};
    visit_table(info, root_physical(), LEVELS, &everything, &visitors);
}

const struct boot_memory_range *range_at(const struct boot_info *info, uint64_t physical)
{
    for (uint64_t i = 0; i < info->memory_map_count; i++) {
        const struct boot_memory_range *range = &info->memory_map[i];
        if (physical >= range->base && physical - range->base < range->length) {
            return range;
        }
    }
    return NULL;
}
