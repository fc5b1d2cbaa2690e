// Judges video modes and EDID: every number in them comes from outside. Called by bios/video.c.
#include "video_mode.h"

#include <stddef.h>
#include <string.h>

#define DEFAULT_WIDTH  1024u
#define DEFAULT_HEIGHT 768u

// EDID's base block and, in it, the first detailed timing (VESA E-EDID A.2, 3.1 and 3.10.2).
#define EDID_HEADER       "\0\xFF\xFF\xFF\xFF\xFF\xFF" // and the NUL
#define EDID_TIMING       54u
#define TIMING_WIDTH      2u // low 8 bits; the high 4 are bits 4-7 two bytes on
#define TIMING_HEIGHT     5u // the same
#define TIMING_HIGH_BITS  2u
#define TIMING_FLAGS      17u
#define TIMING_INTERLACED 0x80u // the highest: then the height is that of one field of two
#define EDID_WIDTH_MIN    320u  // what is smaller is no monitor's
#define EDID_HEIGHT_MIN   200u

// How badly a mode fits is one number, different for modes that differ in size or depth:
// bit 58 larger than looked for, bits 40-57 distance, 32-39 depth (0: as asked), then the size.
#define MISFIT_LARGER    58
#define MISFIT_DISTANCE  40
#define MISFIT_DEPTH     32
#define MISFIT_WIDTH     16
#define MISFIT_SIZE_MASK 0xFFFFu
#define DEPTH_MAX        32u

// Size and shift of red, green, blue, and of what is left, one behind the other.
#define CHANNEL_FIELDS  2u
#define CHANNELS_OFFSET offsetof(struct boot_framebuffer, red_size)
#define RESERVED_FIELD  (offsetof(struct boot_framebuffer, reserved_size) - CHANNELS_OFFSET)

_Static_assert(RESERVED_FIELD / CHANNEL_FIELDS == 3, "the channels follow one another");

/*@ ensures checksum: \result ==> sum_of(edid, BOOT_EDID_SIZE) == 0; */
bool video_edid_valid(const uint8_t edid[BOOT_EDID_SIZE])
{
    uint8_t sum = 0;
    /*@ loop invariant 0 <= i <= BOOT_EDID_SIZE && sum == sum_of(edid, i);
        loop assigns i, sum;
        loop variant BOOT_EDID_SIZE - i; */
    for (unsigned i = 0; i < BOOT_EDID_SIZE; i++) {
        sum = (uint8_t)(sum + edid[i]);
    }
    return sum == 0 && memcmp(edid, EDID_HEADER, sizeof EDID_HEADER) == 0;
}

/*@ requires \valid_read(low + (0 .. TIMING_HIGH_BITS));
    assigns \nothing; */
static uint32_t timing_number(const uint8_t *low)
{
    return low[0] | (low[TIMING_HIGH_BITS] & 0xF0u) << 4;
}

void video_search_begin(struct video_search *search, const struct boot_request *request,
                        const uint8_t *edid)
{
    memset(search, UINT8_MAX, sizeof *search); // all VIDEO_MISFIT_NONE
    search->request = request;
    search->width = request->width;
    search->height = request->height;
    if (search->width != 0) {
        return;
    }
    search->width = DEFAULT_WIDTH;
    search->height = DEFAULT_HEIGHT;
    if (edid == NULL) {
        return;
    }
    const uint8_t *timing = edid + EDID_TIMING;
    const uint32_t width = timing_number(timing + TIMING_WIDTH);
    const uint32_t height = timing_number(timing + TIMING_HEIGHT)
                            << timing[TIMING_FLAGS] / TIMING_INTERLACED;
    // A pixel clock of 0: no timing, but a text about the monitor.
    if ((timing[0] | timing[1]) != 0 && width >= EDID_WIDTH_MIN && height >= EDID_HEIGHT_MIN) {
        search->width = width;
        search->height = height;
    }
}

/*@ // Eight bytes: size and shift of each channel; offsetof has no place in a contract.
    logic uint8_t *channels_of(struct boot_framebuffer *mode) = (uint8_t *)mode + 40;
*/

// Whether red, green and blue are in the pixel and apart.
/*@ requires \valid((uint8_t *)mode + (0 .. sizeof(struct boot_framebuffer) - 1));
    requires pixel_bits <= DEPTH_MAX;
    assigns channels_of(mode)[6 .. 7]; */
static bool check_channels(struct boot_framebuffer *mode, uint32_t pixel_bits)
{
    uint8_t *channels = (uint8_t *)mode + CHANNELS_OFFSET;
    uint64_t taken = 0;
    /*@ loop invariant 0 <= i <= 8 && i % 2 == 0;
        loop assigns i, taken, channels[6 .. 7];
        loop variant 8 - i; */
    for (unsigned i = 0; i <= RESERVED_FIELD; i += CHANNEL_FIELDS) {
        const uint32_t size = channels[i];
        const uint32_t shift = channels[i + 1];
        const uint64_t mask = (((uint64_t)1 << size % 64) - 1) << shift % 64;
        if (size == 0 || size + shift > pixel_bits || (taken & mask) != 0) {
            if (i < RESERVED_FIELD) {
                return false;
            }
            channels[i] = channels[i + 1] = 0;
        }
        taken |= mask;
    }
    return true;
}

/*@ requires writable_mode(mode);
    assigns *mode, ((uint8_t *)mode)[0 .. sizeof(struct boot_framebuffer) - 1];
    ensures mode->width == \old(mode->width) && mode->height == \old(mode->height) &&
            mode->bits_per_pixel == \old(mode->bits_per_pixel);
    ensures depth: \result ==> mode->bits_per_pixel \in {15, 16, 24, 32};
    ensures memory: \result ==> mode->size <= video_memory && mode->physical_address != 0; */
static bool check_mode(struct boot_framebuffer *mode, uint64_t video_memory)
{
    const uint32_t depth = mode->bits_per_pixel;
    if (depth != 15 && depth != 16 && depth != 24 && depth != 32) {
        return false;
    }
    const uint32_t pixel_bytes = (depth + 7) / 8;
    mode->size = (uint64_t)mode->pitch * mode->height;
    const uint64_t last = mode->physical_address + mode->size - 1;
    return mode->width - 1 < BOOT_REQUEST_PIXELS_MAX &&
           mode->height - 1 < BOOT_REQUEST_PIXELS_MAX && mode->pitch >= mode->width * pixel_bytes &&
           mode->size <= video_memory && mode->physical_address != 0 &&
           (mode->physical_address | last) <= UINT32_MAX && check_channels(mode, pixel_bytes * 8);
}

/*@ assigns \nothing;
    ensures \result == \abs(a - b); */
static uint32_t distance(uint32_t a, uint32_t b)
{
    return a > b ? a - b : b - a;
}

/*@ requires readable_search(search) && \valid_read(mode);
    assigns \nothing; */
static uint64_t misfit_of(const struct video_search *search, const struct boot_framebuffer *mode)
{
    const bool larger = mode->width > search->width || mode->height > search->height;
    const uint64_t away =
        distance(mode->width, search->width) + distance(mode->height, search->height);
    // Depths fall behind the one that is named as they do behind 32.
    const uint32_t depth =
        mode->bits_per_pixel == search->request->depth ? 0 : 2 * DEPTH_MAX - mode->bits_per_pixel;
    return (uint64_t)larger << MISFIT_LARGER | away << MISFIT_DISTANCE |
           (uint64_t)depth << MISFIT_DEPTH | mode->width << MISFIT_WIDTH | mode->height;
}

// Keeps the nearest, each once.
/*@ requires \valid(search) && nearest_first(search);
    assigns search->offers[0 .. VIDEO_OFFERS_MAX - 1];
    ensures nearest_first(search); */
static void add_offer(struct video_search *search, uint64_t misfit)
{
    /*@ loop invariant 0 <= i <= VIDEO_OFFERS_MAX && nearest_first(search);
        loop invariant \forall integer k; 0 <= k < i ==> search->offers[k] < misfit;
        loop assigns i, misfit, search->offers[0 .. VIDEO_OFFERS_MAX - 1];
        loop variant VIDEO_OFFERS_MAX - i; */
    for (unsigned i = 0; i < VIDEO_OFFERS_MAX && search->offers[i] != misfit; i++) {
        const uint64_t other = search->offers[i];
        if (misfit < other) { // takes its place, and the other goes one on
            search->offers[i] = misfit;
            misfit = other;
        }
    }
}

// Whether a required mode is what is named.
/*@ requires \valid_read(request);
    assigns \nothing;
    ensures request->video != BOOT_VIDEO_FRAMEBUFFER_REQUIRED ==> \result; */
static bool suits(const struct boot_request *request, uint64_t misfit)
{
    return request->video != BOOT_VIDEO_FRAMEBUFFER_REQUIRED ||
           ((request->width == 0 || misfit >> MISFIT_DISTANCE == 0) &&
            (request->depth == 0 || (uint8_t)(misfit >> MISFIT_DEPTH) == 0));
}

bool video_search_add(struct video_search *search, struct boot_framebuffer *mode,
                      uint64_t video_memory)
{
    if (!check_mode(mode, video_memory)) {
        return false;
    }
    const uint64_t misfit = misfit_of(search, mode);
    add_offer(search, misfit);
    if (!suits(search->request, misfit) || misfit >= search->best) {
        return false;
    }
    search->best = misfit;
    return true;
}

void video_search_refusal(const struct video_search *search, struct message *why)
{
    const struct boot_request *request = search->request;
    message_format(why, "framebuffer %ux%ux%u asked, this VBE offers", (unsigned)request->width,
                   (unsigned)request->height, (unsigned)request->depth);
    /*@ loop invariant 0 <= i <= VIDEO_OFFERS_MAX;
        loop assigns i, *why;
        loop variant VIDEO_OFFERS_MAX - i; */
    for (unsigned i = 0; i < VIDEO_OFFERS_MAX && search->offers[i] != VIDEO_MISFIT_NONE; i++) {
        const uint64_t misfit = search->offers[i];
        const uint32_t depth = (uint8_t)(misfit >> MISFIT_DEPTH);
        message_append(why, " %ux%ux%u", (unsigned)(misfit >> MISFIT_WIDTH & MISFIT_SIZE_MASK),
                       (unsigned)(misfit & MISFIT_SIZE_MASK),
                       depth == 0 ? (unsigned)request->depth : 2 * DEPTH_MAX - depth);
    }
    message_append(why, search->offers[0] != VIDEO_MISFIT_NONE
                            ? ": ask for one of these"
                            : " none: use another graphics card, or text mode");
}
