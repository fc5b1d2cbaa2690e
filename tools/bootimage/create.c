// bootimage create: kernel and loader become one disk image. Called by main.c.
#include "commands.h"
#include "elf.h"
#include "host_file.h"
#include "image_layout.h"
#include "kernel_pack.h"
#include "modules.h"
#include "options.h"
#include "symbol_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KERNEL_FILE_MAX ((uint64_t)IMAGE_MAX_SECTORS * SECTOR_SIZE)

struct create_options {
    const char *kernel;
    const char *output;
    const char *command_line;
    bool symbols;
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
    if (status == EXIT_SUCCESS && !module_list_find(&options->modules, options->output)) {
        status = EXIT_REFUSED;
    }
    if (status == EXIT_SUCCESS) {
        const struct image_parts parts = {
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
        status = write_output(options->output, &parts);
    }
    packed_kernel_free(&kernel);
    symbol_table_free(&symbols);
    return status;
}

// Fills `wanted` from the command line, its modules in any case.
static enum options_result parse(char **arguments, struct create_options *wanted)
{
    enum { KERNEL, OUTPUT, COMMAND_LINE, MODULE, MODULE_COMMAND_LINE, NO_SYMBOLS, OPTION_COUNT };
    struct option options[OPTION_COUNT] = {
        [KERNEL] = {.name = "--kernel"},
        [OUTPUT] = {.name = "--output"},
        [COMMAND_LINE] = {.name = "--cmdline"},
        [MODULE] = {.name = "--module", .take = module_list_take, .context = &wanted->modules},
        [MODULE_COMMAND_LINE] = {.name = "--module-cmdline",
                                 .take = module_list_take_command_line,
                                 .context = &wanted->modules},
        [NO_SYMBOLS] = {.name = "--no-symbols", .is_flag = true},
    };
    const enum options_result parsed = options_parse("create", arguments, options, OPTION_COUNT);

    if (parsed != OPTIONS_TAKEN) {
        return parsed;
    }
    for (size_t i = KERNEL; i <= OUTPUT; i++) {
        if (options[i].value == NULL || options[i].value[0] == '\0') {
            (void)fprintf(stderr,
                          "bootimage: option '%s FILE' is missing: see bootimage create --help\n",
                          options[i].name);
            return OPTIONS_WRONG;
        }
    }
    wanted->kernel = options[KERNEL].value;
    wanted->output = options[OUTPUT].value;
    wanted->command_line = options[COMMAND_LINE].value != NULL ? options[COMMAND_LINE].value : "";
    wanted->symbols = options[NO_SYMBOLS].value == NULL;
    return OPTIONS_TAKEN;
}

int create_command(char **arguments)
{
    struct create_options options = {.kernel = NULL};
    int status = EXIT_USAGE;

    switch (parse(arguments, &options)) {
    case OPTIONS_TAKEN:
        status = create(&options);
        break;
    case OPTIONS_HELP:
        status = print_help("create");
        break;
    case OPTIONS_WRONG:
        break;
    }
    module_list_free(&options.modules);
    return status;
}
