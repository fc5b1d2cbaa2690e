// Finds the disks of a Linux host and what they are. Called by write.c.
#ifndef _WIN32
#define _POSIX_C_SOURCE 200809L
#define _XOPEN_SOURCE   700 // realpath

#include "disk_scan.h"

#include "disk_tree.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DECIMAL           10
#define SCSI_TYPE_CD      "5" // SPC: peripheral device type of CD and DVD drives
#define PARENTS_MOST      8   // from a disk to its USB device
#define VIRTUAL_DIRECTORY "/devices/virtual/"
#define MMC_DIRECTORY     "/mmc_host/"
#define USB_DIRECTORY     "/usb"

// ---- What it is -----------------------------------------------------------------------------

static bool reads_as(const char *directory, const char *file, const char *expected)
{
    char text[DISK_TEXT_MOST];

    return tree_read(directory, file, text, sizeof(text)) && strcmp(text, expected) == 0;
}

// Where the device hangs in the machine: /sys/devices/...; false where nothing says so.
static bool place_of(const char *directory, char place[PATH_MAX])
{
    return realpath(directory, place) != NULL;
}

static bool is_below_usb(const char *place)
{
    for (const char *found = strstr(place, USB_DIRECTORY); found != NULL;
         found = strstr(found + 1, USB_DIRECTORY)) {
        const char next = found[strlen(USB_DIRECTORY)];

        if (next >= '0' && next <= '9') {
            return true; // a controller's root, as /usb2/2-1/...
        }
    }
    return false;
}

static void find_bus(const char *root, const char *directory, struct disk *disk)
{
    char place[PATH_MAX];
    char top[PATH_MAX];
    const char *inside = place;

    if (!place_of(directory, place)) {
        return;
    }
    if (realpath(root[0] != '\0' ? root : "/", top) != NULL && strcmp(top, "/") != 0 &&
        strncmp(place, top, strlen(top)) == 0) {
        inside += strlen(top);
    }
    if (strstr(inside, VIRTUAL_DIRECTORY) != NULL) {
        disk->bus = DISK_BUS_VIRTUAL;
    } else if (strstr(inside, MMC_DIRECTORY) != NULL && reads_as(directory, "device/type", "SD")) {
        disk->bus = DISK_BUS_SD_CARD;
    } else if (is_below_usb(inside)) {
        disk->bus = DISK_BUS_USB;
    }
}

static void find_model(const char *directory, struct disk *disk)
{
    char vendor[DISK_TEXT_MOST];
    char model[DISK_TEXT_MOST];

    (void)tree_read(directory, "device/vendor", vendor, sizeof(vendor));
    if (!tree_read(directory, "device/model", model, sizeof(model))) {
        (void)tree_read(directory, "device/name", model, sizeof(model)); // of SD cards
    }
    // A PCI device's number, as virtio disks have it, names no maker.
    if (vendor[0] == '\0' || strncmp(vendor, "0x", 2) == 0) {
        tree_copy(disk->model, sizeof(disk->model), model);
    } else if (snprintf(disk->model, sizeof(disk->model), "%s %s", vendor, model) < 0) {
        disk->model[0] = '\0';
    }
}

// The disk's own, or that of the USB device it is in, which is the first above it with a vendor.
static void find_serial(const char *directory, struct disk *disk)
{
    char device[PATH_MAX + sizeof("/device")];
    char place[PATH_MAX];

    if (tree_read(directory, "serial", disk->serial, sizeof(disk->serial)) ||
        tree_read(directory, "device/serial", disk->serial, sizeof(disk->serial))) {
        return;
    }
    (void)snprintf(device, sizeof(device), "%s/device", directory);
    if (disk->bus != DISK_BUS_USB || !place_of(device, place)) {
        return;
    }
    for (unsigned i = 0; i < PARENTS_MOST; i++) {
        char *last = strrchr(place, '/');
        char vendor[DISK_TEXT_MOST];

        if (tree_read(place, "idVendor", vendor, sizeof(vendor))) {
            (void)tree_read(place, "serial", disk->serial, sizeof(disk->serial));
            return;
        }
        if (last == NULL || last == place) {
            return;
        }
        *last = '\0';
    }
}

// The first name in the order of names that is made of model and serial number.
static void find_lasting_name(const char *root, struct disk *disk)
{
    static const char folder[] = "/dev/disk/by-id";
    char path[PATH_MAX];
    struct name_list names;

    if (snprintf(path, sizeof(path), "%s%s", root, folder) >= (int)sizeof(path) ||
        !name_list_read(path, &names)) {
        return;
    }
    for (size_t i = 0; i < names.count && disk->by_id[0] == '\0'; i++) {
        char link[PATH_MAX];
        char target[PATH_MAX];

        if (strncmp(names.items[i], "wwn-", strlen("wwn-")) == 0 ||
            snprintf(link, sizeof(link), "%s/%s", path, names.items[i]) >= (int)sizeof(link) ||
            realpath(link, target) == NULL || strcmp(tree_last_name(target), disk->name) != 0) {
            continue;
        }
        if (snprintf(disk->by_id, sizeof(disk->by_id), "%s/%s", folder, names.items[i]) >=
            (int)sizeof(disk->by_id)) {
            disk->by_id[0] = '\0'; // cut short it would be no name
        }
    }
    name_list_free(&names);
}

static bool find_size(const char *directory, struct disk *disk)
{
    char text[DISK_TEXT_MOST];
    char *end;
    unsigned long long sectors;

    if (!tree_read(directory, "size", text, sizeof(text)) || text[0] == '\0') {
        return false;
    }
    errno = 0;
    sectors = strtoull(text, &end, DECIMAL);
    if (errno != 0 || *end != '\0' || sectors > UINT64_MAX / DISK_SECTOR) {
        return false;
    }
    disk->bytes = sectors * DISK_SECTOR;
    return true;
}

// False where it is no disk, or none any more.
static bool identify(const char *directory, struct disk *disk)
{
    return tree_read(directory, "dev", disk->number, sizeof(disk->number)) &&
           disk->number[0] != '\0' && find_size(directory, disk) &&
           !reads_as(directory, "hidden", "1"); // one of several paths to a disk
}

static void describe(const char *root, const char *directory, struct disk *disk)
{
    disk->removable_medium = reads_as(directory, "removable", "1");
    disk->read_only = !reads_as(directory, "ro", "0");
    disk->optical = reads_as(directory, "device/type", SCSI_TYPE_CD);
    find_bus(root, directory, disk);
    find_model(directory, disk);
    find_serial(directory, disk);
    (void)tree_read(directory, "diskseq", disk->sequence, sizeof(disk->sequence));
    find_lasting_name(root, disk);
}

// ---- All of them ----------------------------------------------------------------------------

static bool scan_names(const char *root, const char *folder, const struct name_list *names,
                       struct disk_list *list, struct message *why)
{
    list->items = calloc(names->count + 1, sizeof(*list->items));
    if (list->items == NULL) {
        return message_refuse(why, "not enough memory");
    }
    for (size_t i = 0; i < names->count; i++) {
        struct disk *disk = &list->items[list->count];
        char directory[PATH_MAX];

        if (strlen(names->items[i]) >= sizeof(disk->name) ||
            snprintf(directory, sizeof(directory), "%s/%s", folder, names->items[i]) >=
                (int)sizeof(directory) ||
            !identify(directory, disk)) {
            continue;
        }
        tree_copy(disk->name, sizeof(disk->name), names->items[i]);
        describe(root, directory, disk);
        if (!disk_find_use(root, disk, why)) {
            return false;
        }
        list->count++;
    }
    return true;
}

bool disk_scan(const char *root, struct disk_list *list, struct message *why)
{
    char folder[PATH_MAX];
    struct name_list names;
    bool done;

    memset(list, 0, sizeof(*list));
    if (snprintf(folder, sizeof(folder), "%s/sys/block", root) >= (int)sizeof(folder) ||
        !name_list_read(folder, &names)) {
        return message_refuse(why, "cannot tell which disks there are: /sys/block: %s",
                              strerror(errno));
    }
    done = scan_names(root, folder, &names, list, why);
    name_list_free(&names);
    if (!done) {
        disk_list_free(list);
    }
    return done;
}

void disk_list_free(struct disk_list *list)
{
    free(list->items);
    memset(list, 0, sizeof(*list));
}

const struct disk *disk_find(const char *root, const struct disk_list *list, const char *number,
                             struct message *why)
{
    char directory[PATH_MAX];
    char text[DISK_TEXT_MOST];
    char place[PATH_MAX];
    char *last;

    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].number, number) == 0) {
            return &list->items[i];
        }
    }
    (void)snprintf(directory, sizeof(directory), "%s/sys/dev/block/%s", root, number);
    if (!tree_read(directory, "partition", text, sizeof(text)) || !place_of(directory, place)) {
        (void)message_refuse(why, "is no disk that /sys/block knows");
        return NULL;
    }
    last = strrchr(place, '/');
    *last = '\0';
    (void)message_refuse(why, "is a partition: an image goes on the whole disk, /dev/%s",
                         tree_last_name(place));
    return NULL;
}

#endif
