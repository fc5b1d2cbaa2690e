// 4-level page tables, built in a pool of pages that the caller found.
// Source: Intel SDM volume 3A section 4.5 (4-level paging), AMD64 APM volume 2 section 5.3.
#ifndef LOAD_PAGE_TABLES_H
#define LOAD_PAGE_TABLES_H

#include "message.h"
#include "page.h"

#include <stdbool.h>
#include <stdint.h>

#define PAGE_TABLE_SLOT_SIZE 0x8000000000u // what one entry of the root covers: 512 GiB

// What a mapping allows beyond reading.
#define PAGE_WRITE   1u
#define PAGE_EXECUTE 2u

struct page_tables {
    uint8_t *pool;          // pool_pages * 4096 bytes; page 0 becomes the root
    uint64_t pool_physical; // physical address of the same, page-aligned
    uint64_t pool_pages;
    uint64_t used;       // pages taken so far, with the root
    uint64_t free_from;  // virtual address: from here on `free_bytes` have no entry at all, inside
    uint64_t free_bytes; // the slot of the root that was begun last; a caller starts with 0
    uint64_t *last;      // the table that was found last, for neighbours of its first user
    uint64_t last_key;   // what it maps, and by which pages; a caller starts with 0
    bool nx;             // bit 63 may be set: EFER.NXE will be on
    bool gigabyte_pages; // CPUID 80000001h EDX bit 26
};

// Starts empty tables; fails only on an empty pool.
bool page_tables_begin(struct page_tables *tables, struct message *why);

// Maps `bytes` from `virtual_address` to `physical_address` (all multiples of 4096, one canonical
// half, not mapped before) with the largest pages that addresses, `largest_page` (PAGE_SIZE_*)
// and the CPU allow. False, with a message, when the pool is used up.
bool page_tables_map(struct page_tables *tables, uint64_t virtual_address,
                     uint64_t physical_address, uint64_t bytes, uint32_t permissions,
                     uint64_t largest_page, struct message *why);

// Fills `count` entries, the first with `value`, each further one with `step` more. Stage 2 has a
// faster one (stage2/page_table_fill.asm) than page_table_fill.c.
void page_table_fill(uint64_t *entry, uint64_t count, uint64_t value, uint64_t step);

// Makes the root's entry `slot`, which is free, point to the root: the tables can then be read and
// written through it, but not executed.
void page_tables_set_recursive(struct page_tables *tables, uint32_t slot);

// Whether the page at the address is mapped.
bool page_tables_maps(const struct page_tables *tables, uint64_t virtual_address);

// So many tables, beside the root, do for the mapping of `bytes` in one piece, by whatever pages.
uint64_t page_tables_at_most(uint64_t bytes);

#endif
