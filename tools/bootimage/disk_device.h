// A disk of the host that is to be written: found by its path, opened for this program alone. Used
// by write.c on Linux.
#ifndef BOOTIMAGE_DISK_DEVICE_H
#define BOOTIMAGE_DISK_DEVICE_H

#include "disk.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DISK_DEVICE_IS_ANOTHER "is another disk than a moment ago: nothing was written: look again"

// Puts the number ("8:16") of the block device at a path into `number`. False, with a message, for
// anything else.
bool disk_device_number(const char *path, char number[DISK_NAME_MOST], struct message *why);

// Opens the disk for reading and writing, which the kernel grants only while nothing of it is in
// use and nobody else has it so. -1, with a message, where it cannot, or where the path does not
// lead to a disk of that number any more. From then on the number is no other disk's.
int disk_device_open(const char *path, const struct disk *disk, struct message *why);

// All of the bytes at a place; false, with a message.
bool disk_device_write(int disk, uint64_t offset, const void *bytes, size_t size,
                       struct message *why);
bool disk_device_read(int disk, uint64_t offset, void *buffer, size_t size, struct message *why);

bool disk_device_flush(int disk, struct message *why);
// Drops what memory holds of the disk, after a flush.
bool disk_device_forget(int disk, struct message *why);

// Has the kernel look for partitions again, and closes the disk.
bool disk_device_close(int disk, struct message *why);

#endif
