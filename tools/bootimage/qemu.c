// Finds QEMU and puts its arguments together. Called by run.c, test.c and
// machine_start.c.
#ifndef _WIN32
#define _POSIX_C_SOURCE 200809L

#include "qemu.h"

#include "drive.h"
#include "host_file.h"
#include "output.h"
#include "verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRAM       "qemu-system-x86_64"
#define VARIABLE      "QEMU"
#define CAPACITY_STEP 32u

// Where QEMU's packages put it, should PATH not lead there.
static const char usual_places[] = "/usr/bin:/usr/local/bin:/opt/homebrew/bin:/opt/local/bin:"
                                   "/home/linuxbrew/.linuxbrew/bin:/usr/pkg/bin";

// ---- Where it is ----------------------------------------------------------------------------

static bool can_be_run(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

// DIRECTORY/NAME from malloc; an empty directory is the current one.
static char *join(const char *directory, size_t length, const char *name)
{
    const size_t size = length + 1 + strlen(name) + 1;
    char *path = malloc(size + 1);

    if (path != NULL) {
        (void)snprintf(path, size + 1, "%.*s/%s", length != 0 ? (int)length : 1,
                       length != 0 ? directory : ".", name);
    }
    return path;
}

// `directories` are separated by colons.
static char *find_in(const char *directories, const char *name)
{
    while (directories != NULL) {
        const size_t length = strcspn(directories, ":");
        char *path = join(directories, length, name);

        if (path != NULL && can_be_run(path)) {
            return path;
        }
        free(path);
        directories = directories[length] == ':' ? directories + length + 1 : NULL;
    }
    return NULL;
}

static char *find_named(const char *name, const char *who_names, struct message *why)
{
    char *path = strchr(name, '/') == NULL ? find_in(getenv("PATH"), name)
                 : can_be_run(name)        ? strdup(name)
                                           : NULL;

    if (path == NULL) {
        (void)message_refuse(why, "%s names '%s', which is no program that can be run", who_names,
                             name);
    }
    return path;
}

char *qemu_find(const char *named, struct message *why)
{
    const char *variable = getenv(VARIABLE);
    char *path;

    if (named != NULL) {
        return find_named(named, "--qemu", why);
    }
    if (variable != NULL && variable[0] != '\0') {
        return find_named(variable, "the environment variable " VARIABLE, why);
    }
    path = find_in(getenv("PATH"), PROGRAM);
    if (path == NULL) {
        path = find_in(usual_places, PROGRAM);
    }
    if (path == NULL) {
        (void)message_refuse(why, PROGRAM " was not found: install QEMU (Debian's package is "
                                          "qemu-system-x86), or name it by --qemu or by the "
                                          "environment variable " VARIABLE);
    }
    return path;
}

int qemu_prepare(const char *named, const char *image, char **program)
{
    struct host_input input;
    struct message why;

    if (!host_input_open(image, &input, &why)) {
        return complain_of_system(image, why.text);
    }
    host_input_close(&input);
    if (input.size == 0) {
        return complain(image, "is empty: build it again");
    }
    *program = qemu_find(named, &why);
    return *program != NULL ? EXIT_SUCCESS : complain_of_system(NULL, why.text);
}

// ---- Its arguments --------------------------------------------------------------------------

// Takes over text from malloc, or NULL when there was no memory for it.
static void add_own(struct arguments *arguments, char *text)
{
    // Room for the NULL behind the last, too.
    if (arguments->count + 2 > arguments->capacity) {
        const size_t capacity = arguments->capacity + CAPACITY_STEP;
        char **items = realloc(arguments->items, capacity * sizeof(*items));

        if (items == NULL) {
            arguments->failed = true;
        } else {
            arguments->items = items;
            arguments->capacity = capacity;
        }
    }
    if (arguments->failed || text == NULL) {
        arguments->failed = true;
        free(text);
        return;
    }
    arguments->items[arguments->count++] = text;
    arguments->items[arguments->count] = NULL;
}

void arguments_add(struct arguments *arguments, const char *text)
{
    add_own(arguments, strdup(text));
}

void arguments_add_list(struct arguments *arguments, const char *const *texts)
{
    for (; *texts != NULL; texts++) {
        arguments_add(arguments, *texts);
    }
}

void arguments_free(struct arguments *arguments)
{
    for (size_t i = 0; i < arguments->count; i++) {
        free(arguments->items[i]);
    }
    free(arguments->items);
    memset(arguments, 0, sizeof(*arguments));
}

static const char drive_file[] = "file=";
static const char current_directory[] = "./"; // what follows is no protocol, whatever it has

// The form of the image; raw where it has gone since it was looked at, as QEMU will say.
static const char *options_of(const char *image)
{
    struct host_input input;
    struct message why;
    const char *options;

    if (!host_input_open(image, &input, &why)) {
        return "format=raw,";
    }
    options = drive_options(&input);
    host_input_close(&input);
    return options;
}

void arguments_add_drive(struct arguments *arguments, const char *options, const char *image)
{
    const char *form = options_of(image);
    char *text = malloc(strlen(form) + strlen(options) + sizeof(drive_file) +
                        sizeof(current_directory) + 2 * strlen(image));
    char *next = text;

    arguments_add(arguments, "-drive");
    if (text != NULL) {
        next += sprintf(next, "%s%s%s%s", form, options, drive_file,
                        image[0] != '/' && strchr(image, ':') != NULL ? current_directory : "");
        for (; *image != '\0'; image++) {
            *next++ = *image;
            if (*image == ',') {
                *next++ = ',';
            }
        }
        *next = '\0';
    }
    add_own(arguments, text);
}

void arguments_add_exit_device(struct arguments *arguments)
{
    char text[64];

    (void)snprintf(text, sizeof(text), "isa-debug-exit,iobase=0x%x,iosize=4", EXIT_PORT);
    arguments_add(arguments, "-device");
    arguments_add(arguments, text);
}

bool arguments_have(char *const *arguments, const char *option)
{
    for (; *arguments != NULL; arguments++) {
        const char *given = *arguments;

        if (strcmp(given, option) == 0 || (given[0] == '-' && strcmp(given + 1, option) == 0)) {
            return true;
        }
    }
    return false;
}

#endif
