// What disk.c makes of a disk: whether it may be written, and how it is shown.
#include "disk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define IMAGE_BYTES 1548288u

// A stick that may be written.
static struct disk stick(void)
{
    return (struct disk){.name = "sdb",
                         .number = "8:16",
                         .bytes = 15376318464,
                         .bus = DISK_BUS_USB,
                         .removable_medium = true};
}

static void check_written(const struct disk *disk, bool any_disk)
{
    struct message why;

    assert_true(disk_check(disk, IMAGE_BYTES, any_disk, &why));
}

static void check_refused(const struct disk *disk, bool any_disk, const char *text)
{
    struct message why;

    assert_false(disk_check(disk, IMAGE_BYTES, any_disk, &why));
    assert_string_equal(why.text, text);
}

static void writes_removable_disks(void **state)
{
    struct disk disk = stick();

    (void)state;
    check_written(&disk, false);
    disk.removable_medium = false; // as USB hard disks say
    check_written(&disk, false);
    disk.bus = DISK_BUS_SD_CARD;
    check_written(&disk, false);
    disk.bus = DISK_BUS_OTHER;
    disk.removable_medium = true;
    check_written(&disk, false);
    disk.bytes = IMAGE_BYTES;
    check_written(&disk, false);
}

static void insists_on_other_disks(void **state)
{
    static const char text[] = "is no removable disk: if it is the right one all the same, add "
                               "--any-disk";
    struct disk disk = stick();

    (void)state;
    disk.bus = DISK_BUS_OTHER;
    disk.removable_medium = false;
    check_refused(&disk, false, text);
    check_written(&disk, true);
    disk.bus = DISK_BUS_VIRTUAL;
    disk.removable_medium = true;
    check_refused(&disk, false, text);
    check_written(&disk, true);
}

static void refuses_disks_in_use(void **state)
{
    struct disk disk = stick();

    (void)state;
    strcpy(disk.use_text, "sdb1 is mounted at /media/stick");
    disk.use = DISK_MOUNTED;
    for (int any_disk = 0; any_disk < 2; any_disk++) {
        check_refused(&disk, any_disk != 0,
                      "is in use: sdb1 is mounted at /media/stick: unmount it");
    }
    strcpy(disk.use_text, "sdb1 is part of dm-0");
    disk.use = DISK_HELD;
    for (int any_disk = 0; any_disk < 2; any_disk++) {
        check_refused(&disk, any_disk != 0, "is in use: sdb1 is part of dm-0");
    }
    strcpy(disk.use_text, "sdb2 is mounted at /");
    disk.use = DISK_SYSTEM;
    for (int any_disk = 0; any_disk < 2; any_disk++) {
        check_refused(&disk, any_disk != 0, "belongs to the running system: sdb2 is mounted at /");
    }
}

static void refuses_what_cannot_hold_it(void **state)
{
    struct disk disk = stick();

    (void)state;
    disk.bytes = IMAGE_BYTES - 1;
    check_refused(&disk, true, "has 1548287 bytes, and the image 1548288: take a larger disk");
    disk.bytes = 0;
    check_refused(&disk, true, "has no medium: put one in");
    disk = stick();
    disk.read_only = true;
    check_refused(&disk, true, "is read-only: look for a switch on it");
    disk = stick();
    disk.optical = true;
    check_refused(&disk, true, "is an optical drive: make an ISO image and burn that");
}

static void knows_the_same_disk(void **state)
{
    const struct disk disk = stick();
    struct disk other = disk;

    (void)state;
    other.use = DISK_HELD; // is no question of which disk it is
    assert_true(disk_is_same(&disk, &other));
    for (unsigned i = 0; i < 6; i++) {
        other = disk;
        char *const texts[] = {other.name, other.number, other.model, other.serial, other.sequence};

        if (i < sizeof(texts) / sizeof(texts[0])) {
            texts[i][0] ^= 1; // another text of the same length, or no longer an empty one
        } else {
            other.bytes++;
        }
        assert_false(disk_is_same(&disk, &other));
    }
}

static void tells_sizes(void **state)
{
    static const struct {
        uint64_t bytes;
        const char *text;
    } cases[] = {
        {0, "0 bytes"},          {999, "999 bytes"},        {1000, "1.0 kB"},
        {1474560, "1.4 MB"},     {999999999, "999.9 MB"},   {15376318464, "15.3 GB"},
        {UINT64_MAX, "18.4 EB"}, {4000787030016, "4.0 TB"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[DISK_SIZE_MOST];

        disk_size_text(cases[i].bytes, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void tells_the_bus(void **state)
{
    struct disk disk = stick();

    (void)state;
    assert_string_equal(disk_bus_text(&disk), "USB");
    disk.bus = DISK_BUS_SD_CARD;
    assert_string_equal(disk_bus_text(&disk), "SD card");
    disk.bus = DISK_BUS_VIRTUAL;
    assert_string_equal(disk_bus_text(&disk), "virtual");
    disk.bus = DISK_BUS_OTHER;
    assert_string_equal(disk_bus_text(&disk), "removable");
    disk.removable_medium = false;
    assert_string_equal(disk_bus_text(&disk), "fixed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_the_same_disk),
        cmocka_unit_test(writes_removable_disks),
        cmocka_unit_test(insists_on_other_disks),
        cmocka_unit_test(refuses_disks_in_use),
        cmocka_unit_test(tells_sizes),
        cmocka_unit_test(refuses_what_cannot_hold_it),
        cmocka_unit_test(tells_the_bus),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
