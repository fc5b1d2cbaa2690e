// Sets the video mode the kernel is promised. Called by main, and by console.c.
// Source of all VBE calls and structures: VESA BIOS Extension Core Functions 3.0.
#include "video.h"

#include "bios_call.h"
#include "bios_data.h"
#include "console.h"
#include "memory_layout.h"
#include "video_mode.h"

#include <stddef.h>
#include <string.h>

#define VIDEO_GET_MODE  0x0F00
#define VIDEO_SET_MODE  0x0000
#define VIDEO_TEXT_MODE 0x03
#define VIDEO_MODE_MASK 0x7Fu // bit 7: the screen was not cleared when it was set
#define VIDEO_COLUMNS   80u
#define VIDEO_ROWS      25u
#define VIDEO_TEXT      0xB8000u

// AX of the calls; AX of an answer that means success.
#define VBE_CONTROLLER    0x4F00 // 4.3
#define VBE_MODE          0x4F01 // 4.4
#define VBE_SET_MODE      0x4F02 // 4.5
#define VBE_DDC           0x4F15 // VBE/DDC 1.0, 3.2
#define VBE_DDC_READ_EDID 1
#define VBE_SUCCESS       0x004Fu

#define VBE_2            0x0200
#define VBE_3            0x0300
#define VBE_MEMORY_UNIT  0x10000u
#define VBE_LIST_END     0xFFFFu
#define VBE_MODES_MAX    512u    // no list is longer, whatever it looks like
#define VBE_LINEAR       0x4000u // in the number of a mode to set
#define VBE_MODE_OPTIONS 0xC800u // bits that are no part of a mode's number
#define VBE_ATTRIBUTES   0x99u   // supported, colour, graphics, linear framebuffer
#define VBE_MODEL_PACKED 4
#define VBE_MODEL_DIRECT 6
#define VBE_CHANNELS     8 // size and shift of red, green, blue, reserved

// Fields no one reads are left out, by number.
struct vbe_controller {
    char signature[4]; // in: "VBE2", out: "VESA"
    uint16_t version;
    uint16_t oem_and_capabilities[4];
    uint16_t mode_list_offset, mode_list_segment;
    uint16_t memory; // in units of 64 KiB
    uint8_t rest[492];
};

struct vbe_mode {
    uint16_t attributes;
    uint16_t windows[7];
    uint16_t pitch;
    uint16_t width, height;
    uint8_t character_width, character_height;
    uint8_t planes;
    uint8_t bits_per_pixel;
    uint8_t banks;
    uint8_t memory_model;
    uint8_t bank_size, image_pages, reserved;
    uint8_t channels[VBE_CHANNELS];
    uint8_t direct_colour;
    uint32_t physical_address;
    uint16_t off_screen[3];
    // VBE 3.0: of the linear framebuffer, the above being those of the window.
    uint16_t linear_pitch;
    uint8_t image_counts[2];
    uint8_t linear_channels[VBE_CHANNELS];
    uint8_t rest[194];
};

_Static_assert(sizeof(struct vbe_controller) == 512, "VbeInfoBlock is 512 bytes");
_Static_assert(offsetof(struct vbe_controller, memory) == 18, "TotalMemory is at 12h");
_Static_assert(sizeof(struct vbe_mode) == 256, "ModeInfoBlock is 256 bytes");
_Static_assert(offsetof(struct vbe_mode, memory_model) == 27, "MemoryModel is at 1Bh");
_Static_assert(offsetof(struct vbe_mode, physical_address) == 40, "PhysBasePtr is at 28h");
_Static_assert(offsetof(struct vbe_mode, linear_channels) == 54, "LinRedMaskSize is at 36h");

// What firmware writes to, and so in the first mebibyte.
static union {
    struct vbe_controller controller;
    struct vbe_mode mode;
    uint8_t edid[BOOT_EDID_SIZE];
} answer;

static bool text_mode_set;
static bool framebuffer_set;
static uint16_t framebuffer_mode; // found, to be set

static bool in_text_mode(void)
{
    struct bios_registers registers = {.eax = VIDEO_GET_MODE};
    bios_call(BIOS_VIDEO, &registers);
    const uint32_t mode = registers.eax & VIDEO_MODE_MASK;
    const uint32_t columns = registers.eax >> 8 & 0xFF;
    const uint32_t page = registers.ebx >> 8 & 0xFF;
    text_mode_set = mode == VIDEO_TEXT_MODE && columns == VIDEO_COLUMNS && page == 0 &&
                    bios_data_byte(BDA_SCREEN_ROWS) == VIDEO_ROWS - 1;
    return text_mode_set;
}

static void set_text_mode(void)
{
    struct bios_registers registers = {.eax = VIDEO_SET_MODE | VIDEO_TEXT_MODE};
    bios_call(BIOS_VIDEO, &registers);
    (void)in_text_mode();
}

void video_set_text_mode(void)
{
    if (!in_text_mode()) {
        set_text_mode();
    }
}

void video_back_to_text(void)
{
    if (framebuffer_set) {
        framebuffer_set = false;
        set_text_mode();
    }
}

void video_describe_text(struct boot_text_mode *text)
{
    *text = (struct boot_text_mode){0};
    if (text_mode_set) {
        text->physical_address = VIDEO_TEXT;
        text->columns = VIDEO_COLUMNS;
        text->rows = VIDEO_ROWS;
        text->cursor_column = bios_data_byte(BDA_CURSOR) % VIDEO_COLUMNS;
        text->cursor_row = bios_data_byte(BDA_CURSOR + 1) % VIDEO_ROWS;
    }
}

// All calls of VBE. BX and CX are what the call makes of them; `answer` is for firmware to fill.
static uint32_t vbe_call(uint32_t function, uint32_t ebx, uint32_t ecx)
{
    struct bios_registers registers = {
        .eax = function,
        .ebx = ebx,
        .ecx = ecx,
        .edi = real_mode_offset(&answer),
        .es = real_mode_segment(&answer),
    };
    bios_call(BIOS_VIDEO, &registers);
    return registers.eax & 0xFFFF;
}

static bool vbe_ask(uint32_t function, uint32_t ebx, uint32_t ecx)
{
    memset(&answer, 0, sizeof answer); // firmware may fill in less than it should
    if (function == VBE_CONTROLLER) {
        memcpy(answer.controller.signature, "VBE2", sizeof answer.controller.signature);
    }
    return vbe_call(function, ebx, ecx) == VBE_SUCCESS;
}

struct vbe_modes {
    uint16_t version;
    uint64_t memory; // bytes
    uint32_t count;
    uint16_t numbers[VBE_MODES_MAX];
};

// Copies the list of modes, which may lie in `answer` itself.
static void read_modes(struct vbe_modes *modes)
{
    modes->count = 0;
    const struct vbe_controller *controller = &answer.controller;
    if (!vbe_ask(VBE_CONTROLLER, 0, 0) ||
        memcmp(controller->signature, "VESA", sizeof controller->signature) != 0 ||
        controller->version < VBE_2) {
        return;
    }
    modes->version = controller->version;
    modes->memory = (uint64_t)controller->memory * VBE_MEMORY_UNIT;
    const uintptr_t list =
        controller->mode_list_segment * PARAGRAPH_SIZE + controller->mode_list_offset;
    while (modes->count < VBE_MODES_MAX) {
        const uint16_t number = bios_data_word(list + modes->count * sizeof number);
        if (number == VBE_LIST_END) {
            break;
        }
        modes->numbers[modes->count++] = number;
    }
}

// Describes a mode that has a linear framebuffer; load checks the numbers.
static bool read_mode(const struct vbe_modes *modes, uint16_t number, struct boot_framebuffer *mode)
{
    const struct vbe_mode *info = &answer.mode;
    if ((number & VBE_MODE_OPTIONS) != 0 || !vbe_ask(VBE_MODE, 0, number) ||
        (info->attributes & VBE_ATTRIBUTES) != VBE_ATTRIBUTES || info->planes != 1 ||
        (info->memory_model != VBE_MODEL_PACKED && info->memory_model != VBE_MODEL_DIRECT)) {
        return false;
    }
    mode->physical_address = info->physical_address;
    mode->width = info->width;
    mode->height = info->height;
    mode->bits_per_pixel = info->bits_per_pixel;
    mode->pitch = info->pitch;
    const uint8_t *channels = info->channels;
    // Firmware that calls itself 3.0 may leave these out.
    if (modes->version >= VBE_3 && info->linear_pitch != 0) {
        mode->pitch = info->linear_pitch;
        channels = info->linear_channels;
    }
    memcpy((uint8_t *)mode + offsetof(struct boot_framebuffer, red_size), channels, VBE_CHANNELS);
    return true;
}

static void read_edid(struct boot_framebuffer *framebuffer)
{
    // Fails where monitor, cable or firmware cannot tell.
    if (vbe_ask(VBE_DDC, VBE_DDC_READ_EDID, 0) && video_edid_valid(answer.edid)) {
        framebuffer->edid_size = BOOT_EDID_SIZE;
        memcpy(framebuffer->edid, answer.edid, BOOT_EDID_SIZE);
    }
}

// Whether a mode was found; framebuffer_mode is its number.
static bool find_mode(struct video_search *search, const struct boot_request *request,
                      struct boot_framebuffer *framebuffer)
{
    struct vbe_modes modes;
    struct boot_framebuffer mode = {0};
    bool found = false;
    read_modes(&modes);
    if (modes.count != 0) {
        read_edid(&mode);
    }
    video_search_begin(search, request, mode.edid_size != 0 ? mode.edid : NULL);
    for (uint32_t i = 0; i < modes.count; i++) {
        if (read_mode(&modes, modes.numbers[i], &mode) &&
            video_search_add(search, &mode, modes.memory)) {
            framebuffer_mode = modes.numbers[i];
            *framebuffer = mode;
            found = true;
        }
    }
    return found;
}

bool video_find_framebuffer(const struct boot_request *request,
                            struct boot_framebuffer *framebuffer)
{
    *framebuffer = (struct boot_framebuffer){0};
    if (request->video == BOOT_VIDEO_TEXT) {
        return false;
    }
    struct video_search search;
    if (find_mode(&search, request, framebuffer)) {
        return true;
    }
    if (request->video == BOOT_VIDEO_FRAMEBUFFER_REQUIRED) {
        struct message why;
        video_search_refusal(&search, &why);
        fatal_message(&why);
    }
    return false;
}

bool video_set_framebuffer(const struct boot_request *request)
{
    framebuffer_set = true; // also when firmware fails half-way
    const uint32_t status = vbe_call(VBE_SET_MODE, framebuffer_mode | VBE_LINEAR, 0);
    if (status == VBE_SUCCESS) {
        return true;
    }
    video_back_to_text();
    if (request->video == BOOT_VIDEO_FRAMEBUFFER_REQUIRED) {
        fatal("VBE refuses to set mode %xh (AX=%04x): ask for another framebuffer, or let the "
              "kernel take text mode",
              (unsigned)framebuffer_mode, (unsigned)status);
    }
    return false;
}
