// Checks the table of the kernel's functions before the kernel gets it. Called by stage 2 and by
// the host tool.
#include "symbols.h"

#include "firstlight/boot_info.h"
#include "image_format.h"

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
