// Reads the modules that `bootimage create` puts into an image. Called by create.c.
#include "modules.h"

#include "commands.h"
#include "options.h"
#include "output.h"

#include <stdlib.h>
#include <string.h>

static bool refuse_memory(void)
{
    (void)complain_of_system(NULL, "not enough memory");
    return false;
}

bool module_list_take(void *context, const char *value)
{
    struct module_list *list = context;
    const char *separator = strchr(value, '=');

    if (separator == NULL || separator == value || separator[1] == '\0') {
        return options_refuse(&create_command, "a module must be NAME=FILE, not", value);
    }
    const size_t name_bytes = (size_t)(separator - value);
    struct module_file *files = realloc(list->files, (list->count + 1) * sizeof(*files));
    if (files == NULL) {
        return refuse_memory();
    }
    list->files = files;
    char *name = calloc(name_bytes + 1, 1);
    if (name == NULL) {
        return refuse_memory();
    }
    memcpy(name, value, name_bytes);
    files[list->count++] = (struct module_file){.name = name, .path = separator + 1};
    return true;
}

bool module_list_take_command_line(void *context, const char *value)
{
    struct module_list *list = context;

    if (list->count == 0 || list->files[list->count - 1].command_line != NULL) {
        return options_refuse(&create_command, "no --module directly before command line", value);
    }
    list->files[list->count - 1].command_line = value;
    return true;
}

static bool open_module(struct module_file *file, struct message *why)
{
    if (!host_input_open_regular(file->path, &file->input, why)) {
        return false;
    }
    file->is_open = true;
    return true;
}

static void close_module(struct module_file *file)
{
    if (file->is_open) {
        host_input_close(&file->input);
        file->is_open = false;
    }
}

// The read function of struct image_reader: open from the first byte to the last.
static bool read_module(void *context, uint64_t offset, void *buffer, size_t size,
                        struct message *why)
{
    struct module_file *file = context;

    if (!file->is_open && !open_module(file, why)) {
        return false;
    }
    if (!host_input_read(&file->input, offset, buffer, size, why)) {
        return false;
    }
    if (offset + size == file->bytes) {
        close_module(file);
    }
    return true;
}

static bool find_module(struct module_file *file, const char *output_path, struct message *why)
{
    if (!open_module(file, why)) {
        return false;
    }
    file->bytes = file->input.size;
    close_module(file);
    if (file->bytes == 0) {
        return message_refuse(why, "is empty: a module has at least one byte, leave it out");
    }
    if (host_same_file(file->path, output_path)) {
        return message_refuse(why, "is the output as well: give --output another name");
    }
    return true;
}

int module_list_find(struct module_list *list, const char *output_path)
{
    struct message why;

    if (list->count == 0) {
        return EXIT_SUCCESS;
    }
    list->modules = calloc(list->count, sizeof(*list->modules));
    if (list->modules == NULL) {
        return complain_of_system(NULL, "not enough memory");
    }
    for (uint32_t i = 0; i < list->count; i++) {
        struct module_file *file = &list->files[i];
        if (!find_module(file, output_path, &why)) {
            return complain(file->path, why.text);
        }
        list->modules[i] = (struct image_module){
            .name = file->name,
            .command_line = file->command_line != NULL ? file->command_line : "",
            .file = {read_module, file, file->bytes},
        };
    }
    return EXIT_SUCCESS;
}

void module_list_free(struct module_list *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        close_module(&list->files[i]);
        free(list->files[i].name);
        if (list->modules != NULL) {
            compressed_item_free(&list->modules[i].compressed);
        }
    }
    free(list->files);
    free(list->modules);
}
