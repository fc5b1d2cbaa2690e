// Fills entries of a page table, in portable C. For the host tool and the tests; stage 2 has
// stage2/page_table_fill.asm in its place.
#include "page_tables.h"

void page_table_fill(uint64_t *entry, uint64_t count, uint64_t value, uint64_t step)
{
    for (; count != 0; count--) {
        *entry++ = value;
        value += step;
    }
}
