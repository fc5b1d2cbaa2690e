// Unit tests of stage 2's main.c and image.c: disks that fail or lie. What firmware reads wrong is
// read once more; what stays wrong ends in a message that says what and where.
#include "fake_disk.h"
#include "image_header.h"
#include "test_boot.h"
#include "unit.h"

static uint64_t header_lba(const struct test_boot *boot)
{
    return boot_image_stage2(&boot->image)->image_header_lba;
}

static const struct image_item *kernel_item(const struct test_boot *boot)
{
    return boot_image_item(&boot->image, IMAGE_ITEM_KERNEL);
}

static const struct image_item *command_line_item(const struct test_boot *boot)
{
    return boot_image_item(&boot->image, IMAGE_ITEM_COMMAND_LINE);
}

static struct test_boot *ordinary_boot(void)
{
    return test_boot_begin(large_kernel(0x20000), "exit quiet");
}

static struct test_boot *boot_with_fault(enum disk_fault_kind kind, uint64_t lba, uint32_t times)
{
    struct test_boot *boot = ordinary_boot();
    fake_disk_add_fault(&boot->machine.disk, kind, lba, times);
    return boot;
}

// The sectors of an ordinary boot, to be damaged; the same for all of them.
struct places {
    uint64_t header, command_line, kernel_first, kernel_last;
};

static struct places places(void)
{
    struct test_boot *boot = ordinary_boot();
    const struct image_item *kernel = kernel_item(boot);
    const struct places found = {
        .header = header_lba(boot),
        .command_line = command_line_item(boot)->lba,
        .kernel_first = kernel->lba,
        .kernel_last = kernel->lba + image_item_sectors(kernel->bytes) - 1,
    };
    assert_true(found.kernel_last - found.kernel_first > 127); // several transfers
    test_boot_end(boot);
    return found;
}

// ---- Firmware reports an error ------------------------------------------------------------

static void stops_at_an_unreadable(uint64_t lba, const char *words)
{
    struct test_boot *boot = boot_with_fault(DISK_FAULT_ERROR, lba, EVERY_TIME);
    test_boot_stops(boot, words);
    test_boot_end(boot);
}

static void an_unreadable_sector_stops_the_boot(void **state)
{
    (void)state;
    const struct places at = places();
    stops_at_an_unreadable(at.header, "image header");
    stops_at_an_unreadable(at.command_line, "command line");
    stops_at_an_unreadable(at.kernel_first, "kernel");
    stops_at_an_unreadable(at.kernel_last, "kernel");
}

static void a_truncated_disk_stops_the_boot(void **state)
{
    (void)state;
    const struct places at = places();
    const uint64_t ends[] = {at.header, at.command_line, at.kernel_first + 1, at.kernel_last};
    static const char *const what[] = {"image header", "command line", "kernel", "kernel"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct test_boot *boot = ordinary_boot();
        boot->machine.disk.sectors = ends[i];
        test_boot_stops(boot, what[i]);
        test_boot_end(boot);
    }
}

// ---- Firmware reports success and is wrong ------------------------------------------------

// How often each sector of an item is read when something in it is wrong once.
static void reads_again(enum disk_fault_kind kind, uint64_t lba, uint32_t header_reads,
                        uint32_t command_line_reads, uint32_t kernel_reads)
{
    struct test_boot *boot = boot_with_fault(kind, lba, 1);
    test_boot_enters(boot);
    const struct fake_disk *disk = &boot->machine.disk;
    assert_int_equal(disk->reads[header_lba(boot)], header_reads);
    fake_disk_check_reads(disk, command_line_item(boot), command_line_reads);
    fake_disk_check_reads(disk, kernel_item(boot), kernel_reads);
    test_boot_end(boot);
}

static void what_is_wrong_once_is_read_again(void **state)
{
    (void)state;
    const struct places at = places();
    static const enum disk_fault_kind kinds[] = {DISK_FAULT_BIT, DISK_FAULT_ZEROS,
                                                 DISK_FAULT_STALE};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        reads_again(kinds[i], at.header, 2, 1, 1);
        reads_again(kinds[i], at.command_line, 1, 2, 1);
        reads_again(kinds[i], at.kernel_first, 1, 1, 2);
        reads_again(kinds[i], at.kernel_last, 1, 1, 2);
        reads_again(kinds[i], (at.kernel_first + at.kernel_last) / 2, 1, 1, 2);
    }
}

static void stops_at_what_stays_wrong(uint64_t lba, const char *words)
{
    struct test_boot *boot = boot_with_fault(DISK_FAULT_BIT, lba, EVERY_TIME);
    test_boot_stops(boot, words);
    assert_message_has(boot->machine.line.text, "checksum");
    assert_int_equal(boot->machine.disk.reads[lba], 2);
    test_boot_end(boot);
}

static void what_stays_wrong_stops_the_boot(void **state)
{
    (void)state;
    const struct places at = places();
    stops_at_what_stays_wrong(at.command_line, "command line");
    stops_at_what_stays_wrong(at.kernel_first, "kernel");
    stops_at_what_stays_wrong(at.kernel_last, "kernel");
    // The magic number is looked at before the checksum.
    struct test_boot *boot = boot_with_fault(DISK_FAULT_BIT, at.header, EVERY_TIME);
    test_boot_stops(boot, "image header");
    assert_int_equal(boot->machine.disk.reads[at.header], 2);
    test_boot_end(boot);
    boot = boot_with_fault(DISK_FAULT_BIT, at.header, EVERY_TIME);
    boot->machine.disk.faults[0].bit = 8 * (SECTOR_SIZE - 1);
    test_boot_stops(boot, "checksum");
    test_boot_end(boot);
}

// The message names the sectors and what to do.
static void the_message_says_where(void **state)
{
    (void)state;
    const struct places at = places();
    struct test_boot *boot = boot_with_fault(DISK_FAULT_ZEROS, at.kernel_last, EVERY_TIME);
    struct message where;
    const unsigned long long sectors = at.kernel_last - at.kernel_first + 1;
    message_format(&where, "LBA %llu, %llu sectors", (unsigned long long)at.kernel_first, sectors);
    test_boot_stops(boot, where.text);
    assert_message_has(boot->machine.line.text, "write the image again");
    test_boot_end(boot);
}

static void two_sectors_that_changed_places_are_noticed(void **state)
{
    (void)state;
    struct test_boot *boot = ordinary_boot();
    uint8_t *first = boot->image.bytes + kernel_item(boot)->lba * SECTOR_SIZE;
    uint8_t saved[SECTOR_SIZE];
    memcpy(saved, first, SECTOR_SIZE);
    memcpy(first, first + SECTOR_SIZE, SECTOR_SIZE);
    memcpy(first + SECTOR_SIZE, saved, SECTOR_SIZE);
    test_boot_stops(boot, "checksum");
    test_boot_end(boot);
}

// Any bit of any sector, once and for ever.
static void any_wrong_bit_is_noticed(void **state)
{
    (void)state;
    const struct places at = places();
    uint64_t seed = 20;
    for (unsigned round = 0; round < 60; round++) {
        const uint64_t lba = at.header + random_below(&seed, at.kernel_last - at.header + 1);
        const uint32_t bit = (uint32_t)random_below(&seed, 8ull * SECTOR_SIZE);
        struct test_boot *boot = boot_with_fault(DISK_FAULT_BIT, lba, 1);
        boot->machine.disk.faults[0].bit = bit;
        test_boot_enters(boot);
        assert_int_equal(boot->machine.disk.reads[lba], 2);
        test_boot_end(boot);
        boot = boot_with_fault(DISK_FAULT_BIT, lba, EVERY_TIME);
        boot->machine.disk.faults[0].bit = bit;
        test_boot_stops(boot, lba == at.header         ? "image header"
                              : lba == at.command_line ? "command line is damaged (checksum)"
                                                       : "kernel is damaged (checksum)");
        test_boot_end(boot);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unreadable_sector_stops_the_boot),
        cmocka_unit_test(a_truncated_disk_stops_the_boot),
        cmocka_unit_test(what_is_wrong_once_is_read_again),
        cmocka_unit_test(what_stays_wrong_stops_the_boot),
        cmocka_unit_test(the_message_says_where),
        cmocka_unit_test(two_sectors_that_changed_places_are_noticed),
        cmocka_unit_test(any_wrong_bit_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
