// Asks for a framebuffer (test_video.py changes the request), says on COM1 what it got, and draws
// on it. With the word "exit" on the command line it ends the emulator then.
#include "arch/x86_64/halt.h"
#include "arch/x86_64/machine_exit.h"
#include "console/console.h"
#include "firstlight/boot_request.h"
#include "kernel.h"
#include "lib/command_line.h"
#include "panic.h"
#include "test_card.h"

BOOT_REQUEST(.video = BOOT_VIDEO_FRAMEBUFFER_REQUIRED, .width = 1024, .height = 768, .depth = 32);

static void print_edid(const struct boot_framebuffer *framebuffer)
{
    kprintf_on(CONSOLE_SERIAL, "edid ");
    for (uint32_t i = 0; i < framebuffer->edid_size; i++) {
        kprintf_on(CONSOLE_SERIAL, "%02x", framebuffer->edid[i]);
    }
    kprintf_on(CONSOLE_SERIAL, ".\n");
}

static void print_framebuffer(const struct boot_framebuffer *framebuffer)
{
    kprintf_on(CONSOLE_SERIAL, "framebuffer %ux%ux%u pitch %u size %llu at %llx\n",
               framebuffer->width, framebuffer->height, framebuffer->bits_per_pixel,
               framebuffer->pitch, (unsigned long long)framebuffer->size,
               (unsigned long long)framebuffer->physical_address);
    kprintf_on(CONSOLE_SERIAL, "red %u@%u green %u@%u blue %u@%u reserved %u@%u\n",
               framebuffer->red_size, framebuffer->red_shift, framebuffer->green_size,
               framebuffer->green_shift, framebuffer->blue_size, framebuffer->blue_shift,
               framebuffer->reserved_size, framebuffer->reserved_shift);
    print_edid(framebuffer);
}

static bool all_zero(const void *object, size_t bytes)
{
    const uint8_t *byte = object;
    for (size_t i = 0; i < bytes; i++) {
        if (byte[i] != 0) {
            return false;
        }
    }
    return true;
}

// The memory map says whose it is.
static void check_memory_map(const struct boot_info *info)
{
    const uint64_t first = info->framebuffer.physical_address;
    const uint64_t last = first + info->framebuffer.size - 1;
    for (uint64_t i = 0; i < info->memory_map_count; i++) {
        const struct boot_memory_range *range = &info->memory_map[i];
        if (range->kind == BOOT_MEMORY_FRAMEBUFFER) {
            ASSERT(range->base <= first && last - range->base < range->length);
            return;
        }
    }
    panic("the memory map has no framebuffer");
}

static void show_framebuffer(const struct boot_info *info)
{
    const struct boot_framebuffer *framebuffer = &info->framebuffer;
    ASSERT(all_zero(&info->text_mode, sizeof info->text_mode));
    ASSERT(framebuffer->address != (void *)0 && framebuffer->reserved == 0);
    ASSERT(framebuffer->size == (uint64_t)framebuffer->pitch * framebuffer->height);
    ASSERT(framebuffer->edid_size == 0 || framebuffer->edid_size == BOOT_EDID_SIZE);
    ASSERT(framebuffer->edid_size != 0 || all_zero(framebuffer->edid, sizeof framebuffer->edid));
    check_memory_map(info);
    print_framebuffer(framebuffer);
    test_card_draw(framebuffer);
    kprintf_on(CONSOLE_SERIAL, "drawn\n");
}

// Where the loader's last character was, before the console clears the screen.
static void show_text_mode(const struct boot_info *info, const struct boot_text_mode *text)
{
    ASSERT(all_zero(&info->framebuffer, sizeof info->framebuffer));
    kprintf("text mode %ux%u at %llx cursor %u,%u\n", text->columns, text->rows,
            (unsigned long long)text->physical_address, text->cursor_column, text->cursor_row);
}

_Noreturn void kernel_main(const struct boot_info *info)
{
    console_initialise(info);
    if (info->framebuffer.width != 0) {
        show_framebuffer(info);
    } else {
        show_text_mode(info, &info->text_mode);
    }
    if (command_line_has_word(info->command_line, (size_t)info->command_line_length, "exit")) {
        machine_exit(MACHINE_EXIT_SUCCESS);
    }
    halt_for_ever();
}
