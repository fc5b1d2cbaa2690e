// By whom disk_scan.c finds a disk used, in trees that the tests make, and that it says so where it
// cannot tell.
#define _POSIX_C_SOURCE 200809L

#include "sysfs_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void check_use(const char *name, enum disk_use use, const char *text)
{
    const struct disk *disk = scan_for(name);

    assert_non_null(disk);
    assert_string_equal(disk->use_text, text);
    assert_int_equal(disk->use, use);
}

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

static void damaged_mount_lines(void **state)
{
    (void)state;
    make_mounts("\n-\n - \n1 2 8:17\n1 2 8:17 - x\n - ext4 /dev/sdb1\n8:17 8:17\n\\\\0 \\ \\1 - a");
    check_use("sdb", DISK_FREE, "");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up_tree, tear_down_tree)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(mounted),
        CASE(mounted_by_its_name_only),
        CASE(the_running_system),
        CASE(swapped_to),
        CASE(part_of_something),
        CASE(the_system_three_layers_up),
        CASE(unreadable_tables),
        CASE(holders_that_are_unknown_or_endless),
        CASE(damaged_mount_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
