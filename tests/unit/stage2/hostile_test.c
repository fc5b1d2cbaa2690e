// Unit tests of stage 2's main.c and image.c: images that no bootimage has made, with checksums
// that are right. Nothing in them may lead the loader astray.
#include "entered_kernel.h"
#include "fake_disk.h"
#include "test_boot.h"
#include "unit.h"

#define PAGE             0x1000ull
#define HEADER_FIELDS    24 // bytes of image_header behind the magic number and before the checksum
#define CHANGES_AT_ONCE  3
#define ROUNDS           600
#define KERNEL_MAX_PAGES 0x100ull

static struct test_boot *ordinary_boot(void)
{
    return test_boot_begin(ordinary_kernel(), "exit");
}

// ---- Stage 2's own header -----------------------------------------------------------------

static void a_wrong_number_of_header_sectors(void **state)
{
    (void)state;
    static const uint32_t numbers[] = {0, IMAGE_HEADER_MAX_SECTORS + 1, 0x80000000u, UINT32_MAX};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct test_boot *boot = ordinary_boot();
        boot_image_stage2(&boot->image)->image_header_sectors = numbers[i];
        test_boot_stops(boot, "stage 2's header says that the image header has");
        assert_int_equal(boot->machine.disk.transfers, 0);
        test_boot_end(boot);
    }
}

// As many sectors as one transfer takes are read, and more than the header has do no harm.
static void the_most_header_sectors(void **state)
{
    (void)state;
    struct test_boot *boot = ordinary_boot();
    struct stage2_header *stage2 = boot_image_stage2(&boot->image);
    stage2->image_header_sectors = IMAGE_HEADER_MAX_SECTORS;
    test_boot_enters(boot);
    assert_int_equal(
        boot->machine.disk.reads[stage2->image_header_lba + IMAGE_HEADER_MAX_SECTORS - 1], 1);
    test_boot_end(boot);
}

static void a_header_somewhere_else(void **state)
{
    (void)state;
    static const uint64_t places[] = {0, 1, UINT64_MAX, UINT64_MAX - IMAGE_HEADER_MAX_SECTORS};
    static const char *const words[] = {"image header", "image header", "cannot read",
                                        "cannot read"};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct test_boot *boot = ordinary_boot();
        boot_image_stage2(&boot->image)->image_header_lba = places[i];
        test_boot_stops(boot, words[i]);
        test_boot_end(boot);
    }
}

// ---- The kernel ---------------------------------------------------------------------------

static void stops_at_kernel(struct elf_file kernel, uint64_t memory_bytes, const char *words)
{
    struct boot_image image;
    boot_image_make_unpacked(&image, &kernel, memory_bytes);
    struct test_boot *boot = test_boot_begin_bare(kernel, image);
    test_boot_add_memory(boot, MIB, 63 * MIB);
    test_boot_stops(boot, words);
    // It was read whole and without damage before it was refused.
    fake_disk_check_thrift(&boot->machine.disk);
    test_boot_end(boot);
}

static void a_writable_and_executable_segment(void **state)
{
    (void)state;
    const struct elf64_program_header segments[] = {
        loadable(RX, KERNEL_BASE, PAGE, 0x100, 0x100),
        loadable(RW | ELF_PF_X, KERNEL_BASE + PAGE, 2 * PAGE, 0x100, 0x100),
    };
    stops_at_kernel(elf_file_make(segments, 2, sizeof(struct elf64_header), 0x2100, KERNEL_BASE),
                    4 * PAGE, "kernel segment 1 is both writable and executable");
}

static void not_a_kernel(void **state)
{
    (void)state;
    struct elf_file kernel = ordinary_kernel();
    kernel.bytes[0] = 'M';
    stops_at_kernel(kernel, KERNEL_MAX_PAGES * PAGE, "the kernel is not an ELF file");
}

// The header promises less memory than the kernel's .bss takes: refused before anything is zeroed.
static void less_memory_than_the_kernel_needs(void **state)
{
    (void)state;
    struct test_boot *boot = ordinary_boot();
    struct image_item *item = boot_image_item(&boot->image, IMAGE_ITEM_KERNEL);
    item->memory_bytes -= PAGE;
    boot_image_seal(&boot->image, false);
    test_boot_stops(boot, "the image header gives the kernel other flags, memory or alignment");
    test_boot_end(boot);
}

static void more_memory_than_the_kernel_needs(void **state)
{
    (void)state;
    struct test_boot *boot = ordinary_boot();
    struct image_item *item = boot_image_item(&boot->image, IMAGE_ITEM_KERNEL);
    item->memory_bytes += 5 * PAGE;
    boot_image_seal(&boot->image, false);
    test_boot_enters(boot);
    assert_int_equal(boot->machine.blocks[0].bytes, item->memory_bytes);
    test_boot_end(boot);
}

// Segments all over the higher half: no room for the direct map.
static void no_room_in_the_address_space(void **state)
{
    (void)state;
    enum { SLOTS = 256 };
    static struct elf64_program_header segments[SLOTS];
    const uint64_t table = 2 * PAGE;
    for (uint64_t i = 0; i < SLOTS; i++) {
        const uint64_t address = 0xFFFF800000000000u + (i << 39);
        segments[i] =
            i == 0 ? loadable(RX, address, PAGE, 0x100, 0x100) : loadable(RW, address, 0, 0, PAGE);
    }
    stops_at_kernel(
        elf_file_make(segments, SLOTS, table, table + sizeof segments, segments[0].p_vaddr),
        2 * KERNEL_MAX_PAGES * PAGE, "the address space has no room");
}

// ---- At random ----------------------------------------------------------------------------

static uint64_t interesting_number(uint64_t *seed)
{
    static const uint64_t numbers[] = {0,
                                       1,
                                       2,
                                       SECTOR_SIZE,
                                       PAGE,
                                       UINT32_MAX,
                                       UINT64_MAX,
                                       1ull << 63,
                                       1ull << 32,
                                       0x40000000u,
                                       UINT64_MAX - 1,
                                       ~(PAGE - 1),
                                       4095,
                                       0x400000,
                                       1ull << 47,
                                       127,
                                       128,
                                       0xFFFF800000000000u,
                                       13,
                                       14,
                                       0x100000000,
                                       KERNEL_BASE,
                                       KERNEL_BASE + PAGE};
    const uint64_t number = numbers[random_below(seed, sizeof numbers / sizeof numbers[0])];
    return random_chance(seed, 3) ? number + random_below(seed, 16) * PAGE : number;
}

// Writes into one of `count` fields of 8, 4 or 2 bytes, or flips a bit.
static void change(uint8_t *bytes, size_t size, uint64_t *seed)
{
    const size_t width = (size_t)2 << random_below(seed, 3);
    uint8_t *field = bytes + random_below(seed, size / width) * width;
    const uint64_t number = interesting_number(seed);
    if (random_chance(seed, 4)) {
        field[0] ^= (uint8_t)(1u << random_below(seed, 8));
    } else {
        memcpy(field, &number, width);
    }
}

// Boots, and holds what is entered against the part of the contract that does not depend on what
// the kernel should have been. Returns whether it was entered.
static bool survives(struct test_boot *boot)
{
    fake_machine_boot(&boot->machine);
    if (boot->machine.ending == BOOT_STOPPED) {
        test_boot_check_stopped(boot, ": ");
        return false;
    }
    struct entered_kernel kernel;
    entered_kernel_begin(&kernel, &boot->machine);
    entered_kernel_end(&kernel);
    return true;
}

static void random_headers(void **state)
{
    (void)state;
    uint64_t seed = 99;
    unsigned entered = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct test_boot *boot = ordinary_boot();
        uint8_t *fields = (uint8_t *)boot_image_header(&boot->image) + IMAGE_MAGIC_SIZE;
        for (uint64_t i = 1 + random_below(&seed, CHANGES_AT_ONCE); i > 0; i--) {
            if (random_chance(&seed, 4)) {
                change(fields, HEADER_FIELDS, &seed);
            } else {
                change((uint8_t *)(boot_image_header(&boot->image) + 1),
                       2 * sizeof(struct image_item), &seed);
            }
        }
        boot_image_seal(&boot->image, random_chance(&seed, 2));
        entered += survives(boot);
        test_boot_end(boot);
    }
    assert_in_range(entered, ROUNDS / 100, ROUNDS / 2);
}

static void random_kernels(void **state)
{
    (void)state;
    uint64_t seed = 5;
    unsigned entered = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct test_boot *boot = ordinary_boot();
        struct image_item *item = boot_image_item(&boot->image, IMAGE_ITEM_KERNEL);
        uint8_t *elf = boot->image.bytes + item->lba * SECTOR_SIZE;
        for (uint64_t i = 1 + random_below(&seed, CHANGES_AT_ONCE); i > 0; i--) {
            change(elf, sizeof(struct elf64_header) + 3 * sizeof(struct elf64_program_header),
                   &seed);
        }
        item->memory_bytes += random_below(&seed, KERNEL_MAX_PAGES) * PAGE;
        boot_image_seal(&boot->image, true);
        entered += survives(boot);
        test_boot_end(boot);
    }
    assert_in_range(entered, ROUNDS / 100, ROUNDS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_number_of_header_sectors),
        cmocka_unit_test(the_most_header_sectors),
        cmocka_unit_test(a_header_somewhere_else),
        cmocka_unit_test(a_writable_and_executable_segment),
        cmocka_unit_test(not_a_kernel),
        cmocka_unit_test(less_memory_than_the_kernel_needs),
        cmocka_unit_test(more_memory_than_the_kernel_needs),
        cmocka_unit_test(no_room_in_the_address_space),
        cmocka_unit_test(random_headers),
        cmocka_unit_test(random_kernels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
