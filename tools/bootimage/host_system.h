// What POSIX systems and Windows spell differently, and nothing else. Used by host_file.c.
#ifndef BOOTIMAGE_HOST_SYSTEM_H
#define BOOTIMAGE_HOST_SYSTEM_H

#include "message.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum host_file_kind {
    HOST_FILE_MISSING, // or not to be asked for
    HOST_FILE_REGULAR,
    HOST_FILE_DIRECTORY,
    HOST_FILE_OTHER, // device, pipe, ...
};

enum host_file_kind host_path_kind(const char *path);
enum host_file_kind host_open_kind(int descriptor);

// As POSIX has them: -1 and errno on failure.
int host_open_for_reading(const char *path); // never waits for a pipe's other end
int host_create_directory(const char *path);
int64_t host_seek(int descriptor, uint64_t offset, int from);
int64_t host_read(int descriptor, void *buffer, unsigned size);
int64_t host_write(int descriptor, const void *bytes, unsigned size);
int host_flush_to_disk(int descriptor);
int host_close(int descriptor);
int host_remove(const char *path);
long host_process_id(void);

// Renames a file over another, in one step. False, with a message.
bool host_replace(const char *from, const char *to, struct message *why);

// The file a path leads to, from malloc; NULL where there is none or the system has no such links.
char *host_follow_links(const char *path);

// Whether files may be made in a folder; else false, and errno.
bool host_may_create_in(const char *folder);

// Whether two names in one folder are that of one file, as far as they are ASCII.
bool host_same_name(const char *name, const char *other);

// Whether the path itself is a symbolic link, wherever that leads.
bool host_is_link(const char *path);

// Gives the open file the access rights of the one at `path`, if there is one.
void host_copy_mode(const char *path, int descriptor);

// Whether the stream goes to a terminal that understands ECMA-48's colours.
bool host_shows_colour(FILE *stream);

// Creates a file for writing, as POSIX's open does: fails where one exists. Should a signal end the
// program, from the first moment on, the file is removed; and a file size limit is an error of
// writing instead of an end. Two files at most at a time; the path must stay where it is until
// host_unguard_temporary gets the same pointer.
int host_create_guarded(const char *path);
void host_unguard_temporary(const char *path);

#endif
