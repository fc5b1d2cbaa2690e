// bootimage write: puts an image on a USB stick or another disk. Called by main.c.
#ifndef _WIN32
#define _POSIX_C_SOURCE 200809L
#endif

#include "commands.h"
#include "options.h"
#include "output.h"

#include <stdio.h>
#include <stdlib.h>

enum { IMAGE, DEVICE, ANY_DISK, YES, OPTION_COUNT };

#ifdef __linux__

#include "disk.h"
#include "disk_copy.h"
#include "disk_device.h"
#include "disk_scan.h"
#include "host_system.h"
#include "image_file.h"

#include <string.h>
#include <unistd.h>

#define ANSWER_MOST 256
#define PERCENT     100u

static const char host_root[] = "";

// ---- What is there --------------------------------------------------------------------------

static void print_text(const char *text, const char *if_empty)
{
    print_on_one_line(stdout, text[0] != '\0' ? text : if_empty);
}

static void print_disk(const struct disk *disk)
{
    char size[DISK_SIZE_MOST];

    disk_size_text(disk->bytes, size);
    (void)printf("/dev/%s: %s, ", disk->name, disk_bus_text(disk));
    print_text(disk->model, "no model named");
    (void)printf(", %s, serial number ", size);
    print_text(disk->serial, "unknown");
    (void)printf("\n");
    if (disk->by_id[0] != '\0') {
        (void)printf("  ");
        print_text(disk->by_id, "");
        (void)printf("\n");
    }
}

static void list_disk(const struct disk *disk, uint64_t image_bytes, bool any_disk)
{
    struct message why;

    print_disk(disk);
    if (!disk_check(disk, image_bytes, any_disk, &why)) {
        (void)printf("  cannot be written: it ");
        print_text(why.text, "");
        (void)printf("\n");
    }
}

// A script whose DEVICE is missing must not take the list for success.
static int list_disks(const struct disk_list *disks, uint64_t image_bytes, bool any_disk)
{
    unsigned listed = 0;

    for (size_t i = 0; i < disks->count; i++) {
        const struct disk *disk = &disks->items[i];
        const bool exists = disk->bytes != 0 || disk->bus != DISK_BUS_VIRTUAL;

        if (exists && (any_disk || (disk_is_removable(disk) && !disk->optical))) {
            list_disk(disk, image_bytes, any_disk);
            listed++;
        }
    }
    if (listed == 0) {
        (void)printf("No %sdisk was found%s\n", any_disk ? "" : "removable ",
                     any_disk ? "" : ": plug one in, or see all with --any-disk");
    }
    if (finish_output(EXIT_SUCCESS) != EXIT_SUCCESS) {
        return EXIT_SYSTEM;
    }
    (void)complain(NULL, "nothing was written: no DEVICE is named behind the image");
    return EXIT_USAGE;
}

// ---- Writing --------------------------------------------------------------------------------

struct writing {
    struct host_input *image;
    int disk;
    uint64_t bytes;
    bool shows_progress;
    unsigned shown; // per cent
};

static bool read_image(void *context, uint64_t offset, void *buffer, size_t size,
                       struct message *why)
{
    struct writing *writing = context;
    struct message what;

    if (!host_input_read(writing->image, offset, buffer, size, &what)) {
        return message_refuse(why, "the image %s", what.text);
    }
    return true;
}

static bool write_disk(void *context, uint64_t offset, const void *bytes, size_t size,
                       struct message *why)
{
    return disk_device_write(((struct writing *)context)->disk, offset, bytes, size, why);
}

static bool flush_disk(void *context, struct message *why)
{
    return disk_device_flush(((struct writing *)context)->disk, why);
}

static bool forget_disk(void *context, struct message *why)
{
    return disk_device_forget(((struct writing *)context)->disk, why);
}

static bool read_disk(void *context, uint64_t offset, void *buffer, size_t size,
                      struct message *why)
{
    return disk_device_read(((struct writing *)context)->disk, offset, buffer, size, why);
}

static void show_progress(void *context, enum disk_copy_stage stage, uint64_t done)
{
    struct writing *writing = context;
    const unsigned percent = (unsigned)(done * PERCENT / writing->bytes);

    if (!writing->shows_progress || (percent == writing->shown && percent != PERCENT)) {
        return;
    }
    writing->shown = percent;
    (void)fprintf(stderr, "\r%s %3u %%",
                  stage == DISK_COPY_WRITING ? "writing     " : "reading back", percent);
    if (percent == PERCENT) {
        (void)fputc('\n', stderr);
    }
    (void)fflush(stderr);
}

// Whether an open disk is still the one that was looked at: it may have been swapped for another,
// which got its number, or have come into use.
static bool check_again(const struct disk *disk, uint64_t image_bytes, struct message *why)
{
    struct disk_list disks;
    const struct disk *now;
    bool good;

    if (!disk_scan(host_root, &disks, why)) {
        return false;
    }
    now = disk_find(host_root, &disks, disk->number, why);
    good = now != NULL &&
           (disk_is_same(disk, now) || message_refuse(why, DISK_DEVICE_IS_ANOTHER)) &&
           disk_check(now, image_bytes, true, why);
    disk_list_free(&disks);
    return good;
}

static int copy_image(struct image_file *image, const char *path, const struct disk *disk)
{
    struct writing writing = {.image = &image->input,
                              .bytes = image->input.size,
                              .shows_progress = isatty(STDERR_FILENO) != 0};
    const struct disk_copy copy = {&writing,    read_image, write_disk,   flush_disk,
                                   forget_disk, read_disk,  show_progress};
    struct message why;
    struct message of_closing;
    bool done;

    writing.disk = disk_device_open(path, disk, &why);
    if (writing.disk < 0) {
        return complain_of_system(path, why.text);
    }
    if (!check_again(disk, writing.bytes, &why)) {
        (void)close(writing.disk);
        return complain(path, why.text);
    }
    done = disk_copy(&copy, writing.bytes, &why);
    if (!disk_device_close(writing.disk, &of_closing) && done) {
        done = false;
        why = of_closing;
    }
    if (!done) {
        if (writing.shows_progress && writing.shown % PERCENT != 0) {
            (void)fputc('\n', stderr); // ends the line of progress
        }
        return complain_of_system(path, why.text);
    }
    print_on_one_line(stdout, path);
    (void)printf(": written, read back and compared: %llu bytes\n",
                 (unsigned long long)writing.bytes);
    return finish_output(EXIT_SUCCESS);
}

// Nothing but the disk's own name is a yes.
static bool ask(const char *image, const struct disk *disk)
{
    char answer[ANSWER_MOST] = "";

    print_disk(disk);
    (void)printf("All that is on it will be lost. To write ");
    print_on_one_line(stdout, image);
    (void)printf(" to it, type its name, %s: ", disk->name);
    (void)fflush(stdout);
    if (fgets(answer, sizeof(answer), stdin) == NULL) {
        (void)putchar('\n');
        return false;
    }
    answer[strcspn(answer, "\n")] = '\0';
    return strcmp(answer, disk->name) == 0;
}

static int write_to(const struct disk_list *disks, struct image_file *image,
                    const char *values[OPTION_COUNT])
{
    const char *path = values[DEVICE];
    char number[DISK_NAME_MOST];
    const struct disk *disk;
    struct message why;

    if (!disk_device_number(path, number, &why)) {
        return complain(path, why.text);
    }
    disk = disk_find(host_root, disks, number, &why);
    if (disk == NULL || !disk_check(disk, image->input.size, values[ANY_DISK] != NULL, &why)) {
        return complain(path, why.text);
    }
    if (values[YES] == NULL) {
        if (!isatty(STDIN_FILENO)) {
            return complain(path, "standard input is no terminal to ask at: nothing was written; "
                                  "with --yes nobody is asked");
        }
        if (!ask(values[IMAGE], disk)) {
            return complain(path, "nothing was written");
        }
    }
    return copy_image(image, path, disk);
}

static int write_image(struct image_file *image, const char *values[OPTION_COUNT])
{
    struct disk_list disks;
    struct message why;
    int status;

    if (host_open_kind(image->input.descriptor) != HOST_FILE_REGULAR) {
        return complain(image->path, "is not a regular file: name one");
    }
    status = image_file_complain(image);
    if (status != EXIT_SUCCESS) {
        return status;
    }
    if (image->form != NULL && image_file_bytes_behind(image) != 0) {
        return image_file_complain_of_form(image); // a VHD is a raw image and more
    }
    if (!disk_scan(host_root, &disks, &why)) {
        return complain_of_system(NULL, why.text);
    }
    status = values[DEVICE] != NULL
                 ? write_to(&disks, image, values)
                 : list_disks(&disks, image->input.size, values[ANY_DISK] != NULL);
    disk_list_free(&disks);
    return status;
}

static int start(const char *values[OPTION_COUNT])
{
    struct image_file image;
    int status;

    if (values[DEVICE] == NULL && values[YES] != NULL) {
        (void)options_refuse(&write_command, "no DEVICE goes with", "--yes");
        return EXIT_USAGE;
    }
    status = image_file_open(values[IMAGE], &image);
    if (status != EXIT_SUCCESS) {
        return status;
    }
    status = write_image(&image, values);
    image_file_close(&image);
    return status;
}

#else

static int start(const char *values[OPTION_COUNT])
{
    (void)values;
#if defined(_WIN32)
    return complain_of_system(NULL, "write is not available on Windows: write the image with Rufus "
                                    "in its DD mode");
#elif defined(__APPLE__)
    return complain_of_system(NULL,
                              "write is not available on macOS: `diskutil list external` "
                              "names the disk N, `diskutil unmountDisk diskN` frees it, `sudo "
                              "dd if=IMAGE of=/dev/rdiskN bs=1m` writes it");
#else
    return complain_of_system(NULL, "write is available on Linux only: write the image with dd");
#endif
}

#endif

static const struct option write_option_table[OPTION_COUNT] = {
    [IMAGE] = {.name = "IMAGE", .required = true, .help = "the raw image, a regular file"},
    [DEVICE] = {.name = "DEVICE",
                .help = "the disk, as /dev/sdX or by a name in /dev/disk/by-id; without it the "
                        "removable disks are listed, nothing is written, and the exit status is "
                        "2"},
    [ANY_DISK] = {.name = "--any-disk",
                  .help = "also a disk that is not removable (neither on USB nor an SD card nor "
                          "one that calls itself removable)"},
    [YES] = {.name = "--yes", .help = "do not ask; for scripts"},
};

static int run(char **arguments)
{
    const char *values[OPTION_COUNT];

    return options_parse(&write_command, arguments, values, NULL, NULL) ? start(values)
                                                                        : EXIT_USAGE;
}

const struct command write_command = {
    .name = "write",
    .summary = "write an image to a USB stick or another disk",
    .usage = "IMAGE [DEVICE] [OPTION]...",
    .description = "Writes the image to the whole disk, reads it back from there and compares. All "
                   "that was on the disk is lost, so its model and serial number are shown first, "
                   "and its name must be typed.",
    .notes = "Refused are partitions, disks in use (mounted, swapped to, or part of LVM, RAID or "
             "the like), those of the running system above all, read-only ones and those that are "
             "too small; and images that are damaged.",
    .options = write_option_table,
    .option_count = OPTION_COUNT,
    .run = run,
};
