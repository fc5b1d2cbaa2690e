// bootimage create: kernel and loader become one disk image. Called by main.c.
#include "commands.h"
#include "elf.h"
#include "host_file.h"
#include "image_layout.h"
#include "kernel_pack.h"
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KERNEL_FILE_MAX ((uint64_t)IMAGE_MAX_SECTORS * SECTOR_SIZE)

// Reads the kernel and packs it; the file as it was is not kept.
static int load_kernel(const char *path, struct packed_kernel *packed)
{
    struct host_bytes file;
    struct elf_kernel kernel;
    struct message why;
    bool done;

    if (!host_read_file(path, KERNEL_FILE_MAX, &file, &why)) {
        return complain(path, why.text);
    }
    done = elf_parse(file.bytes, file.size, &kernel, &why) && kernel_pack(&kernel, packed, &why);
    free(file.bytes);
    return done ? EXIT_SUCCESS : complain(path, why.text);
}

static int write_output(const char *path, const struct image_parts *parts)
{
    struct host_output output;
    const struct image_writer writer = {host_output_write, &output};
    struct message why;

    if (!host_output_begin(path, &output, &why)) {
        return complain(path, why.text);
    }
    if (!image_write(parts, &writer, &why)) {
        host_output_abandon(&output);
        return complain(path, why.text);
    }
    return host_output_finish(&output, &why) ? EXIT_SUCCESS : complain(path, why.text);
}

static int create(const char *kernel_path, const char *output_path, const char *command_line)
{
    struct packed_kernel kernel;
    struct message why;
    int status;

    if (!command_line_check(command_line, strlen(command_line), &why)) {
        return complain(NULL, why.text);
    }
    status = load_kernel(kernel_path, &kernel);
    if (status != EXIT_SUCCESS) {
        return status;
    }
    if (host_same_file(kernel_path, output_path)) {
        status = complain(output_path, "is the kernel itself: give --output another name");
    } else {
        const struct image_parts parts = {
            .mbr = embedded_mbr,
            .mbr_bytes = embedded_mbr_size,
            .stage2 = embedded_stage2,
            .stage2_bytes = embedded_stage2_size,
            .kernel = &kernel,
            .command_line = command_line,
            .command_line_bytes = strlen(command_line),
        };
        status = write_output(output_path, &parts);
    }
    packed_kernel_free(&kernel);
    return status;
}

int create_command(char **arguments)
{
    enum { KERNEL, OUTPUT, COMMAND_LINE, OPTION_COUNT };
    struct option options[OPTION_COUNT] = {
        [KERNEL] = {.name = "--kernel"},
        [OUTPUT] = {.name = "--output"},
        [COMMAND_LINE] = {.name = "--cmdline"},
    };

    if (!options_parse("create", arguments, options, OPTION_COUNT)) {
        return EXIT_USAGE;
    }
    for (size_t i = KERNEL; i <= OUTPUT; i++) {
        if (options[i].value == NULL || options[i].value[0] == '\0') {
            (void)fprintf(stderr,
                          "bootimage: option '%s FILE' is missing: see bootimage create --help\n",
                          options[i].name);
            return EXIT_USAGE;
        }
    }
    return create(options[KERNEL].value, options[OUTPUT].value,
                  options[COMMAND_LINE].value != NULL ? options[COMMAND_LINE].value : "");
}
