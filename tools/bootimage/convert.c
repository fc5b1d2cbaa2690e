// bootimage convert: an image in another form. Called by main.c.
#include "commands.h"
#include "image_file.h"
#include "image_output.h"
#include "output.h"
#include "variant.h"

#include <stdlib.h>

#define COPY_SECTORS 128 // read at once

// Copies the image without what lies behind it. `context` is a struct image_file.
static bool copy_image(void *context, struct host_output *output, struct message *why)
{
    static uint8_t block[COPY_SECTORS * SECTOR_SIZE];
    const struct image_file *file = context;
    const struct image_reader *reader = &file->reader;
    const uint64_t end = file->report.items.image_sectors * SECTOR_SIZE;

    for (uint64_t at = 0; at < end; at += sizeof(block)) {
        const size_t part = end - at < sizeof(block) ? (size_t)(end - at) : sizeof(block);
        if (!reader->read(reader->context, at, block, part, why) ||
            !host_output_write(output, block, part, why)) {
            return false;
        }
    }
    return true;
}

enum { IMAGE, FORMAT, OUTPUT, OPTION_COUNT };

static const struct option convert_option_table[OPTION_COUNT] = {
    [IMAGE] = {.name = "IMAGE",
               .required = true,
               .help = "the raw image, or a disk that one was copied to"},
    [FORMAT] = {.name = "--format",
                .value = "FORMAT",
                .required = true,
                .help = VARIANT_OPTION_HELP},
    [OUTPUT] = {.name = "--output",
                .value = "FILE",
                .required = true,
                .help = "what to make; a file of that name is replaced, and only by a whole one"},
};

static int convert(struct image_file *file, enum image_variant variant, const char *output)
{
    const int status = image_file_complain(file);

    if (status != EXIT_SUCCESS) {
        return status;
    }
    if (host_same_file(file->path, output)) {
        return complain(output, "is the image itself: give --output another name");
    }
    return image_output_make(output, variant, copy_image, file);
}

static int run(char **arguments)
{
    const char *values[OPTION_COUNT];
    enum image_variant variant;
    struct image_file file;
    int status;

    if (!options_parse(&convert_command, arguments, values, NULL, NULL)) {
        return EXIT_USAGE;
    }
    if (!variant_find(values[FORMAT], &variant)) {
        (void)options_refuse(&convert_command, VARIANT_OPTION_WRONG, values[FORMAT]);
        return EXIT_USAGE;
    }
    status = image_file_open(values[IMAGE], &file);
    if (status == EXIT_SUCCESS) {
        status = convert(&file, variant, values[OUTPUT]);
        image_file_close(&file);
    }
    return status;
}

const struct command convert_command = {
    .name = "convert",
    .summary = "make a VHD, VMDK or ISO of an image",
    .usage = "IMAGE --format FORMAT --output FILE",
    .description =
        "Makes another form of a raw image, which is verified first; what lies behind the image "
        "on a disk stays out of it. qemu-img makes vhd and vmdk, xorriso iso (or genisoimage, "
        "whose dates differ from time to time): they must be installed.",
    .notes = "The same image gives the same bytes. An iso has the date that the environment "
             "variable SOURCE_DATE_EPOCH gives, or 2000-01-01.",
    .options = convert_option_table,
    .option_count = OPTION_COUNT,
    .run = run,
};
