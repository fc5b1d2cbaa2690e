// The disks of a Linux host, as /sys and /proc tell. Used by write.c; the tests give it trees of
// their own.
#ifndef BOOTIMAGE_DISK_SCAN_H
#define BOOTIMAGE_DISK_SCAN_H

#include "disk.h"

struct disk_list {
    struct disk *items; // in the order of their names
    size_t count;
};

// Finds all disks. `root` is what stands in front of /sys, /proc and /dev: "" for the host's own.
// False, with a message, when it cannot tell which disks there are or which are in use. The list is
// to be freed by disk_list_free.
bool disk_scan(const char *root, struct disk_list *list, struct message *why);

void disk_list_free(struct disk_list *list);

// The disk with this device number ("8:16"). NULL, with a message, where it is that of a partition
// or of no disk.
const struct disk *disk_find(const char *root, const struct disk_list *list, const char *number,
                             struct message *why);

#endif
