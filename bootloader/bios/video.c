// Sets the video mode the kernel is promised. Called by main, and by console.c.
// Source of all VBE calls and structures: VESA BIOS Extension Core Functions 3.0.
#include "video.h"

#include "bios_call.h"
#include "bios_data.h"
#include "console.h"
#include "image_format.h"
#include "memory_layout.h"
#include "video_mode.h"

#include <stddef.h>
#include <string.h>

#define VIDEO_GET_MODE  0x0F00
#define VIDEO_SET_MODE  0x0000
#define VIDEO_TEXT_MODE 0x03
#define VIDEO_MODE_MASK 0xFF7Fu // of AX: columns, mode; bit 7: not cleared when it was set
#define VIDEO_COLUMNS   80u
#define VIDEO_ROWS      25u
#define VIDEO_TEXT      0xB8000u

// AX of the calls; AX of an answer that means success.
#define VBE_CONTROLLER    0x4F00
#define VBE_MODE          0x4F01
#define VBE_SET_MODE      0x4F02
#define VBE_DDC           0x4F15 // VBE/DDC 1.0
#define VBE_DDC_READ_EDID 1
#define VBE_SUCCESS       0x004Fu

#define VBE_SIGNATURE_ASKED 0x32454256u // "VBE2"
#define VBE_SIGNATURE       0x41534556u // "VESA"
#define VBE_2               0x0200
#define VBE_3               0x0300
#define VBE_MEMORY_UNIT     0x10000u
#define VBE_LIST_END        0xFFFFu
#define VBE_MODES_MAX       512u    // no list is longer, whatever it looks like
#define VBE_LINEAR          0x4000u // in the number of a mode to set
#define VBE_MODE_OPTIONS    0xC800u // bits that are no part of a mode's number
#define VBE_ATTRIBUTES      0x99u   // supported, colour, graphics, linear framebuffer
#define VBE_MODEL_PACKED    4
#define VBE_MODEL_DIRECT    6

// Fields no one reads are left out, by number.
struct vbe_controller {
    uint32_t signature;
    uint16_t version;
    uint16_t oem_and_capabilities[4];
    uint16_t mode_list_offset, mode_list_segment;
    uint16_t memory; // in units of 64 KiB
    uint8_t rest[492];
};

// Size and shift of red, green, blue and what is left, as boot_framebuffer has them.
struct vbe_channels {
    uint8_t fields[8];
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
    struct vbe_channels channels;
    uint8_t direct_colour;
    uint32_t physical_address;
    uint16_t off_screen[3];
    // VBE 3.0: of the linear framebuffer, the above being those of the window.
    uint16_t linear_pitch;
    uint8_t image_counts[2];
    struct vbe_channels linear_channels;
    uint8_t rest[194];
};

_Static_assert(sizeof(struct vbe_controller) == 512, "VbeInfoBlock is 512 bytes");
_Static_assert(offsetof(struct vbe_controller, memory) == 18, "TotalMemory is at 12h");
_Static_assert(sizeof(struct vbe_mode) == 256, "ModeInfoBlock is 256 bytes");
_Static_assert(offsetof(struct vbe_mode, memory_model) == 27, "MemoryModel is at 1Bh");
_Static_assert(offsetof(struct vbe_mode, physical_address) == 40, "PhysBasePtr is at 28h");
_Static_assert(offsetof(struct vbe_mode, linear_channels) == 54, "LinRedMaskSize is at 36h");

// What firmware writes to, in the first mebibyte: the disk buffer has nothing to keep now.
struct vbe_answers {
    union {
        struct vbe_controller controller;
        struct vbe_mode mode;
        uint8_t edid[BOOT_EDID_SIZE];
    };
    uint16_t mode_numbers[VBE_MODES_MAX]; // not firmware's: the list, copied
};

static struct vbe_answers *answers(void)
{
    struct vbe_answers *place = (struct vbe_answers *)DISK_BUFFER_ADDRESS;
    __asm__("" : "+r"(place)); // kept in a register: fields are reached by few bytes of code
    return place;
}

_Static_assert(sizeof(struct vbe_answers) / SECTOR_SIZE <= DISK_BUFFER_SECTORS, "it fits there");

static bool text_mode_set;
static bool framebuffer_set;
static uint16_t framebuffer_mode; // found, to be set

static bool in_text_mode(void)
{
    struct bios_registers registers = {.eax = VIDEO_GET_MODE};
    bios_call(BIOS_VIDEO, &registers);
    const uint32_t page = registers.ebx >> 8 & 0xFF;
    text_mode_set = (registers.eax & VIDEO_MODE_MASK) == (VIDEO_COLUMNS << 8 | VIDEO_TEXT_MODE) &&
                    page == 0 && bios_data_byte(BDA_SCREEN_ROWS) == VIDEO_ROWS - 1;
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
    if (text_mode_set) {
        text->physical_address = VIDEO_TEXT;
        text->columns = VIDEO_COLUMNS;
        text->rows = VIDEO_ROWS;
        text->cursor_column = bios_data_byte(BDA_CURSOR) % VIDEO_COLUMNS;
        text->cursor_row = bios_data_byte(BDA_CURSOR + 1) % VIDEO_ROWS;
    }
}

// All calls of VBE: gives AX. What firmware has to say is in answers(). Some firmware never
// returns, so that a line says before what is asked, `step` with the number of the mode.
static uint32_t vbe_call(const char *step, uint32_t function, uint32_t ebx, uint32_t ecx)
{
    struct message line;
    message_format(&line, step, (unsigned)((ebx | ecx) & ~VBE_LINEAR));
    console_print(&line);
    struct bios_registers registers = {
        .eax = function,
        .ebx = ebx,
        .ecx = ecx,
        .es = DISK_BUFFER_ADDRESS / PARAGRAPH_SIZE,
    };
    bios_call(BIOS_VIDEO, &registers);
    return registers.eax & 0xFFFF;
}

struct vbe_modes {
    uint64_t memory; // bytes
    uint32_t count;
    bool version_3;
};

// Copies the list of modes, which may lie in the answer itself.
static void read_modes(struct vbe_modes *modes)
{
    struct vbe_controller *controller = &answers()->controller;
    modes->count = 0;
    controller->signature = VBE_SIGNATURE_ASKED;
    if (vbe_call("VBE: controller", VBE_CONTROLLER, 0, 0) != VBE_SUCCESS ||
        controller->signature != VBE_SIGNATURE || controller->version < VBE_2) {
        return;
    }
    modes->version_3 = controller->version >= VBE_3;
    modes->memory = (uint64_t)controller->memory * VBE_MEMORY_UNIT;
    const uint16_t *list =
        (const uint16_t *)(uintptr_t)(controller->mode_list_segment * PARAGRAPH_SIZE +
                                      controller->mode_list_offset);
    while (modes->count < VBE_MODES_MAX && list[modes->count] != VBE_LIST_END) {
        answers()->mode_numbers[modes->count] = list[modes->count];
        modes->count++;
    }
}

// Describes a mode that has a linear framebuffer; load checks the numbers.
static bool read_mode(uint32_t number, bool version_3, struct boot_framebuffer *mode)
{
    struct vbe_mode *info = &answers()->mode;
    memset(info, 0, sizeof *info); // firmware may fill in less than it should
    if ((number & VBE_MODE_OPTIONS) != 0 ||
        vbe_call("VBE: mode %xh", VBE_MODE, 0, number) != VBE_SUCCESS ||
        (info->attributes & VBE_ATTRIBUTES) != VBE_ATTRIBUTES || info->planes != 1 ||
        (info->memory_model != VBE_MODEL_PACKED && info->memory_model != VBE_MODEL_DIRECT)) {
        return false;
    }
    mode->physical_address = info->physical_address;
    mode->width = info->width;
    mode->height = info->height;
    mode->bits_per_pixel = info->bits_per_pixel;
    mode->pitch = info->pitch;
    const struct vbe_channels *channels = &info->channels;
    // Firmware that calls itself 3.0 may leave these out.
    if (version_3 && info->linear_pitch != 0) {
        mode->pitch = info->linear_pitch;
        channels = &info->linear_channels;
    }
    *(struct vbe_channels *)&mode->red_size = *channels;
    return true;
}

// There is none where monitor, cable or firmware cannot tell.
static const uint8_t *read_edid(struct boot_framebuffer *framebuffer)
{
    const uint8_t *edid = answers()->edid;
    if (vbe_call("VBE: EDID", VBE_DDC, VBE_DDC_READ_EDID, 0) != VBE_SUCCESS ||
        !video_edid_valid(edid)) {
        return NULL;
    }
    framebuffer->edid_size = BOOT_EDID_SIZE;
    return memcpy(framebuffer->edid, edid, BOOT_EDID_SIZE);
}

// Whether a mode was found; framebuffer_mode is its number.
static bool find_mode(struct video_search *search, const struct boot_request *request,
                      struct boot_framebuffer *framebuffer)
{
    struct vbe_modes modes;
    struct boot_framebuffer mode = {0};
    read_modes(&modes);
    video_search_begin(search, request, modes.count != 0 ? read_edid(&mode) : NULL);
    for (uint32_t i = 0; i < modes.count; i++) {
        const uint16_t number = answers()->mode_numbers[i];
        if (read_mode(number, modes.version_3, &mode) &&
            video_search_add(search, &mode, modes.memory)) {
            framebuffer_mode = number;
            *framebuffer = mode;
        }
    }
    return search->best != VIDEO_MISFIT_NONE;
}

bool video_find_framebuffer(const struct boot_request *request,
                            struct boot_framebuffer *framebuffer)
{
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
    const uint32_t status =
        vbe_call("VBE: set mode %xh", VBE_SET_MODE, framebuffer_mode | VBE_LINEAR, 0);
    if (status == VBE_SUCCESS) {
        return true;
    }
    if (request->video == BOOT_VIDEO_FRAMEBUFFER_REQUIRED) {
        fatal("VBE refuses to set mode %xh (AX=%04x): ask for another one, or for text mode",
              (unsigned)framebuffer_mode, (unsigned)status);
    }
    return false;
}
