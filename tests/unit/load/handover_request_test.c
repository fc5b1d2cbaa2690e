// Unit tests of bootloader/load/handover.c: what a kernel may ask for, and what comes along with
// it.
#include "handover_cases.h"
#include "kernel_request.h"
#include "unit.h"

static struct built_handover *machine(uint64_t memory_end)
{
    struct built_handover *built = allocate(sizeof *built);
    memset(built, 0, sizeof *built);
    machine_map(&built->map, memory_end);
    built->nx = true;
    return built;
}

static void end(struct built_handover *built)
{
    handover_free(built);
    free(built);
}

// Code and data at `base`.
#define KERNEL_AT(base)                                                                            \
    {                                                                                              \
        loadable(RX, (base), 0x1000, 0x800, 0x800),                                                \
            loadable(RW, (base) + 0x3000, 0x3000, 0x800, 0x2800)                                   \
    }

static void make_and_check(struct built_handover *built, uint64_t base)
{
    const struct elf64_program_header segments[] = KERNEL_AT(base);
    handover_make(built, segments, 2, "text");
    handover_check(built, "text");
}

static void assert_refused(struct built_handover *built, uint64_t base, const char *words)
{
    const struct elf64_program_header segments[] = KERNEL_AT(base);
    struct message why = {.text = ""};
    assert_false(handover_try(built, segments, 2, "text", &why));
    assert_message_has(why.text, words);
    end(built);
}

// ---- Stack and direct map -----------------------------------------------------------------

static void stacks_of_all_sizes(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {0x1000, 0x2000, 0x11000, 2 * MIB, 5 * MIB - 0x1000};
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct built_handover *built = machine(512 * MIB);
        built->request.stack_size = sizes[i];
        make_and_check(built, BASE);
        assert_int_equal(built->handover.stack_bytes, sizes[i]);
        end(built);
    }
}

static void no_direct_map(void **state)
{
    (void)state;
    for (unsigned kernel = 0; kernel < 2; kernel++) {
        struct built_handover *built = machine(8 * GIB);
        built->request.flags = BOOT_REQUEST_NO_DIRECT_MAP;
        make_and_check(built, kernel == 0 ? BASE : SLOT(256));
        assert_int_equal(built->handover.direct_map, 0);
        assert_int_equal(built->handover.direct_map_size, 0);
        assert_int_equal(built->handover.loader_region, DEFAULT_LOADER_REGION);
        assert_true(built->tables <= 16);
        end(built);
    }
    // Whatever memory there is.
    struct built_handover *built = machine(512 * MIB);
    built->request.flags = BOOT_REQUEST_NO_DIRECT_MAP;
    test_map_add(&built->map, 200 * TIB, 0x1000, BOOT_MEMORY_USABLE);
    make_and_check(built, BASE);
    end(built);
}

static void direct_map_where_it_is_wanted(void **state)
{
    (void)state;
    static const struct {
        unsigned slot, loader_slot;
        uint64_t kernel;
    } wanted[] = {{256, 510, BASE}, {257, 510, SLOT(256)}, {400, 510, BASE},
                  {510, 509, BASE}, {511, 510, 0x400000},  {1, 510, BASE},
                  {255, 510, BASE}, {509, 508, SLOT(510)}, {3, 510, 0x400000}};
    for (unsigned i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        struct built_handover *built = machine(8 * GIB);
        built->request.direct_map = SLOT(wanted[i].slot);
        make_and_check(built, wanted[i].kernel);
        assert_int_equal(built->handover.direct_map, SLOT(wanted[i].slot));
        assert_int_equal(built->handover.loader_region, SLOT(wanted[i].loader_slot));
        end(built);
    }
}

static struct built_handover *wanting_direct_map(uint64_t memory_end, unsigned slot)
{
    struct built_handover *built = machine(memory_end);
    built->gigabyte_pages = true;
    built->request.direct_map = SLOT(slot);
    return built;
}

static void direct_map_in_the_way(void **state)
{
    (void)state;
    assert_refused(wanting_direct_map(512 * MIB, 511), BASE,
                   "the direct map requested at 0xffffff8000000000, 512 GiB, collides with the "
                   "kernel's segments");
    assert_refused(wanting_direct_map(512 * MIB, 256), SLOT(256), "collides with the kernel");
    assert_refused(wanting_direct_map(512 * MIB, 2), SLOT(2), "collides with the kernel");
    // Its second slot, not its first.
    assert_refused(wanting_direct_map(600 * GIB, 299), SLOT(300),
                   "1024 GiB, collides with the kernel");
    // It would wrap around, or leave the lower half.
    assert_refused(wanting_direct_map(600 * GIB, 511), 0x400000, "the end of the address space");
    assert_refused(wanting_direct_map(600 * GIB, 255), BASE, "the end of the address space");
    struct built_handover *built = wanting_direct_map(600 * GIB, 254);
    make_and_check(built, BASE);
    end(built);
    // No other slot is left for the loader region.
    built = wanting_direct_map(512 * MIB, 256);
    test_map_add(&built->map, 128 * TIB - 512 * GIB - 0x1000, 0x1000, BOOT_MEMORY_USABLE);
    assert_refused(built, BASE, "the address space has no room for");
}

// ---- The recursive slot -------------------------------------------------------------------

static void recursive_slots(void **state)
{
    (void)state;
    for (uint32_t slot = 1; slot < 511; slot += slot < 254 ? 23 : 1) {
        struct built_handover *built = machine(512 * MIB);
        built->nx = slot % 2 == 0;
        built->request.recursive_slot = slot;
        make_and_check(built, BASE);
        assert_int_equal(built->handover.direct_map, SLOT(slot == 256 ? 257u : 256u));
        assert_int_equal(built->handover.loader_region, SLOT(slot == 510 ? 509u : 510u));
        end(built);
    }
    struct built_handover *built = machine(512 * MIB);
    built->request.recursive_slot = 511;
    built->request.flags = BOOT_REQUEST_NO_DIRECT_MAP;
    make_and_check(built, 0x400000);
    end(built);
}

static void recursive_slot_in_the_way(void **state)
{
    (void)state;
    struct built_handover *built = machine(512 * MIB);
    built->request.recursive_slot = 511;
    assert_refused(built, BASE,
                   "the recursive slot requested at 0xffffff8000000000, 512 GiB, collides with the "
                   "kernel's segments");
    built = wanting_direct_map(600 * GIB, 300);
    built->request.recursive_slot = 301;
    assert_refused(built, BASE,
                   "the direct map requested at 0xffff960000000000, 1024 GiB, collides with the "
                   "recursive slot");
}

// What bootimage asks: the smallest machine.
static void addresses_fit(void **state)
{
    (void)state;
    struct built_handover *built = machine(512 * MIB);
    make_and_check(built, BASE);
    struct message why = {.text = ""};
    struct boot_request request = {.stack_size = 0x1000};
    assert_true(handover_addresses_fit(&built->elf, &request, &why));
    request.direct_map = SLOT(511);
    assert_false(handover_addresses_fit(&built->elf, &request, &why));
    assert_message_has(why.text, "the direct map requested at");
    request = (struct boot_request){.recursive_slot = 511};
    assert_false(handover_addresses_fit(&built->elf, &request, &why));
    assert_message_has(why.text, "the recursive slot requested at");
    end(built);
}

// ---- Modules, symbols, framebuffer, text mode ---------------------------------------------

static void modules_of_odd_sizes(void **state)
{
    (void)state;
    struct built_handover *built = machine(2 * GIB);
    built->request.flags = BOOT_REQUEST_NO_DIRECT_MAP;
    handover_add_module(built, "one", "", 0x1001000, 1);
    handover_add_module(built, "page", "its own line", 0x1002000, 0x1000);
    handover_add_symbols(built, 0x1003000, 0x1234);
    handover_add_module(built, "odd", "x", 0x1007000, 0x1001);
    handover_add_module(built, "nearly large", "", 0x2001000, 2 * MIB - 1);
    handover_add_module(built, "large", "", 0x2201000, 2 * MIB);
    handover_add_module(built, "larger", "a b c", 0x4000000, 7 * MIB + 5);
    handover_add_module(built, "largest", "", 0x5123000, 40 * MIB + 0x123);
    make_and_check(built, BASE);
    end(built);
}

static void many_random_items(void **state)
{
    (void)state;
    uint64_t seed = 81;
    for (unsigned round = 0; round < 100; round++) {
        struct built_handover *built = machine(2 * GIB);
        bool symbols = false;
        for (uint64_t count = random_below(&seed, BUILT_ITEMS + 1); count > 0; count--) {
            const uint64_t physical = 0x10000000 + random_below(&seed, 0x10000) * 0x1000;
            const uint64_t bytes =
                40 + random_below(&seed, random_chance(&seed, 3) ? 9 * MIB : 20000);
            if (!symbols && random_chance(&seed, 8)) {
                handover_add_symbols(built, physical, bytes);
                symbols = true;
            } else {
                handover_add_module(built, "name", random_chance(&seed, 2) ? "" : "text", physical,
                                    bytes);
            }
        }
        built->request.flags = random_chance(&seed, 2) ? BOOT_REQUEST_NO_DIRECT_MAP : 0;
        built->request.recursive_slot = (uint32_t)random_below(&seed, 511);
        built->facts.framebuffer.size = random_below(&seed, 2) * random_below(&seed, 9 * MIB);
        built->facts.framebuffer.physical_address = 0xC0000000 + random_below(&seed, 4 * MIB);
        make_and_check(built, BASE);
        end(built);
    }
}

static void more_modules_than_the_region_holds(void **state)
{
    (void)state;
    static const struct {
        uint64_t first, second;
        bool fits;
    } sizes[] = {{0x1000, 504 * GIB - 0x1000, true},
                 {0x1000, 504 * GIB - 0xFFF, false},
                 {504 * GIB, 1, false},
                 {504 * GIB + 1, 1, false},
                 {1, 0u - 0x2000ull, false},
                 {0u - 0x2000ull, 0x1000, false}};
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const struct elf64_program_header segments[] = KERNEL_AT(BASE);
        struct built_handover *built = machine(512 * MIB);
        struct message why = {.text = ""};
        handover_add_module(built, "first", "", TIB, sizes[i].first);
        handover_add_module(built, "second", "", 2 * TIB + 0x1000, sizes[i].second);
        assert_int_equal(handover_try(built, segments, 2, "", &why), sizes[i].fits);
        if (!sizes[i].fits) {
            assert_message_has(why.text, "the modules need more than");
        }
        end(built);
    }
}

static void framebuffers(void **state)
{
    (void)state;
    static const struct {
        uint64_t physical, size;
    } screens[] = {{0xFD000000, 1280ull * 800 * 4},
                   {0xE0000000, 16 * MIB},
                   {0xC0001000, 0x1000},
                   {0xC0000123, 1},
                   {0xC01FFFFF, 3 * MIB},
                   {0xFFE00000, 2 * MIB},
                   {0xD0100000, 5 * MIB + 77},
                   {8 * TIB + MIB, 70 * MIB}};
    for (unsigned i = 0; i < sizeof screens / sizeof screens[0]; i++) {
        struct built_handover *built = machine(512 * MIB);
        struct message why;
        built->facts.framebuffer = (struct boot_framebuffer){
            .physical_address = screens[i].physical, .size = screens[i].size, .width = 640};
        const uint64_t first = screens[i].physical & ~0xFFFull;
        const uint64_t last = (screens[i].physical + screens[i].size - 1) & ~0xFFFull;
        assert_true(memory_map_overlay(&built->map.map, first, last - first + 0x1000,
                                       BOOT_MEMORY_FRAMEBUFFER, &why));
        handover_add_module(built, "beside it", "", 0x1001000, 3 * MIB);
        make_and_check(built, BASE);
        end(built);
    }
}

// More than fits below the modules is refused, not mapped over them.
static void a_framebuffer_of_4_gib(void **state)
{
    (void)state;
    const struct elf64_program_header segments[] = KERNEL_AT(BASE);
    struct built_handover *built = machine(512 * MIB);
    struct message why = {.text = ""};
    built->facts.framebuffer =
        (struct boot_framebuffer){.physical_address = 0x80000000, .size = 4 * GIB + 1};
    handover_add_module(built, "behind it", "", 0x1000000, 0x1000);
    assert_true(handover_try(built, segments, 2, "", &why));
    built->memory = allocate_pages((size_t)built->handover.memory_bytes);
    assert_false(handover_build(&built->input, &built->handover, built->memory, 0x8000000, &why));
    assert_message_has(why.text, "would be mapped twice");
    end(built);
}

static void text_mode(void **state)
{
    (void)state;
    static const struct {
        uint64_t kernel;
        uint32_t flags;
        uint64_t address;
    } modes[] = {{BASE, 0, 0xB8000},
                 {BASE, BOOT_REQUEST_NO_DIRECT_MAP, 0xB8000},
                 {0xB8000, 0, DEFAULT_DIRECT_MAP + 0xB8000},
                 {0xB8000, BOOT_REQUEST_NO_DIRECT_MAP, 0}};
    for (unsigned i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        struct built_handover *built = machine(512 * MIB);
        built->request.flags = modes[i].flags;
        built->facts.text_mode = (struct boot_text_mode){
            .physical_address = 0xB8000, .columns = 80, .rows = 25, .cursor_row = 3};
        make_and_check(built, modes[i].kernel);
        assert_true((uintptr_t)built->handover.boot_info->text_mode.address == modes[i].address);
        end(built);
    }
}

// Every byte that gather filled comes through, but for those that are the hand-over's.
static void all_facts_come_through(void **state)
{
    (void)state;
    struct built_handover *built = machine(512 * MIB);
    uint8_t *bytes = (uint8_t *)&built->facts;
    for (size_t i = offsetof(struct boot_info, tables); i < sizeof built->facts; i++) {
        bytes[i] = (uint8_t)(i * 7 + 1);
    }
    built->facts.boot_drive = 0x9F;
    built->facts.firmware = BOOT_FIRMWARE_BIOS;
    built->facts.timestamp_count = BOOT_STEP_COUNT;
    make_and_check(built, BASE);
    end(built);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stacks_of_all_sizes),
        cmocka_unit_test(no_direct_map),
        cmocka_unit_test(direct_map_where_it_is_wanted),
        cmocka_unit_test(direct_map_in_the_way),
        cmocka_unit_test(recursive_slots),
        cmocka_unit_test(recursive_slot_in_the_way),
        cmocka_unit_test(addresses_fit),
        cmocka_unit_test(modules_of_odd_sizes),
        cmocka_unit_test(many_random_items),
        cmocka_unit_test(more_modules_than_the_region_holds),
        cmocka_unit_test(framebuffers),
        cmocka_unit_test(a_framebuffer_of_4_gib),
        cmocka_unit_test(text_mode),
        cmocka_unit_test(all_facts_come_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
