// Unit tests of bootloader/load/video_mode.c: what the monitor says of itself.
#include "video_modes.h"

#define TIMING 54 // of EDID's first detailed timing

static void set_checksum(uint8_t *edid)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < BOOT_EDID_SIZE - 1; i++) {
        sum += edid[i];
    }
    edid[BOOT_EDID_SIZE - 1] = (uint8_t)-sum;
}

static void make_edid(uint8_t *edid, uint32_t width, uint32_t height)
{
    memset(edid, 0, BOOT_EDID_SIZE);
    memset(edid + 1, 0xFF, 6);
    edid[TIMING] = 1; // pixel clock
    edid[TIMING + 2] = (uint8_t)width;
    edid[TIMING + 4] = (uint8_t)(width >> 8 << 4 | 0xA);
    edid[TIMING + 5] = (uint8_t)height;
    edid[TIMING + 7] = (uint8_t)(height >> 8 << 4 | 0x5);
    set_checksum(edid);
}

static void checks_edid(void **state)
{
    (void)state;
    uint8_t edid[BOOT_EDID_SIZE];
    make_edid(edid, 1920, 1080);
    assert_true(video_edid_valid(edid));
    for (unsigned bit = 0; bit < BOOT_EDID_SIZE * 8; bit++) {
        edid[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(video_edid_valid(edid));
        edid[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (unsigned i = 0; i < 8; i++) { // with a checksum that holds
        edid[i] ^= 0xFF;
        set_checksum(edid);
        assert_false(video_edid_valid(edid));
        edid[i] ^= 0xFF;
    }
    memset(edid, 0, sizeof edid);
    assert_false(video_edid_valid(edid));
    memset(edid, 0xFF, sizeof edid);
    assert_false(video_edid_valid(edid));
}

static void check_looked_for(const uint8_t *edid, uint32_t width, uint32_t height)
{
    const struct boot_request any = request_of(BOOT_VIDEO_FRAMEBUFFER, 0, 0, 0);
    struct video_search search;
    video_search_begin(&search, &any, edid);
    assert_int_equal(search.width, width);
    assert_int_equal(search.height, height);
}

static void looks_for_what_edid_prefers(void **state)
{
    (void)state;
    uint8_t edid[BOOT_EDID_SIZE];
    check_looked_for(NULL, 1024, 768);
    make_edid(edid, 1920, 1080);
    check_looked_for(edid, 1920, 1080);
    const struct boot_request named = request_of(BOOT_VIDEO_FRAMEBUFFER, 640, 480, 0);
    struct video_search search;
    video_search_begin(&search, &named, edid);
    assert_int_equal(search.width, 640);
    assert_int_equal(search.height, 480);
    make_edid(edid, 4095, 4095); // all 12 bits
    check_looked_for(edid, 4095, 4095);
    make_edid(edid, 1920, 540);
    edid[TIMING + 17] = 0x9E; // interlaced
    check_looked_for(edid, 1920, 1080);
    edid[TIMING + 17] = 0x1E;
    check_looked_for(edid, 1920, 540);
}

static void does_not_believe_every_timing(void **state)
{
    (void)state;
    uint8_t edid[BOOT_EDID_SIZE];
    make_edid(edid, 1920, 1080);
    edid[TIMING] = 0; // no timing
    check_looked_for(edid, 1024, 768);
    edid[TIMING + 1] = 1;
    check_looked_for(edid, 1920, 1080);
    make_edid(edid, 0, 0);
    check_looked_for(edid, 1024, 768);
    make_edid(edid, 319, 1080);
    check_looked_for(edid, 1024, 768);
    make_edid(edid, 1920, 199);
    check_looked_for(edid, 1024, 768);
    make_edid(edid, 320, 200);
    check_looked_for(edid, 320, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checks_edid),
        cmocka_unit_test(looks_for_what_edid_prefers),
        cmocka_unit_test(does_not_believe_every_timing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
