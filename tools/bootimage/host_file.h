// Files on the host: all that differs between POSIX systems and Windows. Used by bootimage only.
// Every function that fails leaves a message without the file's name; the caller prints that.
#ifndef BOOTIMAGE_HOST_FILE_H
#define BOOTIMAGE_HOST_FILE_H

#include "message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Whether a call to the host's system has failed so far: then that is to blame, not what was given.
bool host_failed(void);

// A regular file read whole, into memory from malloc.
struct host_bytes {
    uint8_t *bytes;
    uint64_t size; // at least 1
};

// Refuses what is not a regular file, is empty, or has more than `most` bytes.
bool host_read_file(const char *path, uint64_t most, struct host_bytes *file, struct message *why);

// A file or disk open for reading at any place.
struct host_input {
    int descriptor;
    uint64_t size;
};

bool host_input_open(const char *path, struct host_input *input, struct message *why);
// The same, and refuses what is not a regular file.
bool host_input_open_regular(const char *path, struct host_input *input, struct message *why);
// `context` is a struct host_input; the read function of struct image_reader.
bool host_input_read(void *context, uint64_t offset, void *buffer, size_t size,
                     struct message *why);
void host_input_close(struct host_input *input);

// Bytes of a path up to and with its last separator.
size_t host_folder_length(const char *path);

// Makes a directory, unless there is one.
bool host_make_directory(const char *path, struct message *why);

// Whether both paths name one existing file.
bool host_same_file(const char *path, const char *other);

// Whether files written to both paths would be one, also where there is none yet.
bool host_same_place(const char *path, const char *other);

// A file that comes into being whole or not at all: written under another name in the same folder,
// renamed at the end.
struct host_output {
    int descriptor;
    char *target;    // what to become, symbolic links followed; NULL: what it is called already
    char *temporary; // what it is called meanwhile
};

#define HOST_FILE_IS_THERE "is there already: name another file, or give --force"

// Whether host_output_begin would have a reason to refuse, as far as that can be told without
// writing anything.
bool host_output_check(const char *path, bool replace, struct message *why);

// Refuses a target that is there and is not a regular file. Without `replace` it refuses any that
// is there, even as a symbolic link; the file then has its name from the beginning, so that no
// other is ever replaced, and loses it on failure.
bool host_output_begin(const char *path, bool replace, struct host_output *output,
                       struct message *why);
// `context` is a struct host_output; the write function of struct image_writer.
bool host_output_write(void *context, const void *bytes, size_t size, struct message *why);
// Has the next bytes written at this place of the file.
bool host_output_seek(struct host_output *output, uint64_t offset, struct message *why);
// Brings the bytes to the disk and gives the file its name, or on failure removes it.
bool host_output_finish(struct host_output *output, struct message *why);
// Removes what was written.
void host_output_abandon(struct host_output *output);

#endif
