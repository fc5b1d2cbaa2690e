// The screen.
#ifndef VIDEO_H
#define VIDEO_H

// Sets text mode 03h (80 x 25 characters, 16 colours) unless it is set already.
void video_set_text_mode(void);

#endif
