// Unit tests of stage 2's main.c: where the kernel and the loader's own pages go on machines with
// memory of every shape, and what is said when there is not enough.
#include "fake_machine.h"
#include "test_boot.h"
#include "unit.h"

#define PAGE 0x1000ull

static uint64_t kernel_bytes(const struct test_boot *boot)
{
    return boot_image_item(&boot->image, IMAGE_ITEM_KERNEL)->memory_bytes;
}

// A machine whose memory above 1 MiB the test adds.
static struct test_boot *bare_boot(struct elf_file kernel)
{
    struct boot_image image;
    boot_image_make(&image, &kernel, "");
    return test_boot_begin_bare(kernel, image);
}

// What the loader takes for itself on this machine.
static uint64_t loader_bytes(uint64_t base, uint64_t length)
{
    struct test_boot *boot = bare_boot(ordinary_kernel());
    test_boot_add_memory(boot, base, length);
    test_boot_enters(boot);
    const uint64_t bytes = boot->machine.blocks[1].bytes;
    test_boot_end(boot);
    return bytes;
}

// ---- Enough -------------------------------------------------------------------------------

static void the_kernel_lies_lowest(void **state)
{
    (void)state;
    struct test_boot *boot = test_boot_begin(ordinary_kernel(), "");
    test_boot_enters(boot);
    const struct fake_block *kernel = &boot->machine.blocks[0];
    assert_int_equal(kernel->physical, MIB);
    assert_int_equal(kernel->bytes, kernel_bytes(boot));
    assert_int_equal(boot->machine.blocks[1].physical, MIB + kernel->bytes);
    test_boot_end(boot);
}

static void memory_above_4_gib_only(void **state)
{
    (void)state;
    struct test_boot *boot = bare_boot(large_kernel(3 * MIB));
    test_boot_add_memory(boot, 4 * GIB, 64 * MIB);
    test_boot_enters(boot);
    assert_int_equal(boot->machine.blocks[0].physical / GIB, 4);
    test_boot_end(boot);
}

static void memory_far_above(void **state)
{
    (void)state;
    struct test_boot *boot = bare_boot(ordinary_kernel());
    test_boot_add_memory(boot, 0x100000000000u, 64 * MIB); // 16 TiB
    test_boot_enters(boot);
    test_boot_end(boot);
}

// The wish for 2 MiB pages is granted where it can be, not only at the lowest address.
static void a_wish_for_alignment_is_looked_for(void **state)
{
    (void)state;
    struct test_boot *boot = bare_boot(large_kernel(4 * MIB));
    const struct image_item *item = boot_image_item(&boot->image, IMAGE_ITEM_KERNEL);
    assert_int_equal(item->memory_alignment, 2 * MIB);
    const uint64_t granted = 32 * MIB + item->memory_phase;
    const uint64_t shifted = 16 * MIB + item->memory_phase + PAGE;
    test_boot_add_memory(boot, shifted, item->memory_bytes + PAGE);
    test_boot_add_memory(boot, granted, item->memory_bytes);
    test_boot_enters(boot);
    assert_int_equal(boot->machine.blocks[0].physical, granted);
    test_boot_end(boot);
}

static void a_wish_that_cannot_be_granted_does_not_stop_the_boot(void **state)
{
    (void)state;
    struct test_boot *boot = bare_boot(large_kernel(4 * MIB));
    const struct image_item *item = boot_image_item(&boot->image, IMAGE_ITEM_KERNEL);
    const uint64_t shifted = 16 * MIB + item->memory_phase + PAGE;
    test_boot_add_memory(boot, shifted, item->memory_bytes);
    test_boot_add_memory(boot, 8 * MIB, MIB); // the loader's
    test_boot_enters(boot);
    assert_int_equal(boot->machine.blocks[0].physical, shifted);
    test_boot_end(boot);
}

// A kernel that wants pages of 1 GiB, of which it could use the smaller ones too.
static struct test_boot *boot_with_large_wish(uint64_t phase)
{
    struct test_boot *boot = bare_boot(large_kernel(MIB));
    struct image_item *item = boot_image_item(&boot->image, IMAGE_ITEM_KERNEL);
    item->memory_alignment = GIB;
    item->memory_phase = phase;
    boot_image_seal(&boot->image, false);
    test_boot_add_memory(boot, 16 * MIB, 8 * MIB);
    return boot;
}

static void a_wish_is_granted_as_far_as_memory_allows(void **state)
{
    (void)state;
    const uint64_t phase = 700 * MIB + PAGE;
    struct test_boot *boot = boot_with_large_wish(phase);
    test_boot_enters(boot);
    assert_int_equal(boot->machine.blocks[0].physical, 16 * MIB + PAGE);
    test_boot_end(boot);

    boot = boot_with_large_wish(phase);
    test_boot_add_memory(boot, GIB, GIB);
    test_boot_enters(boot);
    assert_int_equal(boot->machine.blocks[0].physical, GIB + phase);
    test_boot_end(boot);
}

static void ranges_out_of_order_unaligned_and_overlapping(void **state)
{
    (void)state;
    struct test_boot *boot = bare_boot(large_kernel(MIB));
    test_boot_add_memory(boot, 12 * MIB + 1, 8 * MIB - 2);
    test_boot_add_memory(boot, MIB, 7 * MIB + 123);
    test_boot_add_memory(boot, 14 * MIB, 4 * MIB);
    fake_machine_add_range(&boot->machine, 3 * MIB - 77, 5, BOOT_MEMORY_RESERVED);
    fake_machine_add_range(&boot->machine, MIB, 0x4000, BOOT_MEMORY_ACPI_NVS);
    fake_machine_add_range(&boot->machine, 16 * MIB, 0x1001, BOOT_MEMORY_BAD);
    fake_machine_add_range(&boot->machine, 17 * MIB, MIB, 99); // of a kind that nobody knows
    fake_machine_add_range(&boot->machine, 0xFFFC0000u, 0x40000, BOOT_MEMORY_RESERVED);
    test_boot_enters(boot);
    test_boot_end(boot);
}

// As many pieces as firmware may report, aligned or not so that each is three ranges.
static void as_many_ranges_as_fit(void **state)
{
    (void)state;
    struct test_boot *boot = bare_boot(ordinary_kernel());
    for (uint64_t i = 0; i < MEMORY_MAP_RAW_MAX - 1; i++) {
        test_boot_add_memory(boot, 2 * MIB + i * 0x4000, 2 * PAGE);
    }
    test_boot_add_memory(boot, 32 * MIB, 4 * MIB);
    test_boot_enters(boot);
    test_boot_end(boot);
}

// ---- Not enough ---------------------------------------------------------------------------

static void stops_for_want_of(struct test_boot *boot, const char *what, uint64_t needed,
                              uint64_t largest)
{
    struct message words;
    message_format(&words,
                   "not enough memory for %s: %llu KiB needed in one piece at a multiple of 4 KiB, "
                   "largest free piece "
                   "%llu KiB",
                   what, (unsigned long long)(needed / KIB), (unsigned long long)(largest / KIB));
    test_boot_stops(boot, words.text);
    test_boot_end(boot);
}

static void a_kernel_just_fits_or_does_not(void **state)
{
    (void)state;
    struct test_boot *boot = bare_boot(large_kernel(MIB));
    const uint64_t bytes = kernel_bytes(boot);
    test_boot_add_memory(boot, 16 * MIB, bytes);
    test_boot_add_memory(boot, 64 * MIB, MIB); // the loader's
    test_boot_enters(boot);
    test_boot_end(boot);

    boot = bare_boot(large_kernel(MIB));
    test_boot_add_memory(boot, 16 * MIB, bytes - PAGE);
    test_boot_add_memory(boot, 64 * MIB, MIB);
    assert_true(bytes - PAGE > MIB);
    stops_for_want_of(boot, "kernel", bytes, bytes - PAGE);
}

static void the_loader_just_fits_or_does_not(void **state)
{
    (void)state;
    struct test_boot *boot = bare_boot(ordinary_kernel());
    const uint64_t kernel = kernel_bytes(boot);
    // How much depends on where memory ends: within the first 2 MiB it is a little less.
    const uint64_t needed = loader_bytes(MIB, kernel + loader_bytes(MIB, 15 * MIB));
    test_boot_add_memory(boot, MIB, kernel + needed);
    test_boot_enters(boot);
    test_boot_end(boot);

    boot = bare_boot(ordinary_kernel());
    test_boot_add_memory(boot, MIB, kernel + needed - PAGE);
    stops_for_want_of(boot, "page tables and stack", needed, needed - PAGE);
}

static void no_memory_above_1_mib(void **state)
{
    (void)state;
    struct test_boot *boot = bare_boot(ordinary_kernel());
    stops_for_want_of(boot, "kernel", kernel_bytes(boot), 0);
}

static void a_kernel_larger_than_any_machine(void **state)
{
    (void)state;
    const struct elf64_program_header segments[] = {
        loadable(RX, KERNEL_BASE - 0x10000000000u, 0x1000, 0x100, 0x100),
        loadable(RW, KERNEL_BASE - 0x10000000000u + 0x1000, 0, 0, 0x10000000000u),
    };
    struct test_boot *boot = test_boot_begin(
        elf_file_make(segments, 2, sizeof(struct elf64_header), 0x1100, segments[0].p_vaddr), "");
    test_boot_add_memory(boot, 4 * GIB, 16 * GIB);
    stops_for_want_of(boot, "kernel", kernel_bytes(boot), 16 * GIB);
}

// The map is full before firmware's list is: every range is trimmed to pages on both sides.
static void too_many_ranges(void **state)
{
    (void)state;
    struct test_boot *boot = bare_boot(ordinary_kernel());
    for (uint64_t i = 0; i < MEMORY_MAP_RAW_MAX; i++) {
        test_boot_add_memory(boot, 2 * MIB + i * 0x8000 + 1, 3 * PAGE);
    }
    test_boot_stops(boot, "the memory map needs more than");
    test_boot_end(boot);
}

// Normalised, the map is just full: nothing can be taken from it any more.
static void a_map_with_no_room_for_what_the_loader_takes(void **state)
{
    (void)state;
    struct test_boot *boot = bare_boot(ordinary_kernel());
    test_boot_add_memory(boot, 32 * MIB, 4 * MIB);
    // In the first mebibyte there are 3 ranges, here is 1; each of these makes 3.
    uint64_t address = 64 * MIB;
    uint32_t ranges = 4;
    for (; ranges + 3 <= MEMORY_MAP_MAX; ranges += 3, address += 0x8000) {
        test_boot_add_memory(boot, address + 1, 3 * PAGE);
    }
    for (; ranges < MEMORY_MAP_MAX; ranges++, address += 0x8000) {
        test_boot_add_memory(boot, address, PAGE);
    }
    test_boot_stops(boot, "the memory map needs more than");
    assert_int_equal(boot->machine.disk.reads[boot_image_stage2(&boot->image)->image_header_lba],
                     1);
    test_boot_end(boot);
}

static void more_memory_than_the_address_space_has_room_for(void **state)
{
    (void)state;
    struct test_boot *boot = test_boot_begin(ordinary_kernel(), "");
    test_boot_add_memory(boot, 0x7FFF00000000u, GIB);
    test_boot_stops(boot, "the address space has no room");
    test_boot_end(boot);
}

// ---- At random ----------------------------------------------------------------------------

static void add_random_ranges(struct test_boot *boot, uint64_t *seed)
{
    const uint64_t unit = random_chance(seed, 2) ? PAGE : 0x333;
    for (uint64_t count = 1 + random_below(seed, 30); count > 0; count--) {
        const uint64_t base = MIB + random_below(seed, 6 * MIB / unit) * unit;
        const uint64_t length = (1 + random_below(seed, 2 * MIB / unit)) * unit;
        fake_machine_add_range(&boot->machine, random_chance(seed, 4) ? base + 5 * GIB : base,
                               random_chance(seed, 2) ? length : length / 64,
                               random_chance(seed, 2) ? BOOT_MEMORY_USABLE
                                                      : (uint32_t)random_below(seed, 9));
    }
}

// Boots, or says that there is not enough; both happen.
static void random_machines(void **state)
{
    (void)state;
    uint64_t seed = 7;
    unsigned entered = 0;
    for (unsigned round = 0; round < 150; round++) {
        struct test_boot *boot = bare_boot(large_kernel(random_below(&seed, 300) * PAGE + PAGE));
        add_random_ranges(boot, &seed);
        fake_machine_boot(&boot->machine);
        if (boot->machine.ending == BOOT_ENTERED) {
            entered++;
            test_boot_check_entered(boot);
        } else {
            test_boot_check_stopped(boot, "not enough memory for ");
        }
        test_boot_end(boot);
    }
    assert_in_range(entered, 20, 130);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kernel_lies_lowest),
        cmocka_unit_test(memory_above_4_gib_only),
        cmocka_unit_test(memory_far_above),
        cmocka_unit_test(a_wish_for_alignment_is_looked_for),
        cmocka_unit_test(a_wish_that_cannot_be_granted_does_not_stop_the_boot),
        cmocka_unit_test(a_wish_is_granted_as_far_as_memory_allows),
        cmocka_unit_test(ranges_out_of_order_unaligned_and_overlapping),
        cmocka_unit_test(as_many_ranges_as_fit),
        cmocka_unit_test(a_kernel_just_fits_or_does_not),
        cmocka_unit_test(the_loader_just_fits_or_does_not),
        cmocka_unit_test(no_memory_above_1_mib),
        cmocka_unit_test(a_kernel_larger_than_any_machine),
        cmocka_unit_test(too_many_ranges),
        cmocka_unit_test(a_map_with_no_room_for_what_the_loader_takes),
        cmocka_unit_test(more_memory_than_the_address_space_has_room_for),
        cmocka_unit_test(random_machines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
