// Unit tests of bootloader/load/video_mode.c.
#include "video_modes.h"

#define MEMORY     0x1000000u // 16 MiB
#define FOUR_GIB   0x100000000u
#define MODE_BYTES 0x300000u // of 1024 x 768 x 32

// ---- Modes that no kernel could use -------------------------------------------------------

static bool usable(const struct boot_framebuffer *mode)
{
    const struct boot_request any = request_of(BOOT_VIDEO_FRAMEBUFFER, 0, 0, 0);
    struct video_search search;
    video_search_begin(&search, &any, NULL);
    struct boot_framebuffer copy = *mode;
    const bool found = video_search_add(&search, &copy, MEMORY);
    assert_int_equal(search.offers[0] != VIDEO_MISFIT_NONE, found);
    if (found) {
        assert_int_equal(copy.size, (uint64_t)mode->pitch * mode->height);
    }
    return found;
}

static bool usable_with_pitch(uint32_t pitch)
{
    struct boot_framebuffer mode = mode_of(1024, 768, 32);
    mode.pitch = pitch;
    return usable(&mode);
}

static bool usable_at(uint64_t address)
{
    struct boot_framebuffer mode = mode_of(1024, 768, 32);
    mode.physical_address = address;
    return usable(&mode);
}

static bool usable_size(uint32_t width, uint32_t height, uint32_t depth)
{
    const struct boot_framebuffer mode = mode_of(width, height, depth);
    return usable(&mode);
}

static void takes_every_depth(void **state)
{
    (void)state;
    for (uint32_t depth = 0; depth <= 256; depth++) {
        const bool expected = depth == 15 || depth == 16 || depth == 24 || depth == 32;
        assert_int_equal(usable_size(640, 480, depth), expected);
    }
}

static void checks_size_and_pitch(void **state)
{
    (void)state;
    assert_true(usable_with_pitch(4096));
    assert_true(usable_with_pitch(8192));
    assert_false(usable_with_pitch(4095));
    assert_false(usable_with_pitch(0));
    assert_false(usable_size(0, 480, 32));
    assert_false(usable_size(640, 0, 32));
    assert_true(usable_size(16384, 16, 32));
    assert_false(usable_size(16385, 16, 32));
    assert_true(usable_size(16, 16384, 32));
    assert_false(usable_size(16, 16385, 32));
    // 65536 * 65536 bytes wrap around in 32 bits.
    struct boot_framebuffer wrapping = mode_of(16384, 16384, 32);
    wrapping.pitch = 0xFFFFFFFF;
    assert_false(usable(&wrapping));
    // 3 and 2 bytes to a pixel.
    struct boot_framebuffer mode = mode_of(100, 100, 24);
    mode.pitch = 299;
    assert_false(usable(&mode));
    mode = mode_of(100, 100, 15);
    mode.pitch = 199;
    assert_false(usable(&mode));
}

static void checks_memory_and_address(void **state)
{
    (void)state;
    assert_true(usable_with_pitch(MEMORY / 768));
    assert_false(usable_with_pitch(MEMORY / 768 + 1));
    assert_false(usable_at(0));
    assert_true(usable_at(1));
    assert_true(usable_at(FOUR_GIB - MODE_BYTES));
    assert_false(usable_at(FOUR_GIB - MODE_BYTES + 1));
    assert_false(usable_at(FOUR_GIB));
    assert_false(usable_at(UINT64_MAX));
}

static void checks_colours(void **state)
{
    (void)state;
    struct boot_framebuffer mode = mode_of(640, 480, 32);
    mode.blue_size = 0;
    assert_false(usable(&mode));
    mode = mode_of(640, 480, 32);
    mode.red_shift = 15; // over green
    assert_false(usable(&mode));
    mode = mode_of(640, 480, 24);
    mode.red_shift = 17;
    assert_false(usable(&mode));
    mode = mode_of(640, 480, 32);
    mode.red_shift = 24;
    assert_true(usable(&mode));
    mode.red_shift = 25;
    assert_false(usable(&mode));
    // Numbers of any size, also such as would shift out of the mask.
    for (unsigned size = 0; size < 256; size++) {
        for (unsigned shift = 0; shift < 256; shift++) {
            mode = mode_of(640, 480, 32);
            mode.green_size = (uint8_t)size;
            mode.green_shift = (uint8_t)shift;
            const bool apart = shift >= 8 && size + shift <= 16;
            const bool above = shift >= 24 && size + shift <= 32;
            assert_int_equal(usable(&mode), size != 0 && (apart || above));
        }
    }
}

static void drops_a_reserved_channel_that_is_rubbish(void **state)
{
    (void)state;
    const struct boot_request any = request_of(BOOT_VIDEO_FRAMEBUFFER, 0, 0, 0);
    struct video_search search;
    video_search_begin(&search, &any, NULL);
    struct boot_framebuffer mode = mode_of(640, 480, 32);
    mode.reserved_size = 8;
    mode.reserved_shift = 4;
    assert_true(video_search_add(&search, &mode, MEMORY));
    assert_int_equal(mode.reserved_size | mode.reserved_shift, 0);
    mode = mode_of(800, 600, 15);
    assert_true(video_search_add(&search, &mode, MEMORY));
    assert_int_equal(mode.reserved_size, 1);
    assert_int_equal(mode.reserved_shift, 15);
}

// ---- Which is the best --------------------------------------------------------------------

static const struct size {
    uint32_t width, height, depth;
} offered[] = {
    {640, 480, 16},  {640, 480, 24},   {640, 480, 32},   {800, 600, 16},   {800, 600, 15},
    {1024, 768, 32}, {1024, 768, 16},  {1024, 768, 24},  {1280, 1024, 24}, {1280, 800, 16},
    {1280, 720, 32}, {1920, 1080, 16}, {1920, 1080, 24}, {1600, 1200, 32},
};

#define OFFERED (sizeof offered / sizeof offered[0])

static struct video_search search_for(const struct boot_request *request, struct size *best)
{
    struct video_search search;
    video_search_begin(&search, request, NULL);
    *best = (struct size){0, 0, 0};
    for (unsigned i = 0; i < OFFERED; i++) {
        struct boot_framebuffer mode =
            mode_of(offered[i].width, offered[i].height, offered[i].depth);
        if (video_search_add(&search, &mode, MEMORY)) {
            *best = offered[i];
        }
    }
    return search;
}

static void check_best(struct boot_request request, uint32_t width, uint32_t height, uint32_t depth)
{
    struct size best;
    (void)search_for(&request, &best);
    assert_int_equal(best.width, width);
    assert_int_equal(best.height, height);
    assert_int_equal(best.depth, depth);
}

static void finds_what_is_named(void **state)
{
    (void)state;
    for (uint32_t video = BOOT_VIDEO_FRAMEBUFFER; video <= BOOT_VIDEO_FRAMEBUFFER_REQUIRED;
         video++) {
        for (unsigned i = 0; i < OFFERED; i++) {
            const struct size *size = &offered[i];
            check_best(request_of(video, size->width, size->height, size->depth), size->width,
                       size->height, size->depth);
        }
        check_best(request_of(video, 1024, 768, 0), 1024, 768, 32);
        check_best(request_of(video, 1920, 1080, 0), 1920, 1080, 24);
        check_best(request_of(video, 800, 600, 0), 800, 600, 16);
        check_best(request_of(video, 0, 0, 0), 1024, 768, 32);
        check_best(request_of(video, 0, 0, 15), video == BOOT_VIDEO_FRAMEBUFFER ? 1024 : 800,
                   video == BOOT_VIDEO_FRAMEBUFFER ? 768 : 600,
                   video == BOOT_VIDEO_FRAMEBUFFER ? 32 : 15);
    }
}

static void finds_the_nearest(void **state)
{
    (void)state;
    check_best(request_of(BOOT_VIDEO_FRAMEBUFFER, 1024, 768, 15), 1024, 768, 32);
    check_best(request_of(BOOT_VIDEO_FRAMEBUFFER, 1020, 760, 16), 800, 600, 16);
    check_best(request_of(BOOT_VIDEO_FRAMEBUFFER, 320, 200, 24), 640, 480, 24);
    check_best(request_of(BOOT_VIDEO_FRAMEBUFFER, 16384, 16384, 32), 1920, 1080, 24);
    check_best(request_of(BOOT_VIDEO_FRAMEBUFFER, 1279, 800, 0), 1024, 768, 32);
    check_best(request_of(BOOT_VIDEO_FRAMEBUFFER, 1366, 768, 0), 1280, 720, 32);
}

static void finds_nothing_else_when_it_is_required(void **state)
{
    (void)state;
    check_best(request_of(BOOT_VIDEO_FRAMEBUFFER_REQUIRED, 1024, 767, 32), 0, 0, 0);
    check_best(request_of(BOOT_VIDEO_FRAMEBUFFER_REQUIRED, 1023, 768, 0), 0, 0, 0);
    check_best(request_of(BOOT_VIDEO_FRAMEBUFFER_REQUIRED, 800, 600, 32), 0, 0, 0);
}

// ---- The message --------------------------------------------------------------------------

static void check_refusal(struct boot_request request, const char *text)
{
    struct size best;
    const struct video_search search = search_for(&request, &best);
    struct message why;
    video_search_refusal(&search, &why);
    assert_string_equal(why.text, text);
}

static void says_what_is_offered(void **state)
{
    (void)state;
    check_refusal(request_of(BOOT_VIDEO_FRAMEBUFFER_REQUIRED, 1920, 1080, 32),
                  "framebuffer 1920x1080x32 asked, this VBE offers 1920x1080x24 1920x1080x16 "
                  "1280x1024x24 1280x800x16 1280x720x32 1024x768x32 1024x768x24 1024x768x16: "
                  "ask for one of these");
    check_refusal(
        request_of(BOOT_VIDEO_FRAMEBUFFER_REQUIRED, 640, 400, 0),
        "framebuffer 640x400x0 asked, this VBE offers 640x480x32 640x480x24 640x480x16 "
        "800x600x16 800x600x15 1024x768x32 1024x768x24 1024x768x16: ask for one of these");
}

static void offers_each_mode_once(void **state)
{
    (void)state;
    const struct boot_request request = request_of(BOOT_VIDEO_FRAMEBUFFER_REQUIRED, 1024, 768, 32);
    struct video_search search;
    video_search_begin(&search, &request, NULL);
    for (unsigned i = 0; i < 20; i++) {
        // As far from what is asked as each other, and yet two modes.
        struct boot_framebuffer wide = mode_of(1024, 600, 32);
        struct boot_framebuffer high = mode_of(856, 768, 32);
        assert_false(video_search_add(&search, &wide, MEMORY));
        assert_false(video_search_add(&search, &high, MEMORY));
    }
    struct message why;
    video_search_refusal(&search, &why);
    assert_string_equal(why.text, "framebuffer 1024x768x32 asked, this VBE offers 856x768x32 "
                                  "1024x600x32: ask for one of these");
}

static void says_that_nothing_is_offered(void **state)
{
    (void)state;
    const struct boot_request request = request_of(BOOT_VIDEO_FRAMEBUFFER_REQUIRED, 0, 0, 32);
    struct video_search search;
    video_search_begin(&search, &request, NULL);
    struct message why;
    video_search_refusal(&search, &why);
    assert_string_equal(why.text, "framebuffer 0x0x32 asked, this VBE offers none: use another "
                                  "graphics card, or text mode");
}

// The longest line there is comes whole, and with "firstlight: " and a line end before it.
static void the_longest_refusal_fits(void **state)
{
    (void)state;
    const struct boot_request request =
        request_of(BOOT_VIDEO_FRAMEBUFFER_REQUIRED, 16384, 16384, 32);
    struct video_search search;
    video_search_begin(&search, &request, NULL);
    for (uint32_t i = 0; i < 20; i++) {
        struct boot_framebuffer mode = mode_of(16383 - i, 16383 - i, 32);
        mode.physical_address = 0x10000000;
        assert_false(video_search_add(&search, &mode, UINT64_MAX));
    }
    struct message why;
    video_search_refusal(&search, &why);
    assert_message_has(why.text, "16376x16376x32: ask for one of these");
    assert_true(why.length + strlen("firstlight: \r\n") < MESSAGE_CAPACITY);
}

// ---- Any numbers at all -------------------------------------------------------------------

static void survives_random_modes(void **state)
{
    (void)state;
    uint64_t seed = 20;
    for (unsigned round = 0; round < 2000; round++) {
        const struct boot_request request =
            request_of(1 + (uint32_t)random_below(&seed, 2), 640, 480, 32);
        struct video_search search;
        video_search_begin(&search, &request, NULL);
        for (unsigned i = 0; i < 30; i++) {
            struct boot_framebuffer mode =
                mode_of((uint32_t)random_below(&seed, 20000), (uint32_t)random_below(&seed, 20000),
                        random_chance(&seed, 4) ? (uint32_t)random_next(&seed) : 32);
            mode.physical_address = random_next(&seed) >> random_below(&seed, 64);
            mode.pitch = random_chance(&seed, 4) ? (uint32_t)random_next(&seed) : mode.pitch;
            mode.red_shift = random_chance(&seed, 4) ? (uint8_t)random_next(&seed) : 16;
            const uint64_t memory = random_next(&seed) >> random_below(&seed, 64);
            if (video_search_add(&search, &mode, memory)) {
                assert_true(mode.size != 0 && mode.size <= memory);
                assert_true(mode.physical_address + mode.size <= FOUR_GIB);
                assert_true((uint64_t)mode.width * 4 <= mode.pitch || mode.bits_per_pixel != 32);
            }
        }
        struct message why;
        video_search_refusal(&search, &why);
        for (unsigned i = 1; i < VIDEO_OFFERS_MAX; i++) {
            assert_true(search.offers[i - 1] < search.offers[i] ||
                        search.offers[i] == VIDEO_MISFIT_NONE);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_every_depth),
        cmocka_unit_test(checks_size_and_pitch),
        cmocka_unit_test(checks_memory_and_address),
        cmocka_unit_test(checks_colours),
        cmocka_unit_test(drops_a_reserved_channel_that_is_rubbish),
        cmocka_unit_test(finds_what_is_named),
        cmocka_unit_test(finds_the_nearest),
        cmocka_unit_test(finds_nothing_else_when_it_is_required),
        cmocka_unit_test(says_what_is_offered),
        cmocka_unit_test(offers_each_mode_once),
        cmocka_unit_test(says_that_nothing_is_offered),
        cmocka_unit_test(the_longest_refusal_fits),
        cmocka_unit_test(survives_random_modes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
