// Asks for a framebuffer and draws on it: red grows to the right, green downwards, in the middle a
// disc.
#include "arch/x86_64/exceptions.h"
#include "arch/x86_64/halt.h"
#include "console/console.h"
#include "kernel.h"

#include <firstlight/boot_request.h>

#include <stdbool.h>

BOOT_REQUEST(.video = BOOT_VIDEO_FRAMEBUFFER_REQUIRED, .width = 800, .height = 600);

#define BITS_PER_BYTE 8u
#define BRIGHTEST     255u

// A channel's part of a pixel: its upper bits, at its place.
static uint32_t channel(uint32_t value, uint8_t size, uint8_t shift)
{
    return value >> (BITS_PER_BYTE - size) << shift;
}

static uint32_t colour_at(const struct boot_framebuffer *screen, uint32_t x, uint32_t y)
{
    const int32_t from_left = (int32_t)x - (int32_t)(screen->width / 2);
    const int32_t from_top = (int32_t)y - (int32_t)(screen->height / 2);
    const int32_t radius = (int32_t)(screen->height / 4);
    const bool in_disc = from_left * from_left + from_top * from_top < radius * radius;
    return channel(x * BRIGHTEST / (screen->width - 1), screen->red_size, screen->red_shift) |
           channel(y * BRIGHTEST / (screen->height - 1), screen->green_size, screen->green_shift) |
           channel(in_disc ? BRIGHTEST : 0, screen->blue_size, screen->blue_shift);
}

// A pixel has 2, 3 or 4 bytes, the lowest first.
static void draw(const struct boot_framebuffer *screen)
{
    const uint32_t bytes = (screen->bits_per_pixel + BITS_PER_BYTE - 1) / BITS_PER_BYTE;
    for (uint32_t y = 0; y < screen->height; y++) {
        volatile uint8_t *pixel = (uint8_t *)screen->address + (uint64_t)y * screen->pitch;
        for (uint32_t x = 0; x < screen->width; x++) {
            uint32_t colour = colour_at(screen, x, y);
            for (uint32_t i = 0; i < bytes; i++, colour >>= BITS_PER_BYTE) {
                *pixel++ = (uint8_t)colour;
            }
        }
    }
}

_Noreturn void kernel_main(const struct boot_info *info)
{
    console_initialise(info);
    exceptions_initialise(info);
    draw(&info->framebuffer);
    kprintf_on(CONSOLE_SERIAL, "drawn %ux%u\n", info->framebuffer.width, info->framebuffer.height);
    halt_for_ever();
}
