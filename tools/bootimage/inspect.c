// bootimage inspect: shows what is in a disk image and says what is damaged. Called by main.c.
#include "inspect.h"
#include "commands.h"
#include "geometry.h"
#include "options.h"
#include "output.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void print_summary(const struct image_report *report)
{
    (void)printf("%" PRIu64 " bytes", report->file_bytes);
    if (report->has_items && report->items.image_sectors <= IMAGE_MAX_SECTORS) {
        const struct geometry geometry = geometry_for(report->items.image_sectors);
        (void)printf(", the image itself %" PRIu64 " sectors: %" PRIu64
                     " cylinders of %u heads and %u sectors a track",
                     report->items.image_sectors, geometry.cylinders, (unsigned)geometry.heads,
                     (unsigned)geometry.sectors_per_track);
    }
    (void)printf("\n\n");
}

static void print_module(const struct image_report *report, const struct image_item *module)
{
    const char *name = image_item_text(&report->items, module);

    (void)printf("module ");
    print_quoted(name, module->name_bytes);
    if (module->command_line_bytes != 0) {
        (void)printf(", command line ");
        print_quoted(name + module->name_bytes + 1, module->command_line_bytes);
    }
}

static void print_part_name(const struct image_report *report, const struct image_part *part)
{
    switch (part->kind) {
    case IMAGE_PART_MBR:
        (void)printf("MBR, disk signature %08" PRIx32, report->disk_signature);
        break;
    case IMAGE_PART_FIRST_BLOCK:
        (void)printf("stage 2, first block");
        break;
    case IMAGE_PART_STAGE2_REST:
        (void)printf("stage 2, rest");
        break;
    case IMAGE_PART_HEADER:
        (void)printf("image header");
        break;
    case IMAGE_PART_COMMAND_LINE:
        (void)printf("command line ");
        print_quoted(report->command_line, part->bytes);
        break;
    case IMAGE_PART_KERNEL:
        (void)printf("kernel");
        break;
    case IMAGE_PART_SYMBOLS:
        (void)printf("symbols");
        if (report->has_symbols) {
            (void)printf(" of %" PRIu32 " function%s", report->symbols.symbol_count,
                         report->symbols.symbol_count == 1 ? "" : "s");
        }
        break;
    case IMAGE_PART_MODULE:
        print_module(report, part->item);
        break;
    case IMAGE_PART_PADDING:
        (void)printf("padding");
        break;
    }
}

static void print_parts(const struct image_report *report)
{
    (void)printf("%12s %14s  %-8s  %s\n", "LBA", "bytes", "checksum", "item");
    for (uint32_t i = 0; i < report->part_count; i++) {
        const struct image_part *part = &report->parts[i];
        (void)printf("%12" PRIu64 " %14" PRIu64 "  ", part->lba, part->bytes);
        print_in_colour(stdout, part->good ? COLOUR_GOOD : COLOUR_BAD,
                        part->good ? "good    " : "BAD     ");
        (void)printf("  ");
        print_part_name(report, part);
        if (part->unpacked_bytes != 0) {
            (void)printf(", LZ4, %" PRIu64 " %% of %" PRIu64 " bytes",
                         part->bytes * 100 / part->unpacked_bytes, part->unpacked_bytes);
        }
        (void)printf("\n");
    }
}

static void print_image(const struct image_report *report)
{
    print_summary(report);
    print_parts(report);
    if (report->has_kernel) {
        print_kernel(report);
    }
}

// `preview`: NULL where there is none.
static void print_plan(const struct image_file *file, const struct boot_preview *preview)
{
    const uint64_t behind = image_file_bytes_behind(file);

    if (preview != NULL) {
        print_boot(preview);
    }
    if (behind != 0) {
        (void)printf("\nbehind the image: %" PRIu64 " bytes, not looked at\n", behind);
    }
}

// All that is known on standard output, each problem as a line on standard error. What is in the
// image is printed before the boot is planned, which slides the kernel.
static int inspect(struct image_file *file, bool as_json)
{
    struct json json = {0};
    struct boot_preview preview;
    struct message why;
    const bool has_kernel = file->report.has_kernel;
    int status;

    if (as_json) {
        json_print_image(&json, &file->report);
    } else {
        print_image(&file->report);
    }
    const bool bootable =
        has_kernel && boot_preview_make(&file->report.kernel, &file->report.items, &preview, &why);
    if (as_json) {
        json_print_plan(&json, file, bootable ? &preview : NULL,
                        has_kernel && !bootable ? &why : NULL);
    } else {
        print_plan(file, bootable ? &preview : NULL);
    }
    if (bootable) {
        boot_preview_free(&preview);
    }
    status = finish_output(EXIT_SUCCESS);
    if (status != EXIT_SUCCESS) {
        return status;
    }
    status = image_file_complain(file);
    if (has_kernel && !bootable) {
        status = complain(file->path, why.text);
    }
    return status;
}

enum { IMAGE, JSON, OPTION_COUNT };

static const struct option inspect_option_table[OPTION_COUNT] = {
    [IMAGE] = {.name = "IMAGE",
               .required = true,
               .help = "the raw image, or a disk that one was copied to"},
    [JSON] = {.name = "--json",
              .help = "print one JSON object for programs, which bootimage(1) describes"},
};

static int run(char **arguments)
{
    const char *values[OPTION_COUNT];
    struct image_file file;
    int status;

    if (!options_parse(&inspect_command, arguments, values, NULL, NULL)) {
        return EXIT_USAGE;
    }
    status = image_file_open(values[IMAGE], &file);
    if (status == EXIT_SUCCESS) {
        status = inspect(&file, values[JSON] != NULL);
        image_file_close(&file);
    }
    return status;
}

const struct command inspect_command = {
    .name = "inspect",
    .summary = "show what is in an image, and how it will boot",
    .usage = "IMAGE [--json]",
    .description =
        "Shows what is in a disk image: where each part lies, its size, whether its checksum is "
        "right; the kernel's segments:\n\n"
        "  in place   mapped where the file is read to\n"
        "  copied     moved to other pages while booting\n"
        "  zeros      not in the file\n\n"
        "what the kernel asks of the loader; and what the loader will do: where in the address "
        "space everything will lie, with which rights and pages.",
    .notes = "The exit status is 1 when anything is damaged, also with --json; standard error says "
             "what.",
    .options = inspect_option_table,
    .option_count = OPTION_COUNT,
    .run = run,
};
