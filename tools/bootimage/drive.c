// Tells the form of an image by the marks that it bears. Called by qemu.c and
// image_file.c.
#include "drive.h"

#include <stdbool.h>
#include <string.h>

#define ISO_MARK_OFFSET 32769u // ECMA-119: the identifier of the first volume descriptor
#define VHD_FOOTER      512u
#define MARK_MOST       16u

static bool has_mark(struct host_input *image, uint64_t offset, const char *mark)
{
    const size_t length = strlen(mark);
    char found[MARK_MOST];
    struct message why;

    return image->size >= length && offset <= image->size - length &&
           host_input_read(image, offset, found, length, &why) && memcmp(found, mark, length) == 0;
}

struct form {
    const char *name;    // NULL: raw
    const char *options; // for QEMU
};

static const struct form *find_form(struct host_input *image)
{
    static const struct form raw = {NULL, "format=raw,"};
    static const struct form iso = {"an ISO image", "media=cdrom,format=raw,"};
    static const struct form vmdk = {"a VMDK", "format=vmdk,"};
    static const struct form vhd = {"a VHD", "format=vpc,"};
    static const char vhd_mark[] = "conectix"; // of a dynamic one at its start, of any at its end

    if (has_mark(image, ISO_MARK_OFFSET, "CD001")) {
        return &iso;
    }
    if (has_mark(image, 0, "KDMV")) {
        return &vmdk;
    }
    if (has_mark(image, 0, vhd_mark) ||
        (image->size >= VHD_FOOTER && has_mark(image, image->size - VHD_FOOTER, vhd_mark))) {
        return &vhd;
    }
    return &raw;
}

const char *drive_options(struct host_input *image)
{
    return find_form(image)->options;
}

const char *drive_form(struct host_input *image)
{
    return find_form(image)->name;
}
