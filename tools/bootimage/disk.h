// A disk of this host, and whether an image may be written to it. The decision is pure;
// disk_scan.c finds the disks, write.c asks and writes.
#ifndef BOOTIMAGE_DISK_H
#define BOOTIMAGE_DISK_H

#include "message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DISK_NAME_MOST 64 // bytes of a name with its NUL, as "sdb"
#define DISK_TEXT_MOST 128
#define DISK_PATH_MOST 512
#define DISK_SIZE_MOST 32
#define DISK_SECTOR    512u // what /sys counts in, whatever the disk's own sectors are

enum disk_bus { DISK_BUS_OTHER, DISK_BUS_USB, DISK_BUS_SD_CARD, DISK_BUS_VIRTUAL };

// From free to forbidden.
enum disk_use { DISK_FREE, DISK_HELD, DISK_MOUNTED, DISK_SYSTEM };

struct disk {
    char name[DISK_NAME_MOST];   // as in /dev
    char number[DISK_NAME_MOST]; // of the device: "8:16"
    char model[DISK_TEXT_MOST];  // as the disk itself says, with its maker; "" if it does not
    char serial[DISK_TEXT_MOST];
    char sequence[DISK_NAME_MOST]; // the kernel's count of disks and media so far; "" before 5.15
    char by_id[DISK_PATH_MOST];    // a lasting name in /dev/disk/by-id, or ""
    uint64_t bytes;                // 0 without a medium
    enum disk_bus bus;
    bool removable_medium; // as it says
    bool optical;
    bool read_only;
    enum disk_use use;
    char use_text[DISK_PATH_MOST]; // "sdb1 is mounted at /media/stick"; "" when free
};

// Whether somebody would carry it around: an image is written to such disks without further ado.
bool disk_is_removable(const struct disk *disk);

// Whether an image of so many bytes may be written to it; `why` says what is against that.
// `any_disk`: the user insists on a disk that is not removable.
bool disk_check(const struct disk *disk, uint64_t image_bytes, bool any_disk, struct message *why);

// Whether both are the same disk with the same medium: another one may have got its name and
// number.
bool disk_is_same(const struct disk *disk, const struct disk *other);

// "15.4 GB", as disks are sold.
void disk_size_text(uint64_t bytes, char text[DISK_SIZE_MOST]);

const char *disk_bus_text(const struct disk *disk);

#endif
