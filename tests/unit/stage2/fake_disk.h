// The boot drive of the fake machine: sectors in memory, faults on wish, and a record of what was
// read. Implements bootloader/bios/disk.h; used by fake_machine.c and by the tests.
#ifndef FAKE_DISK_H
#define FAKE_DISK_H

#include "boot_image.h"

#include <stdbool.h>
#include <stdint.h>

#define FAKE_DISK_FAULTS 4

enum disk_fault_kind {
    DISK_FAULT_ERROR, // the reader gives up
    DISK_FAULT_BIT,   // success, but one bit is wrong
    DISK_FAULT_ZEROS, // success, but nothing was read
    DISK_FAULT_STALE, // success, but it is the sector before
};

#define EVERY_TIME UINT32_MAX

struct disk_fault {
    enum disk_fault_kind kind;
    uint64_t lba;
    uint32_t times; // how often it still happens
    uint32_t bit;   // which one is wrong
};

struct fake_disk {
    uint8_t drive;
    const struct boot_image *image;
    uint64_t sectors; // of the disk; what is past them cannot be read
    uint32_t fault_count;
    struct disk_fault faults[FAKE_DISK_FAULTS];

    uint32_t transfers;
    uint32_t *reads; // how often each sector was read
    uint8_t *buffer; // of the last transfer, just as long as that
    bool finished;   // disk_finish has been called
};

// A disk of the image's size that fails nothing. The image stays the caller's.
void fake_disk_begin(struct fake_disk *disk, uint8_t drive, const struct boot_image *image);
void fake_disk_end(struct fake_disk *disk);

void fake_disk_add_fault(struct fake_disk *disk, enum disk_fault_kind kind, uint64_t lba,
                         uint32_t times);

// Fails the test unless header and items were read just once, in few transfers, and nothing else.
void fake_disk_check_thrift(const struct fake_disk *disk);

// Fails the test unless each sector of the item was read just so often.
void fake_disk_check_reads(const struct fake_disk *disk, const struct image_item *item,
                           uint32_t times);

#endif
