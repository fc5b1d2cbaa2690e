// Unit tests of bootloader/load/slide.c: every slide of a room is one the kernel can run at, no
// other would be, and the seed on the command line.
#include "slide.h"
#include "unit.h"

#define KIB       0x400ull
#define MIB       0x100000ull
#define GIB       0x40000000ull
#define TOP       0xFFFFFFFF80000000u // the top 2 GiB
#define LOW_END   0x0000800000000000u
#define HIGH      0xFFFF800000000000u
#define KEPT_FREE (2 * MIB)

static struct elf_kernel kernel_at(uint64_t base, uint64_t size, uint64_t alignment)
{
    return (struct elf_kernel){.virtual_base = base,
                               .virtual_end = base + size,
                               .alignment = alignment,
                               .position_independent = true};
}

// Whether the header of slide.h lets a kernel be where the slide moves it; written apart from
// slide.c, with last bytes instead of ends.
static bool allowed(const struct elf_kernel *kernel, uint64_t slide)
{
    const uint64_t linked = kernel->virtual_base;
    const uint64_t base = linked + slide;
    const uint64_t last = kernel->virtual_end - 1 + slide;
    if (last < base) {
        return false;
    }
    if (linked < 2 * GIB || linked >= TOP) {
        return base >= TOP && last <= UINT64_MAX - KEPT_FREE;
    }
    // All of it stays in one entry of the PML4.
    if (base < linked || last / (512 * GIB) != linked / (512 * GIB)) {
        return false;
    }
    return linked < LOW_END ? last < LOW_END - KEPT_FREE : last <= UINT64_MAX - KEPT_FREE;
}

static void check_room(const struct elf_kernel *kernel, uint64_t step)
{
    struct slide_room room;
    struct message why = {.text = ""};
    assert_true(slide_room_for(kernel, step, &room, &why));
    assert_int_equal(room.step, step > kernel->alignment ? step : kernel->alignment);
    assert_true(room.count >= 1);
    const uint64_t last = room.lowest + (room.count - 1) * room.step;
    assert_int_equal(room.lowest % room.step, 0);
    const bool stays = room.count == 1 && room.lowest == 0 && room.unmoved == 0;
    assert_true(stays || (allowed(kernel, room.lowest) && allowed(kernel, last)));
    // It is the whole room.
    assert_false(allowed(kernel, room.lowest - room.step));
    assert_false(allowed(kernel, last + room.step));
    assert_true(room.count < 3 || allowed(kernel, room.lowest + room.count / 2 * room.step));
    assert_int_equal(room.unmoved, kernel->virtual_base < 2 * GIB ? room.lowest : 0);
}

static struct slide_room room_of(struct elf_kernel kernel, uint64_t step)
{
    struct slide_room room;
    struct message why = {.text = ""};
    check_room(&kernel, step);
    assert_true(slide_room_for(&kernel, step, &room, &why));
    return room;
}

// ---- Rooms --------------------------------------------------------------------------------

static void a_kernel_linked_low_goes_to_the_top(void **state)
{
    (void)state;
    struct slide_room room = room_of(kernel_at(0, 64 * KIB, 0x1000), 0x1000);
    assert_int_equal(room.lowest, TOP);
    assert_int_equal(room.unmoved, TOP);
    assert_int_equal(room.count, (2 * GIB - KEPT_FREE - 64 * KIB) / 0x1000 + 1);
    room = room_of(kernel_at(MIB, MIB, 0x1000), 2 * MIB);
    assert_int_equal(room.lowest, TOP); // one mebibyte into its large page, as linked
    assert_int_equal(room.count, 1023);
    room = room_of(kernel_at(2 * GIB - 0x1000, 0x2000, 0x1000), 0x1000);
    assert_int_equal(room.lowest, TOP - (2 * GIB - 0x1000));
}

static void a_kernel_linked_at_the_top_stays_there(void **state)
{
    (void)state;
    struct slide_room room = room_of(kernel_at(TOP + 16 * MIB, 64 * KIB, 0x1000), 2 * MIB);
    assert_int_equal(room.lowest, 0 - 16 * MIB);
    assert_int_equal(room.unmoved, 0);
    assert_int_equal(room.count, 1023);
    // Its last page is the last of all.
    room = room_of(kernel_at(0 - 64 * KIB, 64 * KIB, 0x1000), 0x1000);
    assert_int_equal(room.lowest, TOP - (0 - 64 * KIB));
    assert_int_equal(room.unmoved, 0);
}

static void elsewhere_it_moves_up(void **state)
{
    (void)state;
    struct slide_room room = room_of(kernel_at(4 * GIB, 64 * KIB, 0x1000), GIB);
    assert_int_equal(room.lowest, 0);
    assert_int_equal(room.count, 512 - 4); // to the end of its entry of the PML4
    room = room_of(kernel_at(512 * GIB - 0x1000, 0x2000, 0x1000), 0x1000); // in two of them
    assert_int_equal(room.count, 1);
    room = room_of(kernel_at(HIGH, 64 * KIB, 0x1000), 2 * MIB);
    assert_int_equal(room.lowest, 0);
    assert_int_equal(room.count, 512 * GIB / (2 * MIB));
    room = room_of(kernel_at(LOW_END - 4 * MIB, MIB, 0x1000), 0x1000);
    assert_int_equal(room.count, MIB / 0x1000 + 1); // up to 2 MiB from the hole
    room = room_of(kernel_at(LOW_END - 0x1000, 0x1000, 0x1000), 0x1000);
    assert_int_equal(room.count, 1);
    room = room_of(kernel_at(TOP - 4 * MIB, MIB, 0x1000), 2 * MIB);
    assert_int_equal(room.count, (2 * GIB + 4 * MIB - KEPT_FREE) / (2 * MIB));
}

static void rooms_with_one_slide(void **state)
{
    (void)state;
    struct slide_room room = room_of(kernel_at(0, 2 * GIB - KEPT_FREE, 0x1000), 0x1000);
    assert_int_equal(room.count, 1);
    room = room_of(kernel_at(0, GIB, 0x1000), GIB); // a second one would touch the top
    assert_int_equal(room.count, 1);
    assert_int_equal(slide_pick(&room, UINT64_MAX), TOP);
    room = room_of(kernel_at(0 - 64 * KIB, 64 * KIB, 0x1000), GIB);
    assert_int_equal(room.count, 1);
    assert_int_equal(room.lowest, 0 - GIB);
    // Too large for its room, but it runs where it was linked.
    room = room_of(kernel_at(TOP, 2 * GIB, 0x1000), 0x1000);
    assert_int_equal(room.count, 1);
    assert_int_equal(room.lowest, 0);
    // Segments in both halves.
    room = room_of(kernel_at(4 * GIB, HIGH, 0x1000), 0x1000);
    assert_int_equal(room.lowest, 0);
}

static void what_is_not_moved_has_the_slide_0(void **state)
{
    (void)state;
    struct elf_kernel kernel = kernel_at(2 * MIB, 64 * KIB, 0x1000);
    struct slide_room room;
    struct message why = {.text = ""};
    kernel.position_independent = false;
    assert_true(slide_room_for(&kernel, 0x1000, &room, &why));
    assert_int_equal(room.lowest, 0);
    assert_int_equal(room.count, 1);
    assert_int_equal(room.unmoved, 0);
    assert_int_equal(slide_pick(&room, 12345), 0);
}

static void refuses_what_does_not_fit(void **state)
{
    (void)state;
    static const struct {
        uint64_t base, size, step;
    } too_large[] = {
        {0, 2 * GIB - KEPT_FREE + 0x1000, 0x1000},
        {0, 4 * GIB, 0x1000},
        {0x1000, 2 * GIB - KEPT_FREE, 0x2000},
        {0, 0, 0x1000},           // from 0 to 2^64
        {GIB - 0x1000, GIB, GIB}, // fits, but not at its place in the step
        {0x1000, HIGH, 0x1000},
    };
    for (unsigned i = 0; i < sizeof too_large / sizeof too_large[0]; i++) {
        struct elf_kernel kernel = kernel_at(too_large[i].base, too_large[i].size, 0x1000);
        struct slide_room room;
        struct message why = {.text = ""};
        assert_false(slide_room_for(&kernel, too_large[i].step, &room, &why));
        assert_message_has(why.text, "does not fit into the top 2 GiB");
    }
}

static void any_kernel_and_step(void **state)
{
    (void)state;
    static const uint64_t bases[] = {0, 2 * GIB, 4 * GIB, LOW_END - GIB, HIGH, TOP - GIB, TOP};
    uint64_t seed = 41;
    for (unsigned round = 0; round < 100000; round++) {
        const uint64_t base = bases[random_below(&seed, 7)] + random_below(&seed, 0x3F000) * 0x1000;
        const uint64_t size = (1 + random_below(&seed, random_chance(&seed, 2) ? 16 : 0x1000))
                              << 12;
        struct elf_kernel kernel =
            kernel_at(base, size, (uint64_t)0x1000 << random_below(&seed, 10));
        check_room(&kernel, (uint64_t)0x1000 << random_below(&seed, 10));
    }
}

static void picks_every_slide_of_the_room(void **state)
{
    (void)state;
    const struct slide_room room = {.lowest = TOP, .step = 2 * MIB, .count = 7};
    bool seen[7] = {false};
    uint64_t seed = 42;
    for (unsigned i = 0; i < 1000; i++) {
        const uint64_t random = random_next(&seed);
        const uint64_t slide = slide_pick(&room, random);
        assert_int_equal(slide, slide_pick(&room, random));
        assert_true((slide - TOP) % (2 * MIB) == 0 && (slide - TOP) / (2 * MIB) < 7);
        seen[(slide - TOP) / (2 * MIB)] = true;
    }
    for (unsigned i = 0; i < 7; i++) {
        assert_true(seen[i]);
    }
}

// ---- The seed -----------------------------------------------------------------------------

// Gives the line to slide_seed without a NUL, so that ASan sees a read past its end.
static bool seed_of(const char *line, bool *found, uint64_t *seed, struct message *why)
{
    const size_t bytes = strlen(line);
    char *copy = allocate(bytes + 1);
    for (size_t i = 0; i < bytes; i++) {
        copy[i + 1] = line[i];
    }
    const bool done = slide_seed(copy + 1, bytes, found, seed, why);
    free(copy);
    return done;
}

static void finds_the_seed(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        bool found;
        uint64_t seed;
    } cases[] = {
        {"", false, 0},
        {"verbose", false, 0},
        {"myseed=1 xseed=2", false, 0},
        {"seed", false, 0},
        {"seed =5", false, 0},
        {"Seed=5", false, 0},
        {"seed=0", true, 0},
        {"seed=42", true, 42},
        {"a seed=42 b", true, 42},
        {"a\tseed=7\n", true, 7},
        {"seed=0x2a", true, 42},
        {"seed=0xFfFfFfFfFfFfFfFf", true, UINT64_MAX},
        {"seed=18446744073709551615", true, UINT64_MAX},
        {"seed=00000000000000000000000000000009", true, 9},
        {"seed=1 seed=2", true, 2},
        {"seed=wrong seed=2", true, 2}, // the last one counts
    };
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool found = !cases[i].found;
        uint64_t seed = 0;
        struct message why = {.text = ""};
        assert_true(seed_of(cases[i].line, &found, &seed, &why));
        assert_int_equal(found, cases[i].found);
        assert_int_equal(seed, cases[i].seed);
    }
}

static void refuses_seeds_that_are_no_numbers(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "seed=",          "seed= 5",  "seed=x",   "seed=12a", "seed=-1",
        "seed=0x",        "seed=0xg", "seed=1,2", "seed=a",   "seed=18446744073709551616",
        "seed=0x@",       "seed=0x`", "seed=0x:", "seed=0X5", "seed=0x10000000000000000",
        "seed=1 seed=no",
    };
    for (unsigned i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        bool found;
        uint64_t seed;
        struct message why = {.text = ""};
        if (seed_of(lines[i], &found, &seed, &why)) {
            fail_msg("%s", lines[i]);
        }
        assert_true(found);
        assert_message_has(why.text, "seed= on the command line is no number of 64 bits");
    }
}

// Behind `seed=` and behind `seed=0x`.
static void every_byte_is_a_digit_or_none(void **state)
{
    (void)state;
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    for (int byte = '!'; byte <= UINT8_MAX; byte++) {
        const char decimal[] = {'s', 'e', 'e', 'd', '=', (char)byte, '\0'};
        const char hexadecimal[] = {'s', 'e', 'e', 'd', '=', '0', 'x', (char)byte, '\0'};
        const char *place = memchr(digits, byte, sizeof digits - 1);
        const uint64_t value = place == NULL ? 16 : (uint64_t)(place - digits) % 16;
        bool found;
        uint64_t seed;
        struct message why = {.text = ""};
        assert_int_equal(seed_of(decimal, &found, &seed, &why), value < 10);
        assert_true(value >= 10 || seed == value);
        assert_int_equal(seed_of(hexadecimal, &found, &seed, &why), value < 16);
        assert_true(value >= 16 || seed == value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kernel_linked_low_goes_to_the_top),
        cmocka_unit_test(a_kernel_linked_at_the_top_stays_there),
        cmocka_unit_test(elsewhere_it_moves_up),
        cmocka_unit_test(rooms_with_one_slide),
        cmocka_unit_test(what_is_not_moved_has_the_slide_0),
        cmocka_unit_test(refuses_what_does_not_fit),
        cmocka_unit_test(any_kernel_and_step),
        cmocka_unit_test(picks_every_slide_of_the_room),
        cmocka_unit_test(finds_the_seed),
        cmocka_unit_test(refuses_seeds_that_are_no_numbers),
        cmocka_unit_test(every_byte_is_a_digit_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
