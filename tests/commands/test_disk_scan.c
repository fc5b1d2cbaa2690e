// Which disks disk_scan.c finds, what they are and who uses them, in trees like those of /sys,
// /proc and /dev that the tests make.
#define _POSIX_C_SOURCE 200809L
#define _XOPEN_SOURCE   700 // nftw

#include "disk_scan.h"

#include <ftw.h>
#include <limits.h>
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
#define USB_PLACE        "sys/devices/pci0000:00/0000:00:14.0/usb2/2-1"
#define USB_DISK         USB_PLACE "/2-1:1.0/host6/target6:0:0/6:0:0:0/block/sdb"
#define SATA_DISK        "sys/devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/block/sda"

static char root[PATH_MAX / 2];
static struct disk_list disks;
static struct message why;

// ---- Trees ----------------------------------------------------------------------------------

static const char *place(const char *path)
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

static void make_file(const char *folder, const char *name, const char *text)
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

static void make_link(const char *path, const char *target)
{
    make_folders(path);
    assert_int_equal(symlink(target, place(path)), 0);
}

// A disk at its place in /sys/devices, with the links that lead there.
static void make_disk(const char *name, const char *directory, const char *number,
                      const char *removable)
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

static void make_partition(const char *disk, const char *name, const char *number)
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

static void make_sata_disk(void)
{
    make_disk("sda", SATA_DISK, "8:0\n", "0\n");
    make_partition(SATA_DISK, "sda1", "8:1");
    make_partition(SATA_DISK, "sda2", "8:2");
    make_file(SATA_DISK "/device", "vendor", "ATA     \n");
    make_file(SATA_DISK "/device", "model", "Disk 9000\n");
}

// As sysfs has them: what is built on a device, and is one itself.
static void make_holder(const char *directory, const char *holder, const char *number)
{
    char path[PATH_MAX];

    (void)snprintf(path, sizeof(path), "%s/holders/%s", directory, holder);
    make_file(path, ".keep", "");
    (void)snprintf(path, sizeof(path), "sys/devices/virtual/block/%s", holder);
    make_disk(holder, path, number, "0\n");
}

static void make_mounts(const char *lines)
{
    make_file("proc/self", "mountinfo", lines);
}

// An SD card reader's stick, a system disk that is mounted nowhere, nothing in use.
static int set_up(void **state)
{
    (void)state;
    (void)snprintf(root, sizeof(root), "/tmp/firstlight-disks-XXXXXX");
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

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place_)
{
    (void)status;
    (void)kind;
    (void)place_;
    return remove(path);
}

static int tear_down(void **state)
{
    (void)state;
    disk_list_free(&disks);
    return nftw(root, remove_entry, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
}

// ---- Looking --------------------------------------------------------------------------------

static const struct disk *scan_for(const char *name)
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

static void check_use(const char *name, enum disk_use use, const char *text)
{
    const struct disk *disk = scan_for(name);

    assert_non_null(disk);
    assert_string_equal(disk->use_text, text);
    assert_int_equal(disk->use, use);
}

static void check_scan_refused(const char *text)
{
    assert_false(disk_scan(root, &disks, &why));
    assert_non_null(strstr(why.text, text));
    assert_int_equal(disks.count, 0);
    assert_null(disks.items);
}

static void a_usb_stick(void **state)
{
    const struct disk *disk = scan_for("sdb");

    (void)state;
    assert_non_null(disk);
    assert_string_equal(disk->number, "8:16");
    assert_string_equal(disk->model, "SanDisk Ultra");
    assert_string_equal(disk->serial, "4C5300");
    assert_string_equal(disk->sequence, "");
    make_file(USB_DISK, "diskseq", "27\n");
    disk = scan_for("sdb");
    assert_non_null(disk);
    assert_string_equal(disk->sequence, "27");
    assert_string_equal(disk->by_id, "");
    assert_true(disk->bytes == 1 << 30);
    assert_int_equal(disk->bus, DISK_BUS_USB);
    assert_true(disk->removable_medium);
    assert_false(disk->read_only);
    assert_false(disk->optical);
    assert_int_equal(disk->use, DISK_FREE);
    assert_string_equal(disk->use_text, "");
}

// The controller above it has a serial number, which is not the stick's.
static void a_usb_stick_without_serial_number(void **state)
{
    (void)state;
    assert_int_equal(unlink(place(USB_PLACE "/serial")), 0);
    assert_string_equal(scan_for("sdb")->serial, "");
}

static void names_that_last(void **state)
{
    (void)state;
    make_link("dev/disk/by-id/usb-SanDisk_Ultra_4C5300-0:0-part1", "../../sdb1");
    make_link("dev/disk/by-id/wwn-0x5000", "../../sdb");
    make_link("dev/disk/by-id/usb-Other-0:0", "../../sda");
    make_link("dev/disk/by-id/usb-gone", "../../sdz");
    assert_string_equal(scan_for("sdb")->by_id, "");
    make_link("dev/disk/by-id/usb-SanDisk_Ultra_4C5300-0:0", "../../sdb");
    assert_string_equal(scan_for("sdb")->by_id, "/dev/disk/by-id/usb-SanDisk_Ultra_4C5300-0:0");
}

static void other_kinds_of_disk(void **state)
{
    static const char card[] = "sys/devices/pci0000:00/mmc_host/mmc0/mmc0:aaaa/block/mmcblk0";
    static const char soldered[] = "sys/devices/pci0000:00/mmc_host/mmc1/mmc1:0001/block/mmcblk1";
    static const char nvme[] = "sys/devices/pci0000:00/0000:00:1d.0/nvme/nvme0/nvme0n1";
    static const char loop[] = "sys/devices/virtual/block/loop0";
    static const char cd[] = "sys/devices/pci0000:00/ata2/host1/target1:0:0/1:0:0:0/block/sr0";
    const struct disk *disk;

    (void)state;
    make_sata_disk();
    make_disk("mmcblk0", card, "179:0\n", "0\n");
    make_file("sys/devices/pci0000:00/mmc_host/mmc0/mmc0:aaaa/block/mmcblk0/device", "type",
              "SD\n");
    make_file("sys/devices/pci0000:00/mmc_host/mmc0/mmc0:aaaa/block/mmcblk0/device", "name",
              "SC16G\n");
    make_file("sys/devices/pci0000:00/mmc_host/mmc0/mmc0:aaaa/block/mmcblk0/device", "serial",
              "0xabcd\n");
    make_disk("mmcblk1", soldered, "179:8\n", "0\n");
    make_file("sys/devices/pci0000:00/mmc_host/mmc1/mmc1:0001/block/mmcblk1/device", "type",
              "MMC\n");
    make_disk("nvme0n1", nvme, "259:0\n", "0\n");
    make_disk("loop0", loop, "7:0\n", "0\n");
    make_disk("sr0", cd, "11:0\n", "1\n");
    make_file("sys/devices/pci0000:00/ata2/host1/target1:0:0/1:0:0:0/block/sr0/device", "type",
              "5\n");
    make_file(cd, "ro", "1\n");

    disk = scan_for("sda");
    assert_int_equal(disk->bus, DISK_BUS_OTHER);
    assert_false(disk_is_removable(disk));
    assert_string_equal(disk->model, "ATA Disk 9000");
    disk = scan_for("mmcblk0");
    assert_int_equal(disk->bus, DISK_BUS_SD_CARD);
    assert_string_equal(disk->model, "SC16G");
    assert_string_equal(disk->serial, "0xabcd");
    assert_false(disk_is_removable(scan_for("mmcblk1")));
    assert_false(disk_is_removable(scan_for("nvme0n1")));
    assert_int_equal(scan_for("loop0")->bus, DISK_BUS_VIRTUAL);
    disk = scan_for("sr0");
    assert_true(disk->optical && disk->read_only);
    assert_int_equal(disks.count, 7);
}

static void sizes_and_rights(void **state)
{
    (void)state;
    make_file(USB_DISK, "size", "0\n");
    assert_true(scan_for("sdb")->bytes == 0);
    make_file(USB_DISK, "ro", "1\n");
    assert_true(scan_for("sdb")->read_only);
    make_file(USB_DISK, "ro", "");
    assert_true(scan_for("sdb")->read_only);
}

static void what_is_no_disk(void **state)
{
    static const char *const sizes[] = {"", "-", "12x", "99999999999999999999999",
                                        "36028797018963969"};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        make_file(USB_DISK, "size", sizes[i]);
        assert_null(scan_for("sdb"));
    }
    make_file(USB_DISK, "size", "1\n");
    assert_non_null(scan_for("sdb"));
    make_file(USB_DISK, "hidden", "1\n");
    assert_null(scan_for("sdb"));
    make_file(USB_DISK, "hidden", "0\n");
    make_file(USB_DISK, "dev", "\n");
    assert_null(scan_for("sdb"));
}

// ---- Uses -----------------------------------------------------------------------------------

static void mounted(void **state)
{
    (void)state;
    make_mounts("30 1 8:17 / /media/my\\040stick rw,relatime shared:1 - vfat /dev/sdb1 rw\n");
    check_use("sdb", DISK_MOUNTED, "sdb1 is mounted at /media/my stick");
    make_mounts("30 1 8:16 / /mnt rw - ext4 /dev/sdb rw\n");
    check_use("sdb", DISK_MOUNTED, "sdb is mounted at /mnt");
    make_mounts("30 1 8:1 / /mnt rw - ext4 /dev/sda1 rw\n31 1 8:160 / /x rw - ext4 /dev/sdba rw\n");
    check_use("sdb", DISK_FREE, "");
}

// A file system on several disks has a number of its own.
static void mounted_by_its_name_only(void **state)
{
    (void)state;
    make_mounts("30 1 0:42 /@ /data rw - btrfs /dev/sdb1 rw,subvol=/@\n");
    check_use("sdb", DISK_MOUNTED, "sdb1 is mounted at /data");
    make_link("dev/disk/by-uuid/1234", "../../sdb1");
    make_mounts("30 1 0:42 / /data rw - btrfs /dev/disk/by-uuid/1234 rw\n");
    check_use("sdb", DISK_MOUNTED, "sdb1 is mounted at /data");
    make_mounts("30 1 0:42 / /data rw - 9p sdb1 rw\n");
    check_use("sdb", DISK_FREE, "");
}

static void the_running_system(void **state)
{
    static const char *const places[] = {"/", "/boot", "/boot/efi", "/usr", "/home", "/var"};

    (void)state;
    make_sata_disk();
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        char line[128];
        char text[128];

        (void)snprintf(line, sizeof(line),
                       "29 1 8:2 / /mnt rw - ext4 /dev/sda2 rw\n"
                       "30 1 8:2 / %s rw - ext4 /dev/sda2 rw\n",
                       places[i]);
        (void)snprintf(text, sizeof(text), "sda2 is mounted at %s", places[i]);
        make_mounts(line);
        check_use("sda", DISK_SYSTEM, text);
        check_use("sdb", DISK_FREE, "");
    }
}

static void swapped_to(void **state)
{
    (void)state;
    make_file("proc", "swaps", "Filename Type Size Used Priority\n/dev/sdb1 partition 1 0 -2\n");
    check_use("sdb", DISK_SYSTEM, "sdb1 is swapped to");
    assert_int_equal(unlink(place("proc/swaps")), 0); // a kernel without swap
    check_use("sdb", DISK_FREE, "");
}

static void part_of_something(void **state)
{
    (void)state;
    make_holder(USB_DISK "/sdb1", "dm-0", "253:0");
    check_use("sdb", DISK_HELD, "sdb1 is part of dm-0");
    make_mounts("30 1 253:0 / /secret rw - ext4 /dev/mapper/secret rw\n");
    check_use("sdb", DISK_MOUNTED, "dm-0 is mounted at /secret");
}

// LVM in LUKS on RAID.
static void the_system_three_layers_up(void **state)
{
    (void)state;
    make_sata_disk();
    make_holder(SATA_DISK "/sda1", "md0", "9:0");
    make_holder("sys/devices/virtual/block/md0", "dm-0", "253:0");
    make_holder("sys/devices/virtual/block/dm-0", "dm-1", "253:1");
    make_mounts("30 1 253:1 / / rw - ext4 /dev/mapper/vg-root rw\n");
    check_use("sda", DISK_SYSTEM, "dm-1 is mounted at /");
    make_mounts("30 1 8:1 / /x rw - ext4 /dev/sdc1 rw\n");
    make_link("dev/mapper/vg-swap", "../dm-1");
    make_file("proc", "swaps", "Filename\n/dev/mapper/vg-swap partition 1 0 -2\n");
    check_use("sda", DISK_SYSTEM, "dm-1 is swapped to");
}

// ---- Where it cannot tell -------------------------------------------------------------------

static void unreadable_tables(void **state)
{
    (void)state;
    assert_int_equal(unlink(place("proc/self/mountinfo")), 0);
    check_scan_refused("cannot tell which disks are in use: /proc/self/mountinfo: No such file");
    assert_int_equal(mkdir(place("proc/self/mountinfo"), 0755), 0);
    check_scan_refused("cannot tell which disks are in use: /proc/self/mountinfo");
}

static void holders_that_are_unknown_or_endless(void **state)
{
    (void)state;
    make_file(USB_DISK "/holders/dm-7", ".keep", "");
    check_scan_refused("/sys does not tell what dm-7 is");
    make_disk("dm-7", "sys/devices/virtual/block/dm-7", "253:7", "0\n");
    make_file("sys/devices/virtual/block/dm-7/holders/dm-7", ".keep", "");
    check_scan_refused("/sys does not tell what dm-7 is");
}

static void no_tree(void **state)
{
    (void)state;
    assert_false(disk_scan(place("none"), &disks, &why));
    assert_string_equal(why.text, "cannot tell which disks there are: /sys/block: No such file or "
                                  "directory");
}

static void damaged_mount_lines(void **state)
{
    (void)state;
    make_mounts("\n-\n - \n1 2 8:17\n1 2 8:17 - x\n - ext4 /dev/sdb1\n8:17 8:17\n\\\\0 \\ \\1 - a");
    check_use("sdb", DISK_FREE, "");
}

static void by_number(void **state)
{
    (void)state;
    assert_non_null(scan_for("sdb"));
    assert_string_equal(disk_find(root, &disks, "8:16", &why)->name, "sdb");
    assert_null(disk_find(root, &disks, "8:17", &why));
    assert_string_equal(why.text, "is a partition: an image goes on the whole disk, /dev/sdb");
    assert_null(disk_find(root, &disks, "8:99", &why));
    assert_string_equal(why.text, "is no disk that /sys/block knows");
    assert_null(disk_find(root, &disks, "8:1", &why));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_usb_stick),
        CASE(a_usb_stick_without_serial_number),
        CASE(names_that_last),
        CASE(other_kinds_of_disk),
        CASE(sizes_and_rights),
        CASE(what_is_no_disk),
        CASE(mounted),
        CASE(mounted_by_its_name_only),
        CASE(the_running_system),
        CASE(swapped_to),
        CASE(part_of_something),
        CASE(the_system_three_layers_up),
        CASE(unreadable_tables),
        CASE(holders_that_are_unknown_or_endless),
        CASE(no_tree),
        CASE(damaged_mount_lines),
        CASE(by_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
