// Video modes and requests to test with.
#ifndef VIDEO_MODES_H
#define VIDEO_MODES_H

#include "unit.h"
#include "video_mode.h"

#define FRAMEBUFFER 0xE0000000u

static inline struct boot_framebuffer mode_of(uint32_t width, uint32_t height, uint32_t depth)
{
    struct boot_framebuffer mode = {
        .physical_address = FRAMEBUFFER,
        .width = width,
        .height = height,
        .pitch = width * ((depth + 7) / 8),
        .bits_per_pixel = depth,
        .red_size = 8,
        .red_shift = 16,
        .green_size = 8,
        .green_shift = 8,
        .blue_size = 8,
    };
    if (depth < 24) {
        mode.red_size = mode.green_size = mode.blue_size = 5;
        mode.green_shift = 5;
        mode.red_shift = 10;
        mode.reserved_size = 1;
        mode.reserved_shift = 15;
    }
    return mode;
}

static inline struct boot_request request_of(uint32_t video, uint32_t width, uint32_t height,
                                             uint32_t depth)
{
    return (struct boot_request){.video = video, .width = width, .height = height, .depth = depth};
}

#endif
