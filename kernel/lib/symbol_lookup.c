// See symbol_lookup.h.
#include "lib/symbol_lookup.h"

#include <stddef.h>

const char *symbol_lookup(const struct boot_symbols *symbols, uint64_t base, uint64_t address,
                          uint64_t *offset)
{
    if (address < base) {
        return NULL;
    }
    // By halving: how many begin at the address or below?
    uint64_t low = 0;
    uint64_t high = symbols->count;
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        if (symbols->table[middle].offset <= address - base) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == 0) {
        return NULL;
    }
    const struct boot_symbol *symbol = &symbols->table[low - 1];
    *offset = address - base - symbol->offset;
    return symbols->names + symbol->name;
}
