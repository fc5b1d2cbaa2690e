// Which disks disk_scan.c finds and what they are, in trees that the tests make. Who uses them is
// test_disk_use.c's.
#define _POSIX_C_SOURCE 200809L

#include "sysfs_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

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

static void no_tree(void **state)
{
    (void)state;
    assert_false(disk_scan(place("none"), &disks, &why));
    assert_string_equal(why.text, "cannot tell which disks there are: /sys/block: No such file or "
                                  "directory");
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

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up_tree, tear_down_tree)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_usb_stick),      CASE(a_usb_stick_without_serial_number),
        CASE(names_that_last),  CASE(other_kinds_of_disk),
        CASE(sizes_and_rights), CASE(what_is_no_disk),
        CASE(no_tree),          CASE(by_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
