// The boot drive, by the first block's reader.
#ifndef DISK_H
#define DISK_H

#include "firstlight/boot_info.h"

#include <stdint.h>

// The boot drive's BIOS number: 00h-01h or 80h-FEh.
uint8_t disk_drive(void);

// Reads `sectors` (1 to DISK_BUFFER_SECTORS) from `lba` and returns where they are: valid until the
// next call, 16-byte aligned. Stops with a message, naming `what`, when the reader gives up.
const uint8_t *disk_read_sectors(uint64_t lba, uint32_t sectors, const char *what);

// Says what firmware and the MBR tell of the boot drive.
void disk_describe(struct boot_disk *disk);

// Leaves the drive as a kernel would like it: a floppy's motor off, which firmware's timer
// interrupt would have switched off by and by.
void disk_finish(void);

#endif
