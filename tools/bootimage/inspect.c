// bootimage inspect: shows what is in a disk image and says what is damaged. Called by main.c.
#include "inspect.h"
#include "commands.h"
#include "geometry.h"
#include "host_file.h"
#include "options.h"
#include "output.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define FIRST_PRINTABLE 0x20
#define LAST_PRINTABLE  0x7E

void print_quoted(const char *text, uint64_t length)
{
    (void)putchar('"');
    for (uint64_t i = 0; i < length; i++) {
        const unsigned char byte = (unsigned char)text[i];
        if (byte >= FIRST_PRINTABLE && byte <= LAST_PRINTABLE && byte != '"' && byte != '\\') {
            (void)putchar(byte);
        } else {
            (void)printf("\\x%02x", byte);
        }
    }
    (void)putchar('"');
}

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
        (void)printf("%12" PRIu64 " %14" PRIu64 "  %-8s  ", part->lba, part->bytes,
                     part->good ? "good" : "BAD");
        print_part_name(report, part);
        (void)printf("\n");
    }
}

// All tables on standard output, each problem as a line on standard error.
static int print_report(const char *path, struct image_report *report)
{
    bool bootable = true;

    print_summary(report);
    print_parts(report);
    if (report->has_kernel) {
        print_kernel(report);
        bootable = print_boot(path, report);
    }
    if (report->has_items && report->file_bytes / SECTOR_SIZE > report->items.image_sectors) {
        (void)printf("\nbehind the image: %" PRIu64 " bytes, not looked at\n",
                     report->file_bytes - report->items.image_sectors * SECTOR_SIZE);
    }
    if (finish_output(EXIT_SUCCESS) != EXIT_SUCCESS) {
        return EXIT_SYSTEM;
    }
    for (uint32_t i = 0; i < report->problem_count && i < IMAGE_REPORT_PROBLEMS; i++) {
        (void)complain(path, report->problems[i].text);
    }
    return report->problem_count == 0 && bootable ? EXIT_SUCCESS : EXIT_REFUSED;
}

enum { IMAGE, OPTION_COUNT };

static const struct option inspect_option_table[OPTION_COUNT] = {
    [IMAGE] = {.name = "IMAGE",
               .required = true,
               .help = "the image, or a disk that one was copied to"},
};

static int run(char **arguments)
{
    const char *values[OPTION_COUNT];
    struct host_input input = {.descriptor = -1};
    struct image_report report;
    struct message why;
    int status;

    if (!options_parse(&inspect_command, arguments, values, NULL, NULL)) {
        return EXIT_USAGE;
    }
    if (!host_input_open(values[IMAGE], &input, &why)) {
        return complain(values[IMAGE], why.text);
    }
    const struct image_reader reader = {host_input_read, &input, input.size};
    image_read(&reader, &report);
    host_input_close(&input);
    status = print_report(values[IMAGE], &report);
    image_report_free(&report);
    return status;
}

const struct command inspect_command = {
    .name = "inspect",
    .summary = "show what is in an image, and how it will boot",
    .usage = "IMAGE",
    .description =
        "Shows what is in a disk image: where each part lies, its size, whether its checksum is "
        "right; the kernel's segments:\n\n"
        "  in place   mapped where the file is read to\n"
        "  copied     moved to other pages while booting\n"
        "  zeros      not in the file\n\n"
        "what the kernel asks of the loader; and what the loader will do: where in the address "
        "space everything will lie, with which rights and pages.",
    .notes = "The exit status is 1 when anything is damaged; standard error says what.",
    .options = inspect_option_table,
    .option_count = OPTION_COUNT,
    .run = run,
};
