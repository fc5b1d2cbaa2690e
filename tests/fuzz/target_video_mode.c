// Fuzzes the choice of a video mode: every mode that is taken is one a kernel can use and suits the
// request, and no mode seen suits better. Input: the request (video 1; width, height 2 each; depth
// 1), video memory in 64 KiB (2), whether there is an EDID (1) and that, then modes of 32 bytes.
#include "video_mode.h"

#include "fuzz.h"
#include "unit.h"

#define MODES_MOST   64u
#define PIXELS_MOST  16384u
#define EDID_OFFSET  9u
#define EDID_SUM     (BOOT_EDID_SIZE - 1)
#define MEMORY_UNIT  0x10000u
#define CHANNELS     3u
#define ADDRESS_MOST 0xFFFFFFFFull

struct fuzz_area fuzz_fields(const uint8_t *bytes, size_t size, uint64_t choice)
{
    (void)bytes;
    return (struct fuzz_area){choice % 2 != 0 ? 0 : EDID_OFFSET + BOOT_EDID_SIZE, size};
}

static void repair(uint8_t *bytes, size_t size)
{
    static const uint8_t header[] = {0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0};
    if (size < EDID_OFFSET + BOOT_EDID_SIZE) {
        return;
    }
    uint8_t *edid = bytes + EDID_OFFSET;
    unsigned sum = 0;
    memcpy(edid, header, sizeof header);
    for (unsigned i = 0; i < EDID_SUM; i++) {
        sum += edid[i];
    }
    edid[EDID_SUM] = (uint8_t)(0 - sum);
}

fuzz_repair_function *const fuzz_repair = repair;

static struct boot_request read_request(struct fuzz_input *input)
{
    static const uint8_t depths[] = {0, 15, 16, 24, 32};
    struct boot_request request = {.video = 1 + fuzz_below(input, 2)};
    request.width = (uint32_t)fuzz_number(input, 2) % (PIXELS_MOST + 1);
    request.height = (uint32_t)fuzz_number(input, 2) % (PIXELS_MOST + 1);
    if (request.width == 0 || request.height == 0) {
        request.width = request.height = 0;
    }
    request.depth = depths[fuzz_below(input, sizeof depths)];
    return request;
}

static void read_mode(struct fuzz_input *input, struct boot_framebuffer *mode)
{
    mode->physical_address = fuzz_number(input, 4);
    mode->width = (uint32_t)fuzz_number(input, 2);
    mode->height = (uint32_t)fuzz_number(input, 2);
    mode->pitch = (uint32_t)fuzz_number(input, 2);
    mode->bits_per_pixel = (uint32_t)fuzz_number(input, 1);
    uint8_t *channels[] = {&mode->red_size,      &mode->red_shift,     &mode->green_size,
                           &mode->green_shift,   &mode->blue_size,     &mode->blue_shift,
                           &mode->reserved_size, &mode->reserved_shift};
    for (unsigned i = 0; i < sizeof channels / sizeof channels[0]; i++) {
        *channels[i] = (uint8_t)fuzz_number(input, 1);
    }
}

// ---- What a kernel can use ----------------------------------------------------------------

// The channel's bits in a pixel, one by one. False when it is empty or passes the pixel.
static bool take_bits(bool *taken, unsigned pixel_bits, unsigned size, unsigned shift)
{
    for (unsigned i = shift; i < shift + size; i++) {
        if (i >= pixel_bits || taken[i]) {
            return false;
        }
        taken[i] = true;
    }
    return size != 0;
}

static bool is_usable(const struct boot_framebuffer *mode, uint64_t memory)
{
    const unsigned depth = mode->bits_per_pixel;
    const unsigned pixel_bytes = depth == 24 ? 3 : depth == 32 ? 4 : 2;
    const uint64_t bytes = (uint64_t)mode->pitch * mode->height;
    bool taken[32] = {false};
    return (depth == 15 || depth == 16 || depth == 24 || depth == 32) && mode->width >= 1 &&
           mode->width <= PIXELS_MOST && mode->height >= 1 && mode->height <= PIXELS_MOST &&
           (uint64_t)mode->width * pixel_bytes <= mode->pitch && bytes <= memory &&
           mode->physical_address != 0 && mode->physical_address + bytes - 1 <= ADDRESS_MOST &&
           take_bits(taken, pixel_bytes * 8, mode->red_size, mode->red_shift) &&
           take_bits(taken, pixel_bytes * 8, mode->green_size, mode->green_shift) &&
           take_bits(taken, pixel_bytes * 8, mode->blue_size, mode->blue_shift);
}

static bool suits(const struct boot_framebuffer *mode, const struct boot_request *request)
{
    return request->video != BOOT_VIDEO_FRAMEBUFFER_REQUIRED ||
           ((request->width == 0 ||
             (mode->width == request->width && mode->height == request->height)) &&
            (request->depth == 0 || mode->bits_per_pixel == request->depth));
}

static uint32_t away(uint32_t a, uint32_t b)
{
    return a < b ? b - a : a - b;
}

// Whether `a` suits a search better than `b`, but for the last tie.
static bool is_better(const struct video_search *search, const struct boot_framebuffer *a,
                      const struct boot_framebuffer *b)
{
    const bool a_larger = a->width > search->width || a->height > search->height;
    const bool b_larger = b->width > search->width || b->height > search->height;
    const uint32_t a_away = away(a->width, search->width) + away(a->height, search->height);
    const uint32_t b_away = away(b->width, search->width) + away(b->height, search->height);
    const bool a_depth = a->bits_per_pixel == search->request->depth;
    const bool b_depth = b->bits_per_pixel == search->request->depth;
    if (a_larger != b_larger) {
        return b_larger;
    }
    if (a_away != b_away) {
        return a_away < b_away;
    }
    return a_depth != b_depth ? a_depth : a->bits_per_pixel > b->bits_per_pixel;
}

static void check_size_looked_for(const struct video_search *search,
                                  const struct boot_request *request)
{
    assert_true(search->width != 0 && search->height != 0);
    if (request->width != 0) {
        assert_int_equal(search->width, request->width);
        assert_int_equal(search->height, request->height);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct fuzz_input input = {bytes, size};
    const struct boot_request request = read_request(&input);
    const uint64_t memory = fuzz_number(&input, 2) * MEMORY_UNIT;
    uint8_t edid[BOOT_EDID_SIZE];
    const bool has_edid = (fuzz_number(&input, 1) & 1) != 0;
    for (unsigned i = 0; i < BOOT_EDID_SIZE; i++) {
        edid[i] = (uint8_t)fuzz_number(&input, 1);
    }
    struct video_search search;
    video_search_begin(&search, &request, has_edid && video_edid_valid(edid) ? edid : NULL);
    check_size_looked_for(&search, &request);

    struct boot_framebuffer best = {.size = 0};
    for (unsigned i = 0; i < MODES_MOST && input.left > 0; i++) {
        struct boot_framebuffer mode = {.size = 0};
        read_mode(&input, &mode);
        const bool could = is_usable(&mode, memory) && suits(&mode, &request);
        if (video_search_add(&search, &mode, memory)) {
            assert_true(could && (best.size == 0 || !is_better(&search, &best, &mode)));
            assert_int_equal(mode.size, (uint64_t)mode.pitch * mode.height);
            best = mode;
        } else if (could) {
            assert_true(best.size != 0 && !is_better(&search, &mode, &best));
        }
    }
    assert_int_equal(search.best != VIDEO_MISFIT_NONE, best.size != 0);
    struct message why;
    video_search_refusal(&search, &why);
    fuzz_check_refusal(&why);
    return 0;
}
