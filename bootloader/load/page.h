// Page sizes and what is computed with them (Intel SDM volume 3A, section 4.5). Included by most of
// load.
#ifndef LOAD_PAGE_H
#define LOAD_PAGE_H

#include <stdint.h>

#define PAGE_SHIFT   12
#define PAGE_SIZE_4K (1u << PAGE_SHIFT)
#define PAGE_SIZE_2M 0x200000u
#define PAGE_SIZE_1G 0x40000000u

#define PAGE_BYTES ((uint64_t)PAGE_SIZE_4K)
#define PAGE_MASK  (PAGE_BYTES - 1) // bits of an address within its page

/*@ assigns \nothing;
    ensures \result % PAGE_BYTES == 0 && \result <= value < \result + PAGE_BYTES; */
static inline uint64_t page_round_down(uint64_t value)
{
    return value / PAGE_BYTES * PAGE_BYTES;
}

// The next multiple of the page size; 0 where that would be 2^64.
/*@ assigns \nothing;
    ensures \result % PAGE_BYTES == 0;
    ensures value <= UINT64_MAX - PAGE_MASK ==> value <= \result < value + PAGE_BYTES;
    ensures \result <= value + PAGE_MASK; */
static inline uint64_t page_round_up(uint64_t value)
{
    return page_round_down(value + PAGE_MASK);
}

#endif
