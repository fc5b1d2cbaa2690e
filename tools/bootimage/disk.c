// Decides which disks an image may be written to. Called by write.c.
#include "disk.h"

#include <stdio.h>
#include <string.h>

#define UNIT 1000u

bool disk_is_removable(const struct disk *disk)
{
    return disk->bus == DISK_BUS_USB || disk->bus == DISK_BUS_SD_CARD ||
           (disk->removable_medium && disk->bus != DISK_BUS_VIRTUAL);
}

static bool check_use(const struct disk *disk, struct message *why)
{
    switch (disk->use) {
    case DISK_FREE:
        return true;
    case DISK_HELD:
        return message_refuse(why, "is in use: %s", disk->use_text);
    case DISK_MOUNTED:
        return message_refuse(why, "is in use: %s: unmount it", disk->use_text);
    case DISK_SYSTEM:
        break;
    }
    return message_refuse(why, "belongs to the running system: %s", disk->use_text);
}

bool disk_check(const struct disk *disk, uint64_t image_bytes, bool any_disk, struct message *why)
{
    if (!check_use(disk, why)) {
        return false;
    }
    if (disk->optical) {
        return message_refuse(why, "is an optical drive: make an ISO image and burn that");
    }
    if (!any_disk && !disk_is_removable(disk)) {
        return message_refuse(why, "is no removable disk: if it is the right one all the same, add "
                                   "--any-disk");
    }
    if (disk->bytes == 0) {
        return message_refuse(why, "has no medium: put one in");
    }
    if (disk->read_only) {
        return message_refuse(why, "is read-only: look for a switch on it");
    }
    if (disk->bytes < image_bytes) {
        return message_refuse(why, "has %llu bytes, and the image %llu: take a larger disk",
                              (unsigned long long)disk->bytes, (unsigned long long)image_bytes);
    }
    return true;
}

bool disk_is_same(const struct disk *disk, const struct disk *other)
{
    return strcmp(disk->number, other->number) == 0 && strcmp(disk->name, other->name) == 0 &&
           strcmp(disk->model, other->model) == 0 && strcmp(disk->serial, other->serial) == 0 &&
           strcmp(disk->sequence, other->sequence) == 0 && disk->bytes == other->bytes;
}

void disk_size_text(uint64_t bytes, char text[DISK_SIZE_MOST])
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB", "PB", "EB"};
    unsigned unit = 0;
    uint64_t tenths = bytes < UNIT ? bytes * 10 : 0;

    while (bytes >= UNIT) {
        tenths = bytes / (UNIT / 10);
        bytes /= UNIT;
        unit++;
    }
    if (unit == 0) {
        (void)snprintf(text, DISK_SIZE_MOST, "%llu %s", (unsigned long long)bytes, units[unit]);
    } else {
        (void)snprintf(text, DISK_SIZE_MOST, "%llu.%llu %s", (unsigned long long)(tenths / 10),
                       (unsigned long long)(tenths % 10), units[unit]);
    }
}

const char *disk_bus_text(const struct disk *disk)
{
    switch (disk->bus) {
    case DISK_BUS_USB:
        return "USB";
    case DISK_BUS_SD_CARD:
        return "SD card";
    case DISK_BUS_VIRTUAL:
        return "virtual";
    case DISK_BUS_OTHER:
        break;
    }
    return disk->removable_medium ? "removable" : "fixed";
}
