// Knows where a BIOS puts its tables; load/firmware_tables.c recognises them. Called once, by main.
#include "tables.h"

#include "bios_call.h"
#include "bios_data.h"
#include "firmware_tables.h"
#include "memory_layout.h"

// ACPI 6.4, 5.2.5.1: in the first KiB of the extended BIOS data area, or from E0000h to FFFFFh.
// SMBIOS 3.4, 5.2: from F0000h to FFFFFh; a good entry point that is found elsewhere, where an RSDP
// is looked for, is taken as well, unless there is one.
#define EBDA_BYTES        1024u
#define EBDA_SCANNED_FROM LOW_MEMORY_END // below this the BIOS data area's word is rubbish
#define EBDA_HIGHEST      0x9FC00u
#define BIOS_AREA         0xE0000u
#define BIOS_AREA_HIGH    0xF0000u
#define BIOS_AREA_END     0x100000u

static void find(uint32_t address, uint32_t end, struct boot_tables *tables)
{
    const uint8_t *area = (const uint8_t *)(uintptr_t)address;
    firmware_tables_find(area, end - address, address, tables);
}

void tables_gather(struct boot_tables *tables)
{
    const uint32_t ebda = bios_data_word(BDA_EBDA_SEGMENT) * PARAGRAPH_SIZE;
    if (ebda >= EBDA_SCANNED_FROM && ebda <= EBDA_HIGHEST) {
        find(ebda, ebda + EBDA_BYTES, tables);
    }
    find(BIOS_AREA_HIGH, BIOS_AREA_END, tables);
    if (tables->rsdp_physical == 0) {
        find(BIOS_AREA, BIOS_AREA_END, tables); // all of it: a table may lie across F0000h
    }
}
