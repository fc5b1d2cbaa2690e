// Grows stage 2's own view of memory. Called by bios/machine.c.
#include "identity_map.h"

#define TABLES_AT_START  3
#define MAPPED_AT_START  PAGE_SIZE_2M
#define DEVICES_END      0x100000000u
#define IDENTITY_MAP_END 0x800000000000u // half of what 4-level paging maps: 2^47

void identity_map_begin(struct identity_map *map, uint8_t *pool, uint64_t physical, uint32_t pages,
                        bool gigabyte_pages)
{
    map->tables = (struct page_tables){
        .pool_physical = physical,
        .pool_pages = pages,
        .used = TABLES_AT_START,
        .gigabyte_pages = gigabyte_pages,
    };
    map->tables.pool = pool;
}

// The gibibyte at `start`, but for the part of the first one that is mapped from the beginning.
static bool map_gibibyte(struct page_tables *tables, uint64_t start, struct message *why)
{
    const uint64_t skip = start == 0 ? MAPPED_AT_START : 0;
    // Below 4 GiB a page of 1 GiB might cover memory and devices.
    const uint64_t largest_page = start < DEVICES_END ? PAGE_SIZE_2M : PAGE_SIZE_1G;
    const unsigned long long reach = tables->pool_pages - TABLES_AT_START + 1; // in GiB
    if (!page_tables_map(tables, start + skip, start + skip, PAGE_SIZE_1G - skip, PAGE_WRITE,
                         largest_page, why)) {
        return message_refuse(why,
                              "memory at 0x%llx is out of the loader's reach: its page tables map "
                              "%llu GiB on a CPU without 1 GiB pages; make the kernel smaller",
                              (unsigned long long)start, reach);
    }
    return true;
}

bool identity_map_extend(struct identity_map *map, uint64_t address, uint64_t bytes,
                         struct message *why)
{
    if (address > IDENTITY_MAP_END || bytes > IDENTITY_MAP_END - address) {
        message_format(why,
                       "memory at 0x%llx is out of the loader's reach: use a machine with free "
                       "memory below 128 TiB",
                       (unsigned long long)address);
        return false;
    }
    const uint64_t end = address + bytes;
    if (end <= MAPPED_AT_START) {
        return true;
    }
    uint64_t start = address / PAGE_SIZE_1G * PAGE_SIZE_1G;
    for (; start < end; start += PAGE_SIZE_1G) {
        const uint64_t probe = start == 0 ? MAPPED_AT_START : start;
        if (!page_tables_maps(&map->tables, probe) && !map_gibibyte(&map->tables, start, why)) {
            return false;
        }
    }
    return true;
}
