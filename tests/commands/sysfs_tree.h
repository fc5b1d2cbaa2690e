// Trees like those of /sys, /proc and /dev, for the tests of what disk_scan.c finds there. Used by
// test_disk_scan.c and test_disk_use.c; for POSIX systems.
#ifndef COMMANDS_SYSFS_TREE_H
#define COMMANDS_SYSFS_TREE_H

#include "disk_scan.h"

#include <limits.h>

#define USB_PLACE "sys/devices/pci0000:00/0000:00:14.0/usb2/2-1"
#define USB_DISK  USB_PLACE "/2-1:1.0/host6/target6:0:0/6:0:0:0/block/sdb"
#define SATA_DISK "sys/devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/block/sda"

// The test's tree, what was found in it, and why not.
extern char root[PATH_MAX / 2];
extern struct disk_list disks;
extern struct message why;

// For each test: makes the tree in TMPDIR or /tmp, with an SD card reader's stick that is sdb, a
// system disk that is mounted nowhere, and nothing in use; and takes it away again.
int set_up_tree(void **state);
int tear_down_tree(void **state);

// A path of the tree as one of the host's, until the next call.
const char *place(const char *path);

// Each makes the folders that it needs; names and paths are the tree's.
void make_file(const char *folder, const char *name, const char *text);
void make_link(const char *path, const char *target);
void make_mounts(const char *lines); // /proc/self/mountinfo

// A disk at its place in /sys/devices, with the links that lead there. `number` and `removable` are
// lines, as sysfs has them.
void make_disk(const char *name, const char *directory, const char *number, const char *removable);
void make_partition(const char *disk, const char *name, const char *number);
void make_sata_disk(void); // sda, with two partitions

// As sysfs has them: what is built on a device, and is one itself.
void make_holder(const char *directory, const char *holder, const char *number);

// Scans the tree: the disk of that name, or NULL. The scan must not fail ...
const struct disk *scan_for(const char *name);

// ... or must, with this text in its message.
void check_scan_refused(const char *text);

#endif
