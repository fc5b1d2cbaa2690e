// The one disk reader's parameters: filled by C or by the first block, read and updated by
// disk_reader.inc, which learns the offsets by way of asm_offsets.c.
#ifndef DISK_REQUEST_H
#define DISK_REQUEST_H

#include <stdint.h>

#define FIRST_HARD_DISK 0x80 // BIOS drive numbers below are floppies

struct disk_request {
    uint64_t lba;     // first sector wanted; moves on with what has been read, so that after a
                      // failure it names the sector that could not be read
    uint16_t sectors; // wanted; what is left of them after a failure
    uint16_t segment; // real-mode segment of the buffer (offset 0), a multiple of 20h (a sector);
                      // moves on likewise
    uint8_t failed;   // out: 0 when everything was read
    uint8_t status;   // out: INT 13h status of the last failure
    uint8_t drive;    // the boot drive, set by the first block
    uint8_t reserved;
};

_Static_assert(sizeof(struct disk_request) == 16, "disk_request is 16 bytes");

#endif
