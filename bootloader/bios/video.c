// Sets the video mode the kernel is promised. Called once, by main.
#include "video.h"

#include "bios_call.h"
#include "bios_data.h"
#include "memory_layout.h"

#define VIDEO_GET_MODE  0x0F00
#define VIDEO_SET_MODE  0x0000
#define VIDEO_TEXT_MODE 0x03
#define VIDEO_MODE_MASK 0x7Fu // bit 7: the screen was not cleared when it was set
#define VIDEO_COLUMNS   80u
#define VIDEO_ROWS      25u

void video_set_text_mode(void)
{
    struct bios_registers registers = {.eax = VIDEO_GET_MODE};
    bios_call(BIOS_VIDEO, &registers);
    const uint32_t mode = registers.eax & VIDEO_MODE_MASK;
    const uint32_t columns = registers.eax >> 8 & 0xFF;
    const uint32_t rows = bios_data_byte(BDA_SCREEN_ROWS) + 1u;
    if (mode == VIDEO_TEXT_MODE && columns == VIDEO_COLUMNS && rows == VIDEO_ROWS) {
        return;
    }
    registers = (struct bios_registers){.eax = VIDEO_SET_MODE | VIDEO_TEXT_MODE};
    bios_call(BIOS_VIDEO, &registers);
}
