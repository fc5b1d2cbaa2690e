// bootimage verify: whether all of an image is as it was made. Called by main.c.
#include "boot_preview.h"
#include "commands.h"
#include "image_file.h"
#include "output.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void print_success(const struct image_file *file)
{
    const struct image_report *report = &file->report;
    const uint64_t behind = image_file_bytes_behind(file);

    print_on_one_line(stdout, file->path);
    (void)printf(": ");
    print_in_colour(stdout, COLOUR_GOOD, "good");
    (void)printf(": MBR, stage 2, kernel");
    if (report->items.module_count != 0) {
        (void)printf(", %" PRIu64 " module%s", report->items.module_count,
                     report->items.module_count == 1 ? "" : "s");
    }
    (void)printf(", padding, %" PRIu64 " bytes", report->items.image_sectors * SECTOR_SIZE);
    if (behind != 0) {
        (void)printf("; %" PRIu64 " bytes behind the image not looked at", behind);
    }
    (void)printf("\n");
}

// Whether some machine can boot what has been read.
static int check_boot(struct image_file *file)
{
    struct boot_preview preview;
    struct message why;

    if (!boot_preview_make(&file->report.kernel, &file->report.items, &preview, &why)) {
        return complain(file->path, why.text);
    }
    boot_preview_free(&preview);
    return EXIT_SUCCESS;
}

enum { IMAGE, OPTION_COUNT };

static const struct option verify_option_table[OPTION_COUNT] = {
    [IMAGE] = {.name = "IMAGE",
               .required = true,
               .help = "the raw image, or a disk that one was copied to"},
};

static int run(char **arguments)
{
    const char *values[OPTION_COUNT];
    struct image_file file;
    int status;

    if (!options_parse(&verify_command, arguments, values, NULL, NULL)) {
        return EXIT_USAGE;
    }
    status = image_file_open(values[IMAGE], &file);
    if (status != EXIT_SUCCESS) {
        return status;
    }
    status = image_file_complain(&file);
    if (status == EXIT_SUCCESS) {
        status = check_boot(&file);
    }
    if (status == EXIT_SUCCESS) {
        print_success(&file);
        status = finish_output(status);
    }
    image_file_close(&file);
    return status;
}

const struct command verify_command = {
    .name = "verify",
    .summary = "check every byte of an image",
    .usage = "IMAGE",
    .description =
        "Checks all of a disk image: the MBR and its partition table, stage 2, the image header, "
        "the checksum of every item, that the padding is zero, and with the bootloader's own code "
        "that the kernel will be accepted.\n\n"
        "A good image gives one line on standard output. Otherwise each thing that is wrong gives "
        "a line on standard error, and the exit status is 1, or 3 where the file cannot be read.",
    .options = verify_option_table,
    .option_count = OPTION_COUNT,
    .run = run,
};
