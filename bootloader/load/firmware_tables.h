// Finds the tables that firmware leaves in memory, by signature and checksum. Pure: the caller
// brings the areas.
#ifndef LOAD_FIRMWARE_TABLES_H
#define LOAD_FIRMWARE_TABLES_H

#include "firstlight/boot_info.h"

#include <stdint.h>

// Looks through an area of memory at physical address `physical` (a multiple of 16, as the tables
// are placed) for what *tables does not have yet: RSDP (ACPI 6.4, 5.2.5.3: checksum of the first 20
// bytes, from revision 2 on also of `length`), SMBIOS entry points (SMBIOS 3.4, 5.2.1 and 5.2.2:
// their checksums, and for "_SM_" that of its "_DMI_" part). Tables that pass the end of the area
// or whose checksum is wrong are passed over, the first good one wins. The search ends with the
// RSDP and a "_SM_" of a version before 3.0, which brought "_SM3_". Two instructions for each 16
// bytes: a caller saves half of them by looking through F0000h-FFFFFh, where SMBIOS's are, before
// E0000h-EFFFFh, where only an RSDP may be. `area` is 8-byte aligned, `bytes` a multiple of 16.
/*@ requires bytes % 16 == 0 && bytes <= INT64_MAX && \valid_read(area + (0 .. bytes - 1));
    requires \valid(tables) && \separated(tables, area + (0 .. bytes - 1));
    assigns *tables; */
void firmware_tables_find(const uint8_t *area, uint64_t bytes, uint64_t physical,
                          struct boot_tables *tables);

#endif
