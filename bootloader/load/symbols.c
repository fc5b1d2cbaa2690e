// Checks the table of the kernel's functions before the kernel gets it. Called by stage 2 and by
// the host tool.
#include "symbols.h"

/*@ requires readable_symbols((void *)header, bytes);
    assigns \nothing;
    ensures \result ==> sound(header, bytes) && ((uint8_t *)header)[bytes - 1] == 0; */
static bool is_sound(const struct symbols_header *header, uint64_t bytes)
{
    if (bytes < sizeof *header || header->symbol_count == 0 || header->names_bytes == 0 ||
        bytes != sizeof *header + header->symbol_count * (uint64_t)sizeof(struct boot_symbol) +
                     header->names_bytes ||
        ((const uint8_t *)header)[bytes - 1] != 0) {
        return false;
    }
    const struct boot_symbol *symbol = (const struct boot_symbol *)(header + 1);
    uint32_t lowest = 0;
    /*@ loop invariant 0 <= left <= header->symbol_count;
        loop invariant symbol == table_of((void *)header) + (header->symbol_count - left);
        loop invariant names_inside(table_of((void *)header), header->symbol_count - left,
                                    header->names_bytes);
        loop invariant by_offset(table_of((void *)header), header->symbol_count - left);
        loop invariant \forall integer i; 0 <= i < header->symbol_count - left ==>
            table_of((void *)header)[i].offset <= lowest;
        loop assigns left, lowest, symbol;
        loop variant left; */
    for (uint32_t left = header->symbol_count; left > 0; left--) {
        if (symbol->offset < lowest || symbol->name >= header->names_bytes) {
            return false;
        }
        lowest = symbol->offset;
        symbol++;
    }
    return true;
}

bool symbols_check(const void *item, uint64_t bytes, struct message *why)
{
    return is_sound(item, bytes) ||
           message_refuse(why, "symbols: wrong sizes, names or order: make the image again");
}
