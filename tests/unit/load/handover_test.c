// Unit tests of bootloader/load/handover.c: kernels and machines of every kind, and what the kernel
// would find.
#include "handover.h"
#include "handover_cases.h"
#include "unit.h"

// An ordinary kernel at `base`: code, constants, data with .bss.
struct kernel {
    struct elf64_program_header segments[3];
};

static struct kernel kernel_at(uint64_t base)
{
    return (struct kernel){{loadable(RX, base + 0x1000, 0x1000, 0x800, 0x800),
                            loadable(R, base + 0x2000, 0x2000, 0x1000, 0x1000),
                            loadable(RW, base + 0x3000, 0x3000, 0x800, 0x2800)}};
}

static struct built_handover *machine(uint64_t memory_end)
{
    struct built_handover *built = allocate(sizeof *built);
    memset(built, 0, sizeof *built);
    machine_map(&built->map, memory_end);
    built->nx = true;
    built->facts.boot_drive = 0x80;
    return built;
}

static void end(struct built_handover *built)
{
    handover_free(built);
    free(built);
}

// ---- Where things lie ---------------------------------------------------------------------

static void an_ordinary_kernel(void **state)
{
    (void)state;
    struct built_handover *built = machine(512 * MIB);
    struct kernel kernel = kernel_at(BASE);
    handover_make(built, kernel.segments, 3, "exit quiet");
    handover_check(built, "exit quiet");
    assert_int_equal(built->handover.direct_map, DEFAULT_DIRECT_MAP);
    assert_int_equal(built->handover.loader_region, DEFAULT_LOADER_REGION);
    assert_int_equal(built->handover.stack_virtual, DEFAULT_LOADER_REGION + 0x2000);
    assert_int_equal(built->handover.direct_map_size, 4 * GIB);
    assert_true(built->handover.vga_text_mapped);
    // Few tables: 4 GiB by 2 MiB pages take 4, with 4 where small pages are needed.
    assert_true(built->tables <= 24);
    end(built);
}

static void every_kind_of_cpu(void **state)
{
    (void)state;
    for (unsigned features = 0; features < 4; features++) {
        struct built_handover *built = machine(8 * GIB);
        struct kernel kernel = kernel_at(BASE);
        built->nx = (features & 1) != 0;
        built->gigabyte_pages = (features & 2) != 0;
        handover_make(built, kernel.segments, 3, "");
        handover_check(built, "");
        end(built);
    }
}

static void small_machines(void **state)
{
    (void)state;
    for (uint64_t memory = 2 * MIB; memory <= 32 * MIB; memory += MIB / 2) {
        struct built_handover *built = machine(memory);
        struct kernel kernel = kernel_at(0x200000);
        handover_make(built, kernel.segments, 3, "");
        handover_check(built, "");
        end(built);
    }
}

static void large_machines(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {64 * GIB, 1 * TIB, 6 * TIB};
    for (unsigned i = 0; i < 3; i++) {
        struct built_handover *built = machine(sizes[i]);
        struct kernel kernel = kernel_at(BASE);
        built->gigabyte_pages = i == 2;
        handover_make(built, kernel.segments, 3, "");
        handover_check(built, "");
        end(built);
    }
}

static void kernel_in_the_way_of_vga_text(void **state)
{
    (void)state;
    static const struct {
        uint64_t first, bytes;
        bool free;
    } kernels[] = {
        {0xB7000, 0x1000, true},   {0xB7000, 0x1001, false}, {0xB8000, 0x1000, false},
        {0xBF800, 0x10, false},    {0xBFFFF, 1, false},      {0xC0000, 0x1000, true},
        {0x1000, 0x100000, false}, {0x1000, 0xB7000, true},  {BASE + 0xB8000, 0x1000, true},
    };
    for (unsigned i = 0; i < sizeof kernels / sizeof kernels[0]; i++) {
        const struct elf64_program_header segments[] = {
            loadable(RX, kernels[i].first, kernels[i].first % 0x1000, 1, kernels[i].bytes)};
        struct built_handover *built = machine(512 * MIB);
        handover_make(built, segments, 1, "");
        assert_int_equal(built->handover.vga_text_mapped, kernels[i].free);
        handover_check(built, "");
        end(built);
    }
}

static void assert_places(const struct elf64_program_header *segments, uint32_t count,
                          uint64_t memory, unsigned direct_slot, unsigned loader_slot)
{
    struct built_handover *built = machine(memory);
    built->gigabyte_pages = true;
    handover_make(built, segments, count, "");
    assert_int_equal(built->handover.direct_map, SLOT(direct_slot));
    assert_int_equal(built->handover.loader_region, SLOT(loader_slot));
    handover_check(built, "");
    end(built);
}

static void kernel_in_the_way_of_the_defaults(void **state)
{
    (void)state;
    struct kernel kernel = kernel_at(SLOT(256));
    assert_places(kernel.segments, 3, 512 * MIB, 257, 510);
    kernel = kernel_at(SLOT(510));
    assert_places(kernel.segments, 3, 512 * MIB, 256, 509);
    kernel = kernel_at(SLOT(511));
    assert_places(kernel.segments, 3, 512 * MIB, 256, 510);
    kernel = kernel_at(0x400000);
    assert_places(kernel.segments, 3, 512 * MIB, 256, 510);
    // Three slots of memory find no room below the kernel.
    kernel = kernel_at(SLOT(258));
    assert_places(kernel.segments, 3, TIB + 300 * GIB, 259, 510);
    kernel = kernel_at(SLOT(259));
    assert_places(kernel.segments, 3, TIB + 300 * GIB, 256, 510);
    // A segment across two slots takes both.
    struct elf64_program_header across[] = {loadable(RX, SLOT(509) - 0x1000, 0x1000, 1, 0x3000)};
    assert_places(across, 1, 512 * MIB, 256, 510);
    across[0].p_vaddr = SLOT(510) - 0x1000;
    assert_places(across, 1, 512 * MIB, 256, 508);
}

static void kernel_at_both_ends_of_the_higher_half(void **state)
{
    (void)state;
    const struct elf64_program_header segments[] = {
        loadable(RX, SLOT(256), 0x1000, 0x1000, 0x1000),
        loadable(RW, SLOT(510), 0x2000, 0x1000, 0x1000),
        loadable(RW, 0u - 0x1000ull, 0x3000, 0x1000, 0x1000),
    };
    assert_places(segments, 3, 512 * MIB, 257, 509);
}

// ---- Refused ------------------------------------------------------------------------------

static void assert_no_room(const struct elf64_program_header *segments, uint32_t count,
                           uint64_t memory)
{
    struct message why = {.text = ""};
    struct built_handover *built = machine(memory);
    assert_false(handover_try(built, segments, count, "", &why));
    assert_message_has(why.text, "the address space has no room for ");
    end(built);
}

static void refuses_when_the_address_space_is_full(void **state)
{
    (void)state;
    enum { SLOTS = 255 };
    struct elf64_program_header segments[SLOTS];
    segments[0] = loadable(RX, SLOT(256), 0x1000, 1, 0x1000);
    for (unsigned i = 1; i < SLOTS; i++) {
        segments[i] = loadable(RW, SLOT(256 + i), 0, 0, 0x1000);
    }
    assert_no_room(segments, SLOTS, 512 * MIB); // 256 to 510
    assert_places(segments, SLOTS - 1, 512 * MIB, 511, 510);
    assert_places(segments, SLOTS - 2, 512 * MIB, 509, 510);
    segments[SLOTS - 1].p_vaddr = SLOT(511);
    assert_no_room(segments, SLOTS, 512 * MIB); // the loader region alone fits, into 510
}

static void refuses_more_memory_than_can_be_mapped(void **state)
{
    (void)state;
    struct kernel kernel = kernel_at(BASE);
    static const struct {
        uint64_t end;
        bool fits;
    } machines[] = {{127 * TIB, true},  {127 * TIB + GIB, false}, {128 * TIB, false},
                    {129 * TIB, false}, {4096 * TIB, false},      {UINT64_MAX - 0xFFF, false}};
    for (unsigned i = 0; i < sizeof machines / sizeof machines[0]; i++) {
        struct built_handover *built = machine(512 * MIB);
        struct message why = {.text = ""};
        built->gigabyte_pages = true;
        test_map_add(&built->map, machines[i].end - 0x1000, 0x1000, BOOT_MEMORY_USABLE);
        assert_int_equal(handover_try(built, kernel.segments, 3, "", &why), machines[i].fits);
        if (machines[i].fits) {
            assert_int_equal(built->handover.direct_map_size, machines[i].end);
        } else {
            assert_message_has(why.text, "GiB of physical memory");
        }
        end(built);
    }
}

static void refuses_a_map_that_grew(void **state)
{
    (void)state;
    struct kernel kernel = kernel_at(BASE);
    struct built_handover *built = machine(512 * MIB);
    struct message why = {.text = ""};
    assert_true(handover_try(built, kernel.segments, 3, "", &why));
    built->memory = allocate_pages((size_t)built->handover.memory_bytes);
    built->physical = 0x8000000;
    for (uint64_t i = 0; i < 200; i++) {
        assert_true(memory_map_claim(&built->map.map, 0x10000000 + i * 0x2000, 0x1000,
                                     BOOT_MEMORY_USABLE, BOOT_MEMORY_KERNEL, &why));
    }
    assert_true(
        handover_build(&built->input, &built->handover, built->memory, built->physical, &why));
    assert_false(boot_info_write(&built->input, &built->handover, &why));
    assert_message_has(why.text, "the memory map has outgrown its pages");
    end(built);
}

// A map that is not what the plan was made from: never more tables than there is room for.
static void refuses_when_tables_run_out(void **state)
{
    (void)state;
    struct kernel kernel = kernel_at(BASE);
    struct built_handover *built = machine(512 * MIB);
    struct message why = {.text = ""};
    assert_true(handover_try(built, kernel.segments, 3, "", &why));
    built->memory = allocate_pages((size_t)built->handover.memory_bytes);
    built->physical = 0x8000000;
    test_map_add(&built->map, TIB * 2, TIB, BOOT_MEMORY_USABLE);
    assert_false(
        handover_build(&built->input, &built->handover, built->memory, built->physical, &why));
    assert_message_has(why.text, "too few pages set aside");
    end(built);
}

// ---- Sizes --------------------------------------------------------------------------------

static void spare_ranges_and_long_command_lines_fit(void **state)
{
    (void)state;
    char text[4096];
    memset(text, 'x', sizeof text - 1);
    for (uint64_t length = 0; length < sizeof text; length += 13) {
        text[length] = '\0';
        struct built_handover *built = machine(512 * MIB);
        struct kernel kernel = kernel_at(BASE);
        struct message why = {.text = ""};
        assert_true(handover_try(built, kernel.segments, 3, text, &why));
        // Four claims apart from one another split four times: 8 ranges more.
        for (uint64_t i = 0; i < HANDOVER_SPARE_RANGES / 2; i++) {
            assert_true(memory_map_claim(&built->map.map, 0x10000000 + i * 0x2000, 0x1000,
                                         BOOT_MEMORY_USABLE, BOOT_MEMORY_KERNEL, &why));
        }
        built->memory = allocate_pages((size_t)built->handover.memory_bytes);
        assert_true(
            handover_build(&built->input, &built->handover, built->memory, 0x8000000, &why));
        assert_true(boot_info_write(&built->input, &built->handover, &why));
        end(built);
        text[length] = 'x';
    }
}

// ---- Random -------------------------------------------------------------------------------

static void random_machine(struct built_handover *built, uint64_t *seed)
{
    struct test_map raw;
    test_map_reset(&raw, MEMORY_MAP_RAW_MAX);
    for (uint64_t count = random_below(seed, 20); count > 0; count--) {
        static const uint64_t units[] = {0x100, 0x1000, 0x200000, GIB, 64 * GIB};
        uint64_t base = 0;
        uint64_t length = 0;
        for (unsigned i = 0; i < 3; i++) {
            base += random_below(seed, 5) * units[random_below(seed, 5)];
            length += random_below(seed, 3) * units[random_below(seed, 5)];
        }
        test_map_add(&raw, base, length, (uint32_t)(1 + random_below(seed, 7)));
    }
    // What stage 2 would have found its own place in.
    test_map_normalise(&raw, &built->map);
    raw = built->map;
    raw.map.ranges = raw.ranges;
    for (uint32_t i = 0; i < raw.map.count; i++) {
        uint64_t cut = 0x40000000;
        if (raw.ranges[i].base < cut) {
            uint64_t past = raw.ranges[i].base + raw.ranges[i].length;
            raw.ranges[i].base = cut;
            raw.ranges[i].length = past > cut ? past - cut : 0;
        }
    }
    struct test_map moved;
    test_map_reset(&moved, MEMORY_MAP_RAW_MAX);
    test_map_add(&moved, MIB, 0x3FF00000 - random_below(seed, 0x1000) * 0x1000, BOOT_MEMORY_USABLE);
    for (uint32_t i = 0; i < raw.map.count; i++) {
        test_map_add(&moved, raw.ranges[i].base, raw.ranges[i].length, raw.ranges[i].kind);
    }
    test_map_normalise(&moved, &built->map);
}

static uint32_t random_kernel(struct elf64_program_header *segments, uint64_t *seed)
{
    static const uint64_t bases[] = {0x1000,    0x9F000,   0x200000,  0x40000000,
                                     SLOT(256), SLOT(300), SLOT(510), BASE};
    uint64_t address = bases[random_below(seed, 8)] + random_below(seed, 40) * 0x1000;
    uint32_t count = 1 + (uint32_t)random_below(seed, 3);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t size =
            0x1000 + random_below(seed, 600) * (random_chance(seed, 2) ? 0x100 : 0x8000);
        segments[i] =
            loadable(i == 0 ? RX : RW, address, (i + 1ull) * 0x1000, i == 0 ? 0x100 : 0, size);
        address = (address + size + 0xFFF) & ~0xFFFull;
        address += random_chance(seed, 2) ? 0 : random_below(seed, 1000) * 0x1000;
    }
    return count;
}

static void random_machines_and_kernels(void **state)
{
    (void)state;
    uint64_t seed = 71;
    for (unsigned round = 0; round < 300; round++) {
        struct elf64_program_header segments[3];
        struct built_handover *built = machine(512 * MIB);
        random_machine(built, &seed);
        built->nx = random_chance(&seed, 2);
        built->gigabyte_pages = random_chance(&seed, 2);
        uint32_t count = random_kernel(segments, &seed);
        handover_make(built, segments, count, "random");
        handover_check(built, "random");
        end(built);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ordinary_kernel),
        cmocka_unit_test(every_kind_of_cpu),
        cmocka_unit_test(small_machines),
        cmocka_unit_test(large_machines),
        cmocka_unit_test(kernel_in_the_way_of_vga_text),
        cmocka_unit_test(kernel_in_the_way_of_the_defaults),
        cmocka_unit_test(kernel_at_both_ends_of_the_higher_half),
        cmocka_unit_test(refuses_when_the_address_space_is_full),
        cmocka_unit_test(refuses_more_memory_than_can_be_mapped),
        cmocka_unit_test(refuses_a_map_that_grew),
        cmocka_unit_test(refuses_when_tables_run_out),
        cmocka_unit_test(spare_ranges_and_long_command_lines_fit),
        cmocka_unit_test(random_machines_and_kernels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
