// Reads kernels and images, writes images atomically. Called by create.c and inspect.c.
#include "host_file.h"

#include "host_system.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRANSFER_MAX       0x40000000u // one read or write: less than any system's limit
#define TEMPORARY_ATTEMPTS 100
#define TEMPORARY_NAME_MAX 64 // ".bootimage-<process>-<attempt>.tmp"
#ifdef _WIN32
#define SEPARATORS "/\\:"
#else
#define SEPARATORS "/"
#endif

// ---- Reading ------------------------------------------------------------------------------

static bool has_failed;

bool host_failed(void)
{
    return has_failed;
}

static bool refuse_errno(struct message *why, const char *what)
{
    has_failed = true;
    return message_refuse(why, "%s: %s", what, strerror(errno));
}

// Opens what may be read; some systems open a directory, but do not read it.
static bool open_input(const char *path, struct host_input *input, struct message *why)
{
    if (host_path_kind(path) == HOST_FILE_DIRECTORY) {
        errno = EISDIR;
        return refuse_errno(why, "cannot be read");
    }
    input->descriptor = host_open_for_reading(path);
    if (input->descriptor < 0) {
        return refuse_errno(why, "cannot be read");
    }
    return true;
}

bool host_input_open(const char *path, struct host_input *input, struct message *why)
{
    int64_t end;

    if (!open_input(path, input, why)) {
        return false;
    }
    // A disk's size is where its end is; its status does not tell.
    end = host_seek(input->descriptor, 0, SEEK_END);
    if (end < 0) {
        host_close(input->descriptor);
        return message_refuse(why, "is a pipe: name a file or a disk");
    }
    input->size = (uint64_t)end;
    return true;
}

bool host_input_read(void *context, uint64_t offset, void *buffer, size_t size, struct message *why)
{
    const struct host_input *input = context;
    uint8_t *next = buffer;

    if (host_seek(input->descriptor, offset, SEEK_SET) < 0) {
        return refuse_errno(why, "cannot be read");
    }
    while (size != 0) {
        const unsigned part = size < TRANSFER_MAX ? (unsigned)size : TRANSFER_MAX;
        const int64_t got = host_read(input->descriptor, next, part);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return refuse_errno(why, "cannot be read");
        }
        if (got == 0) {
            has_failed = true;
            return message_refuse(why, "became shorter while it was read: try again");
        }
        next += got;
        size -= (size_t)got;
    }
    return true;
}

void host_input_close(struct host_input *input)
{
    host_close(input->descriptor);
}

bool host_input_open_regular(const char *path, struct host_input *input, struct message *why)
{
    if (!host_input_open(path, input, why)) {
        return false;
    }
    if (host_open_kind(input->descriptor) != HOST_FILE_REGULAR) {
        host_input_close(input);
        return message_refuse(why, "is not a regular file: name one");
    }
    return true;
}

static bool read_whole(struct host_input *input, uint64_t most, struct host_bytes *file,
                       struct message *why)
{
    if (input->size == 0) {
        return message_refuse(why, "is empty: build it again");
    }
    if (input->size > most) {
        return message_refuse(why,
                              "has %llu bytes, %llu are the most that an image can hold: make it "
                              "smaller",
                              (unsigned long long)input->size, (unsigned long long)most);
    }
    file->size = input->size;
    file->bytes = file->size <= SIZE_MAX ? malloc((size_t)file->size) : NULL;
    if (file->bytes == NULL) {
        has_failed = true;
        return message_refuse(why, "not enough memory to read its %llu bytes",
                              (unsigned long long)file->size);
    }
    if (!host_input_read(input, 0, file->bytes, (size_t)file->size, why)) {
        free(file->bytes);
        return false;
    }
    return true;
}

bool host_read_file(const char *path, uint64_t most, struct host_bytes *file, struct message *why)
{
    struct host_input input = {.descriptor = -1};
    bool done;

    if (!host_input_open_regular(path, &input, why)) {
        return false;
    }
    done = read_whole(&input, most, file, why);
    host_input_close(&input);
    return done;
}

bool host_make_directory(const char *path, struct message *why)
{
    if (host_create_directory(path) == 0) {
        return true;
    }
    if (host_path_kind(path) == HOST_FILE_DIRECTORY) {
        return true;
    }
    return refuse_errno(why, "cannot be made");
}

// ---- Writing ------------------------------------------------------------------------------

static void free_names(struct host_output *output)
{
    if (output->temporary != NULL) {
        host_unguard_temporary(output->temporary);
    }
    free(output->target);
    free(output->temporary);
    output->target = NULL;
    output->temporary = NULL;
}

static char *copy_text(const char *text)
{
    const size_t size = strlen(text) + 1;
    char *copy = malloc(size);

    return copy != NULL ? memcpy(copy, text, size) : NULL;
}

size_t host_folder_length(const char *path)
{
    size_t length = strlen(path);

    while (length != 0 && strchr(SEPARATORS, path[length - 1]) == NULL) {
        length--;
    }
    return length;
}

// The folder that a file is in, from malloc. With "." at its end it is a folder to every system.
static char *folder_of(const char *path)
{
    const size_t length = host_folder_length(path);
    char *folder = malloc(length + sizeof("."));

    if (folder != NULL) {
        memcpy(folder, path, length);
        memcpy(folder + length, ".", sizeof("."));
    }
    return folder;
}

bool host_same_place(const char *path, const char *other)
{
    bool same = host_same_file(path, other);

    if (!same &&
        host_same_name(path + host_folder_length(path), other + host_folder_length(other))) {
        char *folder = folder_of(path);
        char *other_folder = folder_of(other);

        // Without memory to tell, it is not said to be safe.
        same = folder == NULL || other_folder == NULL || host_same_file(folder, other_folder);
        free(folder);
        free(other_folder);
    }
    return same;
}

// Creates a file that was not there, in the folder of the target.
static bool create_temporary(struct host_output *output, struct message *why)
{
    const size_t folder = host_folder_length(output->target);

    output->temporary = malloc(folder + TEMPORARY_NAME_MAX);
    if (output->temporary == NULL) {
        has_failed = true;
        return message_refuse(why, "not enough memory");
    }
    memcpy(output->temporary, output->target, folder);
    for (int attempt = 0; attempt < TEMPORARY_ATTEMPTS; attempt++) {
        (void)snprintf(output->temporary + folder, TEMPORARY_NAME_MAX, ".bootimage-%ld-%d.tmp",
                       host_process_id(), attempt);
        output->descriptor = host_create_guarded(output->temporary);
        if (output->descriptor >= 0) {
            host_copy_mode(output->target, output->descriptor);
            return true;
        }
        if (errno != EEXIST) {
            break;
        }
    }
    return refuse_errno(why, "no file can be made in its folder");
}

// A file that has its name from the beginning.
static bool begin_new(const char *path, struct host_output *output, struct message *why)
{
    output->temporary = copy_text(path);
    if (output->temporary == NULL) {
        has_failed = true;
        return message_refuse(why, "not enough memory");
    }
    output->descriptor = host_create_guarded(output->temporary);
    if (output->descriptor >= 0) {
        return true;
    }
    const bool exists = errno == EEXIST;
    if (!exists) {
        (void)refuse_errno(why, "cannot be written");
    }
    free_names(output);
    return exists ? message_refuse(why, HOST_FILE_IS_THERE) : false;
}

// Finds what to replace.
static bool find_target(const char *path, struct host_output *output, struct message *why)
{
    output->target = host_follow_links(path);
    if (output->target == NULL) {
        if (host_is_link(path)) {
            return message_refuse(why,
                                  "is a symbolic link that leads nowhere: correct or remove it");
        }
        output->target = copy_text(path);
    }
    if (output->target == NULL) {
        has_failed = true;
        return message_refuse(why, "not enough memory");
    }
    return true;
}

static bool check_kind(const char *path, struct message *why)
{
    const enum host_file_kind kind = host_path_kind(path);

    if (kind == HOST_FILE_DIRECTORY) {
        return message_refuse(why, "is a directory: name the file to write");
    }
    if (kind == HOST_FILE_OTHER) {
        return message_refuse(why, "is a device or a pipe: write to a file, then copy that with "
                                   "bootimage write or dd");
    }
    return true;
}

bool host_output_check(const char *path, bool replace, struct message *why)
{
    struct host_output output = {.target = NULL};
    char *folder;
    bool done;

    if (!replace && (host_path_kind(path) != HOST_FILE_MISSING || host_is_link(path))) {
        return message_refuse(why, HOST_FILE_IS_THERE);
    }
    if (!check_kind(path, why) || !find_target(path, &output, why)) {
        return false;
    }
    folder = folder_of(output.target);
    done = (folder != NULL && host_may_create_in(folder)) ||
           refuse_errno(why, "no file can be made in its folder");
    free(folder);
    free(output.target);
    return done;
}

bool host_output_begin(const char *path, bool replace, struct host_output *output,
                       struct message *why)
{
    memset(output, 0, sizeof(*output));
    if (!replace) {
        return begin_new(path, output, why);
    }
    if (!check_kind(path, why) || !find_target(path, output, why)) {
        return false;
    }
    if (!create_temporary(output, why)) {
        free_names(output);
        return false;
    }
    return true;
}

bool host_output_write(void *context, const void *bytes, size_t size, struct message *why)
{
    const struct host_output *output = context;
    const uint8_t *next = bytes;

    while (size != 0) {
        const unsigned part = size < TRANSFER_MAX ? (unsigned)size : TRANSFER_MAX;
        const int64_t done = host_write(output->descriptor, next, part);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            errno = done == 0 ? ENOSPC : errno;
            return refuse_errno(why, "cannot be written");
        }
        next += done;
        size -= (size_t)done;
    }
    return true;
}

bool host_output_seek(struct host_output *output, uint64_t offset, struct message *why)
{
    return host_seek(output->descriptor, offset, SEEK_SET) >= 0 ||
           refuse_errno(why, "cannot be written");
}

bool host_output_finish(struct host_output *output, struct message *why)
{
    bool done = true;

    if (host_flush_to_disk(output->descriptor) != 0) {
        done = refuse_errno(why, "cannot be written");
    }
    if (host_close(output->descriptor) != 0 && done) {
        done = refuse_errno(why, "cannot be written");
    }
    if (done && output->target != NULL) {
        done = host_replace(output->temporary, output->target, why);
    }
    if (!done) {
        has_failed = true;
        host_remove(output->temporary);
    }
    free_names(output);
    return done;
}

void host_output_abandon(struct host_output *output)
{
    host_close(output->descriptor);
    host_remove(output->temporary);
    free_names(output);
}
