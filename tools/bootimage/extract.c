// bootimage extract: takes the parts of an image out into files. Called by main.c. What an image
// says is believed only where it is checked: names from it become file names letter by letter.
#include "commands.h"
#include "extraction.h"
#include "output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IMAGE, KERNEL, MODULE, COMMAND_LINE, ALL, FORCE, OPTION_COUNT };

// What the command line asks for.
struct wishes {
    const char **modules; // NAME=FILE each
    size_t module_count;
};

// option_taker for --module; `context` is a struct wishes.
static bool take_module(void *context, const char *value)
{
    struct wishes *wishes = context;
    const char *separator = strchr(value, '=');

    if (separator == NULL || separator == value || separator[1] == '\0') {
        return options_refuse(&extract_command, "a module must be NAME=FILE, not", value);
    }
    const char **modules =
        realloc(wishes->modules, (wishes->module_count + 1) * sizeof(*wishes->modules));
    if (modules == NULL) {
        (void)complain_of_system(NULL, "not enough memory");
        return false;
    }
    wishes->modules = modules;
    wishes->modules[wishes->module_count++] = value;
    return true;
}

static bool check_wishes(const char **values, const struct wishes *wishes)
{
    const bool single =
        values[KERNEL] != NULL || wishes->module_count != 0 || values[COMMAND_LINE] != NULL;

    if (!single && values[ALL] == NULL) {
        (void)complain(NULL, "nothing to extract is named: see bootimage extract --help");
        return false;
    }
    if (single && values[ALL] != NULL) {
        return options_refuse(&extract_command,
                              "beside --all, which takes everything out, there cannot be",
                              values[KERNEL] != NULL      ? "--kernel"
                              : wishes->module_count != 0 ? "--module"
                                                          : "--cmdline");
    }
    return true;
}

// Fills the list; false after a line on standard error.
static bool plan(struct extraction *extraction, const char **values, const struct wishes *wishes)
{
    if (values[ALL] != NULL) {
        return extraction_add_all(extraction, values[ALL]);
    }
    if (values[KERNEL] != NULL && !extraction_add_kernel(extraction, values[KERNEL])) {
        return false;
    }
    for (size_t i = 0; i < wishes->module_count; i++) {
        const char *separator = strchr(wishes->modules[i], '=');
        if (!extraction_add_module(extraction, wishes->modules[i],
                                   (size_t)(separator - wishes->modules[i]), separator + 1)) {
            return false;
        }
    }
    return values[COMMAND_LINE] == NULL || extraction_check_command_line(extraction);
}

static int extract(struct image_file *file, const char **values, const struct wishes *wishes)
{
    struct extraction extraction = {.file = file, .replace = values[FORCE] != NULL};
    int status = EXIT_SUCCESS;

    if (!file->report.has_items) {
        return image_file_complain(file);
    }
    if (!plan(&extraction, values, wishes) || !extraction_write(&extraction)) {
        status = host_failed() ? EXIT_SYSTEM : EXIT_REFUSED;
    } else if (values[ALL] != NULL) {
        extraction_print(&extraction);
    } else if (values[COMMAND_LINE] != NULL) {
        print_on_one_line(stdout, file->report.command_line);
        (void)putchar('\n');
    }
    extraction_free(&extraction);
    return status == EXIT_SUCCESS ? finish_output(status) : status;
}

static const struct option extract_option_table[OPTION_COUNT] = {
    [IMAGE] = {.name = "IMAGE",
               .required = true,
               .help = "the raw image, or a disk that one was copied to"},
    [KERNEL] = {.name = "--kernel",
                .value = "FILE",
                .help = "write the kernel, as the image has it: an ELF file without symbols and "
                        "debug information"},
    [MODULE] = {.name = "--module",
                .value = "NAME=FILE",
                .take = take_module,
                .help = "write the module of this name, of several the first; any number of "
                        "times"},
    [COMMAND_LINE] = {.name = "--cmdline", .help = "print the kernel's command line"},
    [ALL] = {.name = "--all",
             .value = "DIRECTORY",
             .help = "write everything into this directory, which is made if it is not there, and "
                     "list it"},
    [FORCE] = {.name = "--force", .help = "replace files that are there already"},
};

static int run(char **arguments)
{
    const char *values[OPTION_COUNT];
    struct wishes wishes = {.modules = NULL};
    struct image_file file;
    int status = EXIT_USAGE;

    if (options_parse(&extract_command, arguments, values, NULL, &wishes) &&
        check_wishes(values, &wishes)) {
        status = image_file_open(values[IMAGE], &file);
        if (status == EXIT_SUCCESS) {
            status = extract(&file, values, &wishes);
            image_file_close(&file);
        }
    }
    free(wishes.modules);
    return status;
}

const struct command extract_command = {
    .name = "extract",
    .summary = "take kernel, modules or command line out of an image",
    .usage = "IMAGE [OPTION]...",
    .description =
        "Takes parts of a disk image out: kernel, modules and command line, one or more of them, "
        "or "
        "all there is. A part whose checksum is wrong is refused; damage "
        "elsewhere does not matter. No file is written unless all can be, and none is replaced "
        "without --force.\n\n"
        "The names in the directory of --all are:\n\n"
        "  kernel.elf               the kernel\n"
        "  cmdline.txt              its command line, without a line end\n"
        "  symbols.bin              the table of its functions' names\n"
        "  module-N-NAME            module N, counted from 1\n"
        "  module-N-NAME.cmdline    its command line, if it has one\n\n"
        "with _ for whatever is not A-Z, a-z, 0-9, . _ or - in a module's name.",
    .options = extract_option_table,
    .option_count = OPTION_COUNT,
    .run = run,
};
