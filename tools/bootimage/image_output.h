// An image on its way into a file, in whatever form. Used by create.c and convert.c.
#ifndef BOOTIMAGE_IMAGE_OUTPUT_H
#define BOOTIMAGE_IMAGE_OUTPUT_H

#include "host_file.h"
#include "variant.h"

// Writes a raw image; false, with a message.
typedef bool raw_image_writer(void *context, struct host_output *output, struct message *why);

// Makes the file, or replaces it by a whole one: the raw image that `write` writes, or the variant
// of it. The exit status, after a line on standard error where it is not EXIT_SUCCESS.
int image_output_make(const char *path, enum image_variant variant, raw_image_writer *write,
                      void *context);

#endif
