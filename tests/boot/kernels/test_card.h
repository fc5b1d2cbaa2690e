// A picture for a framebuffer of any size and depth: test_video.py knows where each colour must be.
#ifndef TEST_CARD_H
#define TEST_CARD_H

#include "firstlight/boot_info.h"

// In units of an eighth of the height: eight colour bars, four gradients (grey, red, green, blue),
// lines of text. Around all of it a white border of one pixel.
#define TEST_CARD_PARTS     8u
#define TEST_CARD_GRADIENTS 4u // where they begin
#define TEST_CARD_TEXT      6u // where it begins

void test_card_draw(const struct boot_framebuffer *framebuffer);

#endif
