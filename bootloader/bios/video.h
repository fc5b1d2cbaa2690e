// The screen: text mode, or a linear framebuffer by way of VBE. Called by main, in this order, and
// by console.c.
#ifndef VIDEO_H
#define VIDEO_H

#include "firstlight/boot_info.h"
#include "firstlight/boot_request.h"

#include <stdbool.h>

// Sets text mode 03h (80 x 25 characters, 16 colours) unless it is set already.
void video_set_text_mode(void);

// Describes it, address aside, in a structure that is all 0, and stays so where the mode could not
// be set: there is no VGA.
void video_describe_text(struct boot_text_mode *text);

// Finds the mode that suits the request best and describes it, address aside, with the monitor's
// EDID. False, and *framebuffer means nothing: stay in text mode. Stops with a message that says
// what VBE offers when a framebuffer is required and none suits. Asks nothing where the request is
// BOOT_VIDEO_TEXT.
bool video_find_framebuffer(const struct boot_request *request,
                            struct boot_framebuffer *framebuffer);

// Sets the mode that was found. False when firmware refuses; stops with a message when a
// framebuffer is required.
bool video_set_framebuffer(const struct boot_request *request);

// Sets text mode again if a framebuffer is set: there is something to be read.
void video_back_to_text(void);

#endif
