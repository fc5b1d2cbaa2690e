// Makes trees like those of /sys, /proc and /dev, and scans them. Used by test_disk_scan.c and
// test_disk_use.c.
#define _POSIX_C_SOURCE 200809L
#define _XOPEN_SOURCE   700 // nftw

#include "sysfs_tree.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define GIGABYTE_SECTORS "2097152"
#define OPEN_FOLDERS     16

char root[PATH_MAX / 2];
struct disk_list disks;
struct message why;

// ---- Trees ----------------------------------------------------------------------------------

const char *place(const char *path)
{
    static char full[PATH_MAX];

    assert_true(snprintf(full, sizeof(full), "%s/%s", root, path) < (int)sizeof(full));
    return full;
}

static void make_folders(const char *path)
{
    char part[PATH_MAX];

    for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        (void)snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
        (void)mkdir(place(part), 0755);
    }
}

void make_file(const char *folder, const char *name, const char *text)
{
    char path[PATH_MAX];
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    make_folders(path);
    file = fopen(place(path), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

void make_link(const char *path, const char *target)
{
    make_folders(path);
    assert_int_equal(symlink(target, place(path)), 0);
}

void make_disk(const char *name, const char *directory, const char *number, const char *removable)
{
    char link[PATH_MAX];
    char target[PATH_MAX];

    make_file(directory, "dev", number);
    make_file(directory, "size", GIGABYTE_SECTORS "\n");
    make_file(directory, "ro", "0\n");
    make_file(directory, "removable", removable);
    make_file(directory, "holders/.keep", "");
    (void)snprintf(link, sizeof(link), "sys/block/%s", name);
    (void)snprintf(target, sizeof(target), "../../%s", directory);
    make_link(link, target);
    (void)snprintf(link, sizeof(link), "dev/%s", name);
    make_file("dev", name, "");
}

void make_partition(const char *disk, const char *name, const char *number)
{
    char directory[PATH_MAX];
    char link[PATH_MAX];
    char target[PATH_MAX];

    (void)snprintf(directory, sizeof(directory), "%s/%s", disk, name);
    make_file(directory, "dev", number);
    make_file(directory, "partition", "1\n");
    make_file(directory, "holders/.keep", "");
    (void)snprintf(link, sizeof(link), "sys/dev/block/%s", number);
    (void)snprintf(target, sizeof(target), "../../../%s", directory);
    make_link(link, target);
    make_file("dev", name, "");
}

void make_sata_disk(void)
{
    make_disk("sda", SATA_DISK, "8:0\n", "0\n");
    make_partition(SATA_DISK, "sda1", "8:1");
    make_partition(SATA_DISK, "sda2", "8:2");
    make_file(SATA_DISK "/device", "vendor", "ATA     \n");
    make_file(SATA_DISK "/device", "model", "Disk 9000\n");
}

void make_holder(const char *directory, const char *holder, const char *number)
{
    char path[PATH_MAX];

    (void)snprintf(path, sizeof(path), "%s/holders/%s", directory, holder);
    make_file(path, ".keep", "");
    (void)snprintf(path, sizeof(path), "sys/devices/virtual/block/%s", holder);
    make_disk(holder, path, number, "0\n");
}

void make_mounts(const char *lines)
{
    make_file("proc/self", "mountinfo", lines);
}

int set_up_tree(void **state)
{
    const char *folder = getenv("TMPDIR");

    (void)state;
    (void)snprintf(root, sizeof(root), "%s/firstlight-disks-XXXXXX",
                   folder != NULL && folder[0] != '\0' ? folder : "/tmp");
    assert_non_null(mkdtemp(root));
    make_disk("sdb", USB_DISK, "8:16\n", "1\n");
    make_partition(USB_DISK, "sdb1", "8:17");
    make_file(USB_DISK "/device", "vendor", "SanDisk \n");
    make_file(USB_DISK "/device", "model", "Ultra           \n");
    make_file(USB_PLACE, "idVendor", "0781\n");
    make_file(USB_PLACE, "serial", "4C5300\n");
    make_file("sys/devices/pci0000:00/0000:00:14.0/usb2", "idVendor", "1d6b\n");
    make_file("sys/devices/pci0000:00/0000:00:14.0/usb2", "serial", "0000:00:14.0\n");
    make_mounts("22 1 0:21 / /proc rw - proc proc rw\n");
    make_file("proc", "swaps", "Filename\tType\tSize\tUsed\tPriority\n");
    return 0;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

int tear_down_tree(void **state)
{
    (void)state;
    disk_list_free(&disks);
    return nftw(root, remove_entry, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
}

// ---- Looking --------------------------------------------------------------------------------

const struct disk *scan_for(const char *name)
{
    disk_list_free(&disks);
    assert_true(disk_scan(root, &disks, &why));
    for (size_t i = 0; i < disks.count; i++) {
        if (strcmp(disks.items[i].name, name) == 0) {
            return &disks.items[i];
        }
    }
    return NULL;
}

void check_scan_refused(const char *text)
{
    assert_false(disk_scan(root, &disks, &why));
    assert_non_null(strstr(why.text, text));
    assert_int_equal(disks.count, 0);
    assert_null(disks.items);
}
