// Makes a disk image from its parts: what the fields of MBR, stage 2 and image header say, and the
// bytes in order. Pure: bytes in, bytes out through a writer. Called by bootimage and by the unit
// tests.
#ifndef IMAGE_LAYOUT_H
#define IMAGE_LAYOUT_H

#include "image_plan.h"
#include "image_stream.h"
#include "message.h"

#include <stdbool.h>

// Writes the whole image. False, with a message: the writer's, a module's reader's, or what is
// wrong with the parts.
bool image_write(const struct image_parts *parts, const struct image_writer *writer,
                 struct message *why);

#endif
