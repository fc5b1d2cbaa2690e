// kernel/memory/frame_allocator.c against a list of every frame's state, on random memory maps.
#include "memory/frame_allocator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FRAMES     1024u
#define MAPS       200u
#define OPERATIONS 1000u
#define RANGES_MAX 32u
#define BASE       UINT64_C(0x12300000) // the physical address of the first
#define UNTOUCHED  0xA5                 // what memory holds that is not the allocator's
#define WRITTEN    0x5A                 // what the owners of frames write

enum state {
    FOREIGN, // not usable
    OWN,     // the allocator's bitmap, or too few frames for one
    FREE,
    TAKEN,
};

static uint8_t *memory;
static enum state states[FRAMES];
static struct boot_memory_range ranges[RANGES_MAX];
static struct frame_allocator allocator;
static uint64_t random_state = UINT64_C(0x853C49E6748FEA9B);

static unsigned random_below(unsigned limit)
{
    random_state ^= random_state << 13; // xorshift
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state >> 33) % limit;
}

static void start(uint64_t count)
{
    const struct boot_info info = {
        .memory_map = ranges,
        .memory_map_count = count,
        .direct_map_offset = (uint64_t)memory - BASE,
    };
    frames_initialise(&allocator, &info);
}

// Ranges of any kind and length, with and without gaps. A range's first frame is its bitmap's.
static void make_map(void)
{
    memset(memory, UNTOUCHED, FRAMES * FRAME_BYTES);
    memset(states, 0, sizeof states);
    uint64_t count = 0;
    unsigned frame = random_below(3);
    while (count < RANGES_MAX && frame < FRAMES) {
        unsigned length = 1 + random_below(random_below(4) == 0 ? 400 : 70);
        length = length < FRAMES - frame ? length : FRAMES - frame;
        const uint32_t kind = random_below(2) == 0 ? BOOT_MEMORY_USABLE : 1 + random_below(9);
        ranges[count++] =
            (struct boot_memory_range){BASE + frame * FRAME_BYTES, length * FRAME_BYTES, kind, 0};
        for (unsigned i = 0; kind == BOOT_MEMORY_USABLE && i < length; i++) {
            states[frame + i] = i == 0 ? OWN : FREE;
        }
        frame += length + random_below(2) * random_below(5);
    }
    start(count);
}

static uint64_t count_state(enum state state)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < FRAMES; i++) {
        count += states[i] == state;
    }
    return count;
}

static bool has_run(unsigned wanted)
{
    unsigned run = 0;
    for (unsigned i = 0; i < FRAMES && run < wanted; i++) {
        run = states[i] == FREE ? run + 1 : 0;
    }
    return run >= wanted;
}

// Allocates, and owns what it got: nobody else has it, and all of it may be written.
static void allocate(unsigned count)
{
    const uint64_t address = frames_allocate(&allocator, count);
    if (address == 0) {
        assert_false(has_run(count));
        return;
    }
    assert_int_equal(address % FRAME_BYTES, 0);
    const uint64_t first = (address - BASE) / FRAME_BYTES;
    assert_true(address >= BASE && first < FRAMES && count <= FRAMES - first);
    for (uint64_t i = first; i < first + count; i++) {
        assert_int_equal(states[i], FREE);
        states[i] = TAKEN;
    }
    memset(memory + first * FRAME_BYTES, WRITTEN, count * FRAME_BYTES);
}

// Gives back frames that may or may not have been given out.
static void give_back(unsigned first, unsigned count)
{
    bool all_taken = count > 0 && count <= FRAMES - first;
    for (unsigned i = first; all_taken && i < first + count; i++) {
        all_taken = states[i] == TAKEN;
    }
    assert_int_equal(frames_free(&allocator, BASE + first * FRAME_BYTES, count), all_taken);
    for (unsigned i = first; all_taken && i < first + count; i++) {
        states[i] = FREE;
    }
}

static void check_memory(void)
{
    static uint8_t untouched[FRAME_BYTES];
    static uint8_t written[FRAME_BYTES];
    memset(untouched, UNTOUCHED, sizeof untouched);
    memset(written, WRITTEN, sizeof written);
    for (unsigned i = 0; i < FRAMES; i++) {
        const uint8_t *frame = memory + i * FRAME_BYTES;
        if (states[i] == FOREIGN) {
            assert_memory_equal(frame, untouched, sizeof untouched);
        } else if (states[i] == TAKEN) {
            assert_memory_equal(frame, written, sizeof written);
        }
    }
}

static void random_maps(void **state)
{
    (void)state;
    for (unsigned map = 0; map < MAPS; map++) {
        make_map();
        for (unsigned i = 0; i < OPERATIONS; i++) {
            assert_int_equal(allocator.free, count_state(FREE));
            const unsigned choice = random_below(8);
            if (choice < 3) {
                allocate(1);
            } else if (choice < 5) {
                allocate(1 + random_below(choice == 3 ? 10 : 200));
            } else {
                give_back(random_below(FRAMES), random_below(choice == 5 ? 2 : 12));
            }
        }
        while (allocator.free > 0) {
            allocate(1);
        }
        assert_int_equal(count_state(FREE), 0);
        assert_int_equal(frames_allocate(&allocator, 1), 0);
        check_memory();
    }
}

static void one_range(uint64_t frames)
{
    ranges[0] = (struct boot_memory_range){BASE, frames * FRAME_BYTES, BOOT_MEMORY_USABLE, 0};
    start(1);
}

static void runs_end_at_words(void **state)
{
    (void)state;
    for (unsigned count = 1; count <= 300; count++) {
        one_range(count + 1);
        assert_int_equal(allocator.free, count);
        assert_int_equal(frames_allocate(&allocator, count + 1), 0);
        assert_int_equal(frames_allocate(&allocator, count), BASE + FRAME_BYTES);
        assert_int_equal(allocator.free, 0);
        assert_true(frames_free(&allocator, BASE + FRAME_BYTES, count));
        assert_int_equal(allocator.free, count);
    }
}

static void refuses_what_it_did_not_give(void **state)
{
    (void)state;
    one_range(100);
    const uint64_t address = frames_allocate(&allocator, 10);
    assert_int_equal(address, BASE + FRAME_BYTES);
    assert_false(frames_free(&allocator, BASE, 1)); // the bitmap
    assert_false(frames_free(&allocator, address, 11));
    assert_false(frames_free(&allocator, address, 0));
    assert_false(frames_free(&allocator, address, UINT64_MAX));
    assert_false(frames_free(&allocator, address + 1, 1));
    assert_false(frames_free(&allocator, 0, 1));
    assert_false(frames_free(&allocator, UINT64_MAX - FRAME_BYTES + 1, 1));
    assert_int_equal(frames_allocate(&allocator, 0), 0);
    assert_int_equal(frames_allocate(&allocator, UINT64_MAX), 0);
    assert_int_equal(allocator.free, 89);
    assert_true(frames_free(&allocator, address + 3 * FRAME_BYTES, 2)); // a part
    assert_false(frames_free(&allocator, address, 10));
    assert_int_equal(frames_allocate(&allocator, 2), address + 3 * FRAME_BYTES);
    assert_true(frames_free(&allocator, address, 10));
    assert_int_equal(allocator.free, 99);
}

// A bitmap of more than one frame; a range of one frame gives nothing.
static void bitmap_takes_what_it_needs(void **state)
{
    (void)state;
    uint8_t *small = memory;
    memory = aligned_alloc(FRAME_BYTES, 40000 * FRAME_BYTES);
    assert_non_null(memory);
    one_range(40000);
    assert_int_equal(allocator.free, 39998);
    assert_int_equal(frames_allocate(&allocator, 39998), BASE + 2 * FRAME_BYTES);
    free(memory);
    memory = small;
    one_range(1);
    frames_add(&allocator, BASE + FRAME_BYTES, 0);
    assert_int_equal(allocator.free, 0);
    assert_int_equal(frames_allocate(&allocator, 1), 0);
}

static int set_up(void **state)
{
    (void)state;
    memory = aligned_alloc(FRAME_BYTES, FRAMES * FRAME_BYTES);
    return memory == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    free(memory);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_maps),
        cmocka_unit_test(runs_end_at_words),
        cmocka_unit_test(refuses_what_it_did_not_give),
        cmocka_unit_test(bitmap_takes_what_it_needs),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
