// Reads page tables as the CPU does, for the tests of what was built.
#ifndef PAGE_WALKER_H
#define PAGE_WALKER_H

#include <stdbool.h>
#include <stdint.h>

// The memory the tables lie in; a table outside it fails the test, as does a reserved bit.
struct page_walker {
    const uint8_t *pool;
    uint64_t pool_physical;
    uint64_t pool_bytes;
    uint64_t root_physical;
    // The root's entry that must point to the root, read-write and (with nx) no-execute; visits
    // pass it over. 0: none.
    uint32_t recursive_slot;
    bool nx;
};

// One page.
struct mapping {
    uint64_t virtual_address;  // of its first byte
    uint64_t physical_address; // of its first byte
    uint64_t size;             // 4 KiB, 2 MiB or 1 GiB
    bool writable;
    bool no_execute;
};

// What the page tables say of an address; false when it is not mapped.
bool page_walker_find(const struct page_walker *walker, uint64_t virtual_address,
                      struct mapping *mapping);

// Calls `visit` with every page mapped, in order of address. Returns the number of tables.
typedef void mapping_visitor(const struct mapping *mapping, void *context);
uint64_t page_walker_visit(const struct page_walker *walker, mapping_visitor *visit, void *context);

#endif
