// Unit tests of stage 2's image.c: kernels and modules that are stored compressed; disks that fail
// or lie while these are read, and what is inside them damaged.
#include "entered_kernel.h"
#include "fake_disk.h"
#include "image_header.h"
#include "test_boot.h"
#include "unit.h"

#define MODULE_BYTES 300000u // compressed: some chunks
#define BLOCK        (sizeof(struct compressed_header) + sizeof(uint32_t)) // the first chunk's
#define CHUNK        COMPRESSED_CHUNK_SECTORS

static uint8_t content[MODULE_BYTES];

// Bytes of chance, each second piece of 16 what stood before it: half of them are saved.
static void fill_content(void)
{
    uint64_t seed = 9;
    for (size_t i = 0; i < sizeof content; i++) {
        content[i] = i % 32 < 16 ? (uint8_t)(random_next(&seed) >> 56) : content[i - 16];
    }
}

static const struct boot_image_module modules[] = {
    {"packed", "its line", content, MODULE_BYTES},
    {"odd", "", content, 5001},
    {"a byte", "", content, 1}, // stays as it is
};

#define MODULES 3u

static struct test_boot *compressed_boot(void)
{
    struct elf_file kernel = large_kernel(0x20000);
    struct boot_image image;
    fill_content();
    boot_image_make_compressed(&image, &kernel, modules, MODULES);
    struct test_boot *boot = test_boot_begin_bare(kernel, image);
    boot->command_line = "with";
    test_boot_add_memory(boot, MIB, 63 * MIB);
    return boot;
}

static void enters(struct test_boot *boot)
{
    struct entered_kernel kernel;
    test_boot_enters(boot);
    entered_kernel_begin(&kernel, &boot->machine);
    entered_kernel_check_modules(&kernel, modules, MODULES);
    entered_kernel_end(&kernel);
}

static struct image_item *kernel_of(const struct test_boot *boot)
{
    return boot_image_item(&boot->image, IMAGE_ITEM_KERNEL);
}

static struct image_item *module_of(const struct test_boot *boot)
{
    return boot_image_item(&boot->image, IMAGE_ITEM_MODULE);
}

static void kernel_and_modules_boot(void **state)
{
    (void)state;
    struct test_boot *boot = compressed_boot();
    const struct image_item *module = module_of(boot);
    assert_int_equal(kernel_of(boot)->flags, IMAGE_ITEM_LZ4);
    assert_int_equal(module[0].flags, IMAGE_ITEM_LZ4);
    assert_int_equal(module[1].flags, IMAGE_ITEM_LZ4);
    assert_int_equal(module[2].flags, 0);
    assert_true(image_item_sectors(module->bytes) > (uint64_t)2 * CHUNK);
    enters(boot);
    fake_disk_check_thrift(&boot->machine.disk);
    test_boot_end(boot);
}

// ---- Disks that fail or lie ---------------------------------------------------------------

// Sectors of kernel and module: of the first chunk, of those between, of the last.
enum place { KERNEL_FIRST, KERNEL_LAST, MODULE_FIRST, MODULE_MIDDLE, MODULE_LAST, PLACES };

static const struct image_item *item_at(const struct test_boot *boot, enum place place)
{
    return place <= KERNEL_LAST ? kernel_of(boot) : module_of(boot);
}

static uint64_t lba_of(const struct test_boot *boot, enum place place)
{
    const struct image_item *item = item_at(boot, place);
    switch (place) {
    case MODULE_MIDDLE:
        return item->lba + CHUNK + CHUNK / 2;
    case KERNEL_LAST:
    case MODULE_LAST:
        return item->lba + image_item_sectors(item->bytes) - 1;
    default:
        return item->lba;
    }
}

static void what_is_wrong_once_is_read_again(void **state)
{
    (void)state;
    static const enum disk_fault_kind kinds[] = {DISK_FAULT_BIT, DISK_FAULT_ZEROS,
                                                 DISK_FAULT_STALE};
    for (enum place place = 0; place < PLACES; place++) {
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
            struct test_boot *boot = compressed_boot();
            fake_disk_add_fault(&boot->machine.disk, kinds[i], lba_of(boot, place), 1);
            enters(boot);
            const bool of_kernel = place <= KERNEL_LAST;
            fake_disk_check_reads(&boot->machine.disk, kernel_of(boot), of_kernel ? 2 : 1);
            fake_disk_check_reads(&boot->machine.disk, module_of(boot), of_kernel ? 1 : 2);
            test_boot_end(boot);
        }
    }
}

// The message names the item as it lies on the disk.
static void what_stays_wrong_stops_the_boot(void **state)
{
    (void)state;
    for (enum place place = 0; place < PLACES; place++) {
        struct test_boot *boot = compressed_boot();
        const struct image_item *item = item_at(boot, place);
        struct message words;
        message_format(&words, "%s is damaged (checksum): LBA %llu, %llu sectors, which",
                       place <= KERNEL_LAST ? "kernel" : "packed", (unsigned long long)item->lba,
                       (unsigned long long)image_item_sectors(item->bytes));
        fake_disk_add_fault(&boot->machine.disk, DISK_FAULT_BIT, lba_of(boot, place), EVERY_TIME);
        test_boot_stops(boot, words.text);
        fake_disk_check_reads(&boot->machine.disk, item, 2);
        test_boot_end(boot);
    }
}

static void an_unreadable_sector_stops_the_boot(void **state)
{
    (void)state;
    for (enum place place = 0; place < PLACES; place++) {
        struct test_boot *boot = compressed_boot();
        fake_disk_add_fault(&boot->machine.disk, DISK_FAULT_ERROR, lba_of(boot, place), EVERY_TIME);
        test_boot_stops(boot, place <= KERNEL_LAST ? "cannot read kernel" : "cannot read packed");
        test_boot_end(boot);
    }
}

// ---- Damage that no checksum of sectors sees ----------------------------------------------

// A boot of an image where one byte of an item is another, and its checksum says so.
static void stops_at(size_t offset, const char *words)
{
    for (unsigned of_module = 0; of_module < 2; of_module++) {
        struct test_boot *boot = compressed_boot();
        struct image_item *item = of_module ? module_of(boot) : kernel_of(boot);
        boot->image.bytes[item->lba * SECTOR_SIZE + offset] ^= 1;
        boot_image_seal_item(&boot->image, item);
        test_boot_stops(boot, words);
        fake_disk_check_reads(&boot->machine.disk, item, 2);
        test_boot_end(boot);
    }
}

static void what_comes_out_is_checked(void **state)
{
    (void)state;
    stops_at(offsetof(struct compressed_header, bytes), "is damaged (LZ4)");
    stops_at(offsetof(struct compressed_header, bytes) + 7, "is damaged (LZ4)");
    stops_at(offsetof(struct compressed_header, checksum),
             "is damaged (checksum of what it unpacks to)");
    stops_at(BLOCK - sizeof(uint32_t) + 2, "is damaged (LZ4)");         // longer than its chunk
    stops_at(BLOCK + 2, "is damaged (checksum of what it unpacks to)"); // a literal
}

// Not a byte is written behind the memory that was claimed: the fake machine's ends there.
static void more_than_the_memory_is_refused(void **state)
{
    (void)state;
    struct test_boot *boot = compressed_boot();
    struct image_item *item = module_of(boot);
    item->memory_bytes -= PAGE_SIZE;
    boot_image_seal(&boot->image, false);
    test_boot_stops(boot, "packed is damaged (LZ4)");
    test_boot_end(boot);
}

// What is not compressed by its flags is taken as it is.
static void a_lost_flag_is_noticed(void **state)
{
    (void)state;
    struct test_boot *boot = compressed_boot();
    kernel_of(boot)->flags = 0;
    boot_image_seal(&boot->image, false);
    test_boot_stops(boot, "the kernel is not an ELF file");
    test_boot_end(boot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kernel_and_modules_boot),
        cmocka_unit_test(what_is_wrong_once_is_read_again),
        cmocka_unit_test(what_stays_wrong_stops_the_boot),
        cmocka_unit_test(an_unreadable_sector_stops_the_boot),
        cmocka_unit_test(what_comes_out_is_checked),
        cmocka_unit_test(more_than_the_memory_is_refused),
        cmocka_unit_test(a_lost_flag_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
