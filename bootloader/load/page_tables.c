// Builds 4-level page tables in a pool of pages, and says beforehand how many will do.
// Called by kernel_mapping.c and handover.c.
#include "page_tables.h"

#include <string.h>

#define ENTRIES_PER_TABLE 512u
#define INDEX_BITS        9

// Address bits below the index into a table whose entries map pages, or tables, of that size.
#define SHIFT_4K   12
#define SHIFT_2M   21
#define SHIFT_1G   30
#define SHIFT_ROOT 39

// Intel SDM volume 3A, tables 4-15 to 4-20.
#define ENTRY_PRESENT    0x1u
#define ENTRY_WRITABLE   0x2u
#define ENTRY_LARGE      0x80u // PS: maps a page of 2 MiB or 1 GiB
#define ENTRY_NO_EXECUTE 0x8000000000000000u
#define ENTRY_ADDRESS    0x000FFFFFFFFFF000u

// Permissions are decided where the page is mapped; the tables above allow everything.
#define TABLE_ENTRY_BITS (ENTRY_PRESENT | ENTRY_WRITABLE)

// Takes a table, not cleared, from the pool; null, with a message, when there is none left.
static uint64_t *take_table(struct page_tables *tables, struct message *why)
{
    if (tables->used >= tables->pool_pages) {
        message_defect(why, "too few pages set aside for page tables");
        return NULL;
    }
    return (uint64_t *)(void *)(tables->pool + tables->used++ * PAGE_SIZE_4K);
}

bool page_tables_begin(struct page_tables *tables, struct message *why)
{
    tables->used = 0;
    tables->free_bytes = 0;
    tables->last_key = 0;
    uint64_t *root = take_table(tables, why);
    if (root == NULL) {
        return false;
    }
    memset(root, 0, PAGE_SIZE_4K);
    return true;
}

void page_tables_set_recursive(struct page_tables *tables, uint32_t slot)
{
    uint64_t *root = (uint64_t *)(void *)tables->pool;
    root[slot] = tables->pool_physical | TABLE_ENTRY_BITS | (tables->nx ? ENTRY_NO_EXECUTE : 0);
}

static bool refuse_mapped(uint64_t virtual_address, struct message *why)
{
    return message_refuse(why,
                          "virtual address 0x%llx would be mapped twice: move the kernel's "
                          "segments apart",
                          (unsigned long long)virtual_address);
}

// The table whose entries map pages of `shift` bits at the address; tables that are missing are
// taken. *fresh: it was missing itself, and is not cleared.
static uint64_t *find_table(struct page_tables *tables, uint64_t virtual_address, unsigned shift,
                            bool *fresh, struct message *why)
{
    uint64_t *table = (uint64_t *)(void *)tables->pool;
    const uint64_t key = (virtual_address >> shift & ~(uint64_t)(ENTRIES_PER_TABLE - 1)) | shift;
    *fresh = false;
    if (key == tables->last_key) {
        return tables->last;
    }
    for (unsigned level = SHIFT_ROOT; level > shift; level -= INDEX_BITS) {
        if (*fresh) {
            memset(table, 0, PAGE_SIZE_4K);
        }
        uint64_t *entry = &table[virtual_address >> level & (ENTRIES_PER_TABLE - 1)];
        *fresh = (*entry & ENTRY_PRESENT) == 0;
        if (*fresh) {
            table = take_table(tables, why);
            if (table == NULL) {
                return NULL;
            }
            *entry = (tables->pool_physical + (uint64_t)((uint8_t *)table - tables->pool)) |
                     TABLE_ENTRY_BITS;
            if (level == SHIFT_ROOT) {
                tables->free_from = virtual_address;
                tables->free_bytes =
                    PAGE_TABLE_SLOT_SIZE - (virtual_address & (PAGE_TABLE_SLOT_SIZE - 1));
            }
        } else if ((*entry & ENTRY_LARGE) != 0) {
            refuse_mapped(virtual_address, why);
            return NULL;
        } else {
            uint64_t offset = (*entry & ENTRY_ADDRESS) - tables->pool_physical;
            table = (uint64_t *)(void *)(tables->pool + offset);
        }
    }
    tables->last_key = key;
    tables->last = table;
    return table;
}

// Bits of the largest page that may begin here.
static unsigned largest_shift(uint64_t both_addresses, uint64_t bytes, uint64_t largest_page,
                              bool gigabyte_pages)
{
    if (gigabyte_pages && largest_page >= PAGE_SIZE_1G && bytes >= PAGE_SIZE_1G &&
        (both_addresses & (PAGE_SIZE_1G - 1)) == 0) {
        return SHIFT_1G;
    }
    if (largest_page >= PAGE_SIZE_2M && bytes >= PAGE_SIZE_2M &&
        (both_addresses & (PAGE_SIZE_2M - 1)) == 0) {
        return SHIFT_2M;
    }
    return SHIFT_4K;
}

static bool all_free(const uint64_t *entry, uint64_t count)
{
    uint64_t used = 0;
    for (; count != 0; count--) {
        used |= *entry++;
    }
    return (used & ENTRY_PRESENT) == 0;
}

// Whether a span inside one slot of the root is known to be free; from now on only what lies behind
// it is. Most of a boot's mappings ascend through a slot of their own and need no other check.
static bool take_free(struct page_tables *tables, uint64_t virtual_address, uint64_t bytes)
{
    const uint64_t skipped = virtual_address - tables->free_from;
    if (skipped >= tables->free_bytes) {
        return false;
    }
    tables->free_from += skipped + bytes;
    tables->free_bytes -= skipped + bytes;
    return true;
}

// Clears all of a fresh table but the entries index to index + count - 1, which are filled next.
static void clear_others(uint64_t *table, uint64_t index, uint64_t count)
{
    const uint64_t end = index + count;
    memset(table, 0, (size_t)(index * sizeof *table));
    memset(table + end, 0, (size_t)((ENTRIES_PER_TABLE - end) * sizeof *table));
}

bool page_tables_map(struct page_tables *tables, uint64_t virtual_address,
                     uint64_t physical_address, uint64_t bytes, uint32_t permissions,
                     uint64_t largest_page, struct message *why)
{
    uint64_t bits = ENTRY_PRESENT | (permissions & PAGE_WRITE ? ENTRY_WRITABLE : 0) |
                    (tables->nx && !(permissions & PAGE_EXECUTE) ? ENTRY_NO_EXECUTE : 0);
    while (bytes > 0) {
        unsigned shift = largest_shift(virtual_address | physical_address, bytes, largest_page,
                                       tables->gigabyte_pages);
        bool fresh;
        uint64_t *table = find_table(tables, virtual_address, shift, &fresh, why);
        if (table == NULL) {
            return false;
        }
        uint64_t index = virtual_address >> shift & (ENTRIES_PER_TABLE - 1);
        uint64_t count = bytes >> shift;
        if (count > ENTRIES_PER_TABLE - index) {
            count = ENTRIES_PER_TABLE - index;
        }
        const bool known_free = take_free(tables, virtual_address, count << shift);
        if (fresh) {
            clear_others(table, index, count);
        } else if (!known_free && !all_free(table + index, count)) {
            return refuse_mapped(virtual_address, why);
        }
        page_table_fill(table + index, count,
                        physical_address | bits | (shift != SHIFT_4K ? ENTRY_LARGE : 0),
                        (uint64_t)1 << shift);
        virtual_address += count << shift;
        physical_address += count << shift;
        bytes -= count << shift;
    }
    return true;
}

// A piece touches at most two units more than its length fills.
uint64_t page_tables_at_most(uint64_t bytes)
{
    uint64_t tables = 0;
    for (unsigned shift = SHIFT_2M; shift <= SHIFT_ROOT; shift += INDEX_BITS) {
        tables += (bytes >> shift) + 2;
    }
    return tables;
}

bool page_tables_maps(const struct page_tables *tables, uint64_t virtual_address)
{
    const uint64_t *table = (const uint64_t *)(const void *)tables->pool;
    for (unsigned level = SHIFT_ROOT;; level -= INDEX_BITS) {
        const uint64_t entry = table[virtual_address >> level & (ENTRIES_PER_TABLE - 1)];
        if ((entry & ENTRY_PRESENT) == 0) {
            return false;
        }
        if (level == SHIFT_4K || (entry & ENTRY_LARGE) != 0) {
            return true;
        }
        const uint64_t offset = (entry & ENTRY_ADDRESS) - tables->pool_physical;
        table = (const uint64_t *)(const void *)(tables->pool + offset);
    }
}
