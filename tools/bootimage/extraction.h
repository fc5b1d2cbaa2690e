// Parts of an image on their way into files: first all are named and checked, then all are written.
// Used by extract.c.
#ifndef BOOTIMAGE_EXTRACTION_H
#define BOOTIMAGE_EXTRACTION_H

#include "image_file.h"

#include <stdbool.h>
#include <stddef.h>

// One file to write.
struct extracted {
    char *path;                    // from malloc
    const struct image_item *item; // whose bytes, or NULL: those of `text`
    const char *text;
    size_t text_bytes;
};

struct extraction {
    struct image_file *file; // its image header was accepted
    bool replace;            // files that are there
    struct extracted *files;
    size_t count;
};

// Each adds files to the list. False after a line on standard error: the image does not have the
// part, or has it damaged.
bool extraction_add_kernel(struct extraction *extraction, const char *path);
bool extraction_add_module(struct extraction *extraction, const char *name, size_t name_bytes,
                           const char *path);
bool extraction_add_all(struct extraction *extraction, const char *directory);

// Whether the command line, if the image has one, is good. False after a line on standard error.
bool extraction_check_command_line(const struct extraction *extraction);

// Writes the files, and none of them where one is there already and is not to be replaced, is the
// image itself, the file of two parts, or in a folder where none can be made. False after a line on
// standard error.
bool extraction_write(const struct extraction *extraction);

// Lists the files on standard output.
void extraction_print(const struct extraction *extraction);

void extraction_free(struct extraction *extraction);

#endif
