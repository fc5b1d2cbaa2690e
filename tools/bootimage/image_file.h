// An image that a command reads: open, read whole, judged. Used by inspect, verify, extract and
// convert.
#ifndef BOOTIMAGE_IMAGE_FILE_H
#define BOOTIMAGE_IMAGE_FILE_H

#include "host_file.h"
#include "image_read.h"

struct image_file {
    const char *path;
    struct host_input input;
    struct image_reader reader; // of the input
    struct image_report report;
    const char *form; // of drive_form: what a file that bears its mark looks like, or NULL
};

// Opens the file and reads all of it into the report. EXIT_SUCCESS, whatever the report says; else
// the exit status, after a line on standard error.
int image_file_open(const char *path, struct image_file *file);

// Prints each problem as a line on standard error, or if the file has another form that alone.
// EXIT_SUCCESS without any, else what
// `complain` gives.
int image_file_complain(const struct image_file *file);

// Says that the file's form is not the raw one that is needed, and returns what `complain` gives.
int image_file_complain_of_form(const struct image_file *file);

// Bytes of the file behind the image, which nobody has looked at; 0 without an image header.
uint64_t image_file_bytes_behind(const struct image_file *file);

void image_file_close(struct image_file *file);

#endif
