// Tells the form of an image by the marks that it bears. Called by qemu.c.
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

const char *drive_options(struct host_input *image)
{
    static const char vhd_mark[] = "conectix"; // of a dynamic one at its start, of any at its end

    if (has_mark(image, ISO_MARK_OFFSET, "CD001")) {
        return "media=cdrom,format=raw,";
    }
    if (has_mark(image, 0, "KDMV")) {
        return "format=vmdk,";
    }
    if (has_mark(image, 0, vhd_mark) ||
        (image->size >= VHD_FOOTER && has_mark(image, image->size - VHD_FOOTER, vhd_mark))) {
        return "format=vpc,";
    }
    return "format=raw,";
}
