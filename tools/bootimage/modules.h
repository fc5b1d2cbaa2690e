// The modules of `bootimage create`: from the options to something the image's writer can read, one
// open file at a time. Called by create.c.
#ifndef BOOTIMAGE_MODULES_H
#define BOOTIMAGE_MODULES_H

#include "host_file.h"
#include "image_plan.h"

#include <stdbool.h>
#include <stdint.h>

// The file of one module.
struct module_file {
    char *name; // from malloc
    const char *path;
    const char *command_line; // NULL: not given
    uint64_t bytes;
    struct host_input input;
    bool is_open;
};

struct module_list {
    struct module_file *files;
    struct image_module *modules; // made by module_list_find
    uint32_t count;
};

// option_taker for --module NAME=FILE and for the --module-cmdline TEXT behind it; `context` is a
// struct module_list.
bool module_list_take(void *context, const char *value);
bool module_list_take_command_line(void *context, const char *value);

// Looks at all files, and fills list->modules. EXIT_SUCCESS, or the exit status after one line on
// standard error, when one is no regular file, is empty, or is the output.
int module_list_find(struct module_list *list, const char *output_path);

void module_list_free(struct module_list *list);

#endif
