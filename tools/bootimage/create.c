// bootimage create: kernel and loader become one disk image. Called by main.c.
#include "commands.h"
#include "elf.h"
#include "host_file.h"
#include "image_layout.h"
#include "image_output.h"
#include "kernel_pack.h"
#include "modules.h"
#include "options.h"
#include "output.h"
#include "symbol_table.h"
#include "variant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KERNEL_FILE_MAX ((uint64_t)IMAGE_MAX_SECTORS * SECTOR_SIZE)

struct create_options {
    const char *kernel;
    const char *output;
    const char *command_line;
    bool symbols;
    enum image_variant variant;
    enum compression compression;
    struct module_list modules;
};

// Reads the kernel, packs it, and takes its symbols; the file as it was is not kept.
static int load_kernel(const char *path, struct packed_kernel *packed, struct symbol_table *symbols)
{
    struct host_bytes file;
    struct elf_kernel kernel;
    struct message why;
    bool done;

    if (!host_read_file(path, KERNEL_FILE_MAX, &file, &why)) {
        return complain(path, why.text);
    }
    done = elf_parse(file.bytes, file.size, &kernel, &why) && kernel_pack(&kernel, packed, &why) &&
           (symbols == NULL || symbol_table_make(&kernel, symbols, &why));
    free(file.bytes);
    return done ? EXIT_SUCCESS : complain(path, why.text);
}

// Compresses kernel and modules where that pays.
static int compress_parts(enum compression wanted, const char *kernel_path,
                          struct image_parts *parts, struct module_list *modules)
{
    struct message why;

    if (!compress_bytes(parts->kernel->bytes, parts->kernel->size, wanted,
                        &parts->compressed_kernel, &why)) {
        return complain(kernel_path, why.text);
    }
    for (uint32_t i = 0; i < modules->count; i++) {
        struct image_module *module = &modules->modules[i];
        if (!compress_item(&module->file, wanted, &module->compressed, &why)) {
            return complain(modules->files[i].path, why.text);
        }
    }
    return EXIT_SUCCESS;
}

// A raw_image_writer; `context` is a struct image_parts.
static bool write_image(void *context, struct host_output *output, struct message *why)
{
    const struct image_writer writer = {host_output_write, output};

    return image_write(context, &writer, why);
}

static int create(struct create_options *options)
{
    struct packed_kernel kernel = {.bytes = NULL};
    struct symbol_table symbols = {.bytes = NULL};
    struct message why;
    int status;

    if (!command_line_check(options->command_line, strlen(options->command_line), &why)) {
        return complain(NULL, why.text);
    }
    status = load_kernel(options->kernel, &kernel, options->symbols ? &symbols : NULL);
    if (status == EXIT_SUCCESS && host_same_file(options->kernel, options->output)) {
        status = complain(options->output, "is the kernel itself: give --output another name");
    }
    if (status == EXIT_SUCCESS) {
        status = module_list_find(&options->modules, options->output);
    }
    if (status == EXIT_SUCCESS) {
        struct image_parts parts = {
            .mbr = embedded_mbr,
            .mbr_bytes = embedded_mbr_size,
            .stage2 = embedded_stage2,
            .stage2_bytes = embedded_stage2_size,
            .kernel = &kernel,
            .command_line = options->command_line,
            .command_line_bytes = strlen(options->command_line),
            .symbols = symbols,
            .modules = options->modules.modules,
            .module_count = options->modules.count,
        };
        status = compress_parts(options->compression, options->kernel, &parts, &options->modules);
        if (status == EXIT_SUCCESS) {
            status = image_output_make(options->output, options->variant, write_image, &parts);
        }
        compressed_item_free(&parts.compressed_kernel);
    }
    packed_kernel_free(&kernel);
    symbol_table_free(&symbols);
    return status;
}

enum {
    KERNEL,
    OUTPUT,
    COMMAND_LINE,
    MODULE,
    MODULE_COMMAND_LINE,
    NO_SYMBOLS,
    COMPRESS,
    FORMAT,
    OPTION_COUNT,
};

static const struct option create_option_table[OPTION_COUNT] = {
    [KERNEL] = {.name = "--kernel",
                .value = "FILE",
                .required = true,
                .help = "the kernel: an ELF64 executable for x86-64, static or "
                        "position-independent"},
    [OUTPUT] = {.name = "--output",
                .value = "FILE",
                .required = true,
                .help = "the image; a file of that name is replaced, and only by a whole image"},
    [COMMAND_LINE] = {.name = "--cmdline",
                      .value = "TEXT",
                      .help = "what the kernel finds as its command line, at most 4095 bytes"},
    [MODULE] = {.name = "--module",
                .value = "NAME=FILE",
                .take = module_list_take,
                .help = "a file that the kernel finds in memory under this name, 1 to 255 bytes; "
                        "any number of them, which the kernel gets in this order"},
    [MODULE_COMMAND_LINE] = {.name = "--module-cmdline",
                             .value = "TEXT",
                             .take = module_list_take_command_line,
                             .help = "the command line of the module before it, at most 4095 "
                                     "bytes"},
    [NO_SYMBOLS] = {.name = "--no-symbols",
                    .help = "leave the names of the kernel's functions out, which a panic could "
                            "print"},
    [COMPRESS] = {.name = "--compress",
                  .value = "HOW",
                  .help = "whether kernel and modules are stored compressed: auto (where that "
                          "saves at least an eighth and a read of the disk, the default), none, or "
                          "lz4 (where that saves anything)"},
    [FORMAT] = {.name = "--format",
                .value = "FORMAT",
                .help = "raw if not given, else " VARIANT_OPTION_HELP},
};

static bool parse_compression(const char *value, enum compression *compression)
{
    static const char *const names[] = {
        [COMPRESSION_NONE] = "none", [COMPRESSION_AUTO] = "auto", [COMPRESSION_LZ4] = "lz4"};

    *compression = COMPRESSION_AUTO;
    if (value == NULL) {
        return true;
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(value, names[i]) == 0) {
            *compression = (enum compression)i;
            return true;
        }
    }
    return options_refuse(&create_command, "--compress is auto, none or lz4, not", value);
}

static int run(char **arguments)
{
    struct create_options options = {.kernel = NULL};
    const char *values[OPTION_COUNT];
    int status = EXIT_USAGE;

    if (options_parse(&create_command, arguments, values, NULL, &options.modules) &&
        parse_compression(values[COMPRESS], &options.compression)) {
        options.kernel = values[KERNEL];
        options.output = values[OUTPUT];
        options.command_line = values[COMMAND_LINE] != NULL ? values[COMMAND_LINE] : "";
        options.symbols = values[NO_SYMBOLS] == NULL;
        if (values[FORMAT] == NULL || variant_find(values[FORMAT], &options.variant)) {
            status = create(&options);
        } else {
            (void)options_refuse(&create_command, VARIANT_OPTION_WRONG, values[FORMAT]);
        }
    }
    module_list_free(&options.modules);
    return status;
}

const struct command create_command = {
    .name = "create",
    .summary = "make an image of a kernel",
    .usage = "--kernel FILE --output FILE [OPTION]...",
    .description = "Checks the kernel with the bootloader's own code and writes the disk image.",
    .notes =
        "The same input gives the same image, byte for byte. Debug information and sections "
        "stay out of it. To put a raw image on a USB stick, use bootimage write. The other formats "
        "are those of bootimage convert, which says what they need.",
    .options = create_option_table,
    .option_count = OPTION_COUNT,
    .run = run,
};
