// The table of the kernel's functions that the image carries (image_format.h).
#ifndef LOAD_SYMBOLS_H
#define LOAD_SYMBOLS_H

#include "firstlight/boot_info.h"
#include "image_format.h"
#include "message.h"

#include <stdbool.h>
#include <stdint.h>

/*@ // An item may be read as bytes, and as the header and table that it has room for.
    logic struct boot_symbol *table_of(void *item) =
        (struct boot_symbol *)((struct symbols_header *)item + 1);
    predicate readable_symbols(void *item, integer bytes) =
        \valid_read((uint8_t *)item + (0 .. bytes - 1)) &&
        (bytes >= sizeof(struct symbols_header) ==>
            \valid_read((struct symbols_header *)item) &&
            \valid_read(table_of(item) + (0 .. (bytes - 8) / 8 - 1)));
    predicate names_inside(struct boot_symbol *table, integer count, integer names_bytes) =
        \forall integer i; 0 <= i < count ==> table[i].name < names_bytes;
    predicate by_offset(struct boot_symbol *table, integer count) =
        \forall integer i, j; 0 <= i < j < count ==> table[i].offset <= table[j].offset;
    predicate sound(struct symbols_header *header, integer bytes) =
        header->symbol_count > 0 && header->names_bytes > 0 &&
        bytes == 8 + 8 * header->symbol_count + header->names_bytes &&
        names_inside(table_of(header), header->symbol_count, header->names_bytes) &&
        by_offset(table_of(header), header->symbol_count);
*/

// Checks counts and sizes of an item as it was read, so that table and names lie in it and the last
// name ends; offsets of names are below names_bytes. False, with a message.
/*@ requires readable_symbols(item, bytes) && \valid(why);
    assigns *why;
    ensures \result ==> sound{Pre}((struct symbols_header *)item, bytes); */
bool symbols_check(const void *item, uint64_t bytes, struct message *why);

#endif
