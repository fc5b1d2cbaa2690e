// Finds out who uses a disk: mounts, swap, and what device mapper, RAID and the like have built on
// it. Called by disk_scan.c.
#ifndef _WIN32
#define _POSIX_C_SOURCE 200809L
#define _XOPEN_SOURCE   700 // realpath

#include "disk_tree.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAYERS_MOST 8 // of devices upon devices; LVM in LUKS on RAID has three
#define OCTAL       8

// Without these there is no running system.
static const char *const system_mounts[] = {"/",     "/boot", "/boot/efi", "/efi",
                                            "/home", "/nix",  "/usr",      "/var"};

struct search {
    const char *root;
    struct disk *disk;
    struct message *why;
};

// A disk or partition or what is built on one.
struct device {
    const char *name;
    const char *directory;
    char number[DISK_NAME_MOST];
};

// The worst use is the one that is told.
static void note_use(struct search *search, enum disk_use use, const char *name, const char *what,
                     const char *where)
{
    struct disk *disk = search->disk;

    if (use > disk->use) {
        disk->use = use;
        if (snprintf(disk->use_text, sizeof(disk->use_text), "%s %s%s", name, what, where) < 0) {
            tree_copy(disk->use_text, sizeof(disk->use_text), name);
        }
    }
}

// Whether a path from a table in /proc leads to a device of this name.
static bool leads_to(const struct search *search, const char *path, const char *name)
{
    char given[PATH_MAX];
    char target[PATH_MAX];

    if (strncmp(path, "/dev/", strlen("/dev/")) != 0 ||
        snprintf(given, sizeof(given), "%s%s", search->root, path) >= (int)sizeof(given)) {
        return false;
    }
    return strcmp(tree_last_name(realpath(given, target) != NULL ? target : path), name) == 0;
}

// ---- Tables in /proc --------------------------------------------------------------------------

// In place: \040 is a blank, and so on.
static void unescape(char *text)
{
    char *to = text;

    while (*text != '\0') {
        if (text[0] == '\\' && text[1] != '\0' && text[2] != '\0' && text[3] != '\0') {
            const char digits[] = {text[1], text[2], text[3], '\0'};
            *to++ = (char)strtoul(digits, NULL, OCTAL);
            text += 4;
        } else {
            *to++ = *text++;
        }
    }
    *to = '\0';
}

static bool is_system_mount(const char *place)
{
    for (size_t i = 0; i < sizeof(system_mounts) / sizeof(system_mounts[0]); i++) {
        if (strcmp(place, system_mounts[i]) == 0) {
            return true;
        }
    }
    return false;
}

// proc(5): ID PARENT NUMBER ROOT PLACE OPTIONS [TAG]... - TYPE SOURCE OPTIONS. A file system on
// several disks has a number that is none of theirs, but the source is one of them.
static void look_at_mount(struct search *search, const struct device *device, char *line)
{
    char *fields[5];
    char *rest = line;
    char *source = strstr(line, " - ");

    if (source == NULL) {
        return;
    }
    *source = '\0';
    source += strlen(" - ");
    source += strcspn(source, " ");
    source += strspn(source, " ");
    source[strcspn(source, " \n")] = '\0';
    for (unsigned i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        fields[i] = strtok_r(rest, " ", &rest);
        if (fields[i] == NULL) {
            return;
        }
    }
    unescape(fields[4]);
    unescape(source);
    if (strcmp(fields[2], device->number) == 0 || leads_to(search, source, device->name)) {
        note_use(search, is_system_mount(fields[4]) ? DISK_SYSTEM : DISK_MOUNTED, device->name,
                 "is mounted at ", fields[4]);
    }
}

// proc(5): a heading, then PATH TYPE SIZE USED PRIORITY.
static void look_at_swap(struct search *search, const struct device *device, char *line)
{
    line[strcspn(line, " \t\n")] = '\0';
    unescape(line);
    if (leads_to(search, line, device->name)) {
        note_use(search, DISK_SYSTEM, device->name, "is swapped to", "");
    }
}

typedef void looker(struct search *search, const struct device *device, char *line);

// Shows a table's lines to `look`. A kernel may have no such table where `optional`.
static bool read_table(struct search *search, const struct device *device, const char *table,
                       bool optional, looker *look)
{
    char path[PATH_MAX];
    char *line = NULL;
    size_t capacity = 0;
    FILE *stream;
    bool good;

    (void)snprintf(path, sizeof(path), "%s%s", search->root, table);
    stream = fopen(path, "r");
    if (stream == NULL) {
        return (optional && errno == ENOENT) ||
               message_refuse(search->why, "cannot tell which disks are in use: %s: %s", table,
                              strerror(errno));
    }
    while (getline(&line, &capacity, stream) >= 0) {
        look(search, device, line);
    }
    good = !ferror(stream) && feof(stream);
    free(line);
    (void)fclose(stream);
    return good || message_refuse(search->why,
                                  "cannot tell which disks are in use: %s cannot be "
                                  "read",
                                  table);
}

// ---- Devices upon devices -----------------------------------------------------------------------

static bool visit(struct search *search, const char *name, const char *directory, unsigned layer);

// What is built on it, as /sys/block/NAME/holders lists by name.
static bool visit_holders(struct search *search, const struct device *device, unsigned layer)
{
    char folder[PATH_MAX];
    struct name_list holders;
    bool good = true;

    (void)snprintf(folder, sizeof(folder), "%s/holders", device->directory);
    if (!name_list_read(folder, &holders)) {
        return errno == ENOENT ||
               message_refuse(search->why, "cannot tell which disks are in use: %s: %s", folder,
                              strerror(errno));
    }
    for (size_t i = 0; i < holders.count && good; i++) {
        char directory[PATH_MAX];

        note_use(search, DISK_HELD, device->name, "is part of ", holders.items[i]);
        (void)snprintf(directory, sizeof(directory), "%s/sys/block/%s", search->root,
                       holders.items[i]);
        good = visit(search, holders.items[i], directory, layer + 1);
    }
    name_list_free(&holders);
    return good;
}

static bool visit_partitions(struct search *search, const struct device *device, unsigned layer)
{
    struct name_list names;
    bool good = true;

    if (!name_list_read(device->directory, &names)) {
        return message_refuse(search->why, "cannot tell which disks are in use: %s: %s",
                              device->directory, strerror(errno));
    }
    for (size_t i = 0; i < names.count && good; i++) {
        char directory[PATH_MAX];
        char text[DISK_TEXT_MOST];

        (void)snprintf(directory, sizeof(directory), "%s/%s", device->directory, names.items[i]);
        if (tree_read(directory, "partition", text, sizeof(text))) {
            good = visit(search, names.items[i], directory, layer);
        }
    }
    name_list_free(&names);
    return good;
}

static bool visit(struct search *search, const char *name, const char *directory, unsigned layer)
{
    struct device device = {.name = name, .directory = directory};

    if (layer > LAYERS_MOST || !tree_read(directory, "dev", device.number, sizeof(device.number))) {
        return message_refuse(search->why,
                              "cannot tell which disks are in use: /sys does not tell "
                              "what %s is",
                              name);
    }
    return read_table(search, &device, "/proc/self/mountinfo", false, look_at_mount) &&
           read_table(search, &device, "/proc/swaps", true, look_at_swap) &&
           visit_holders(search, &device, layer) && visit_partitions(search, &device, layer);
}

bool disk_find_use(const char *root, struct disk *disk, struct message *why)
{
    struct search search = {root, disk, why};
    char directory[PATH_MAX];

    (void)snprintf(directory, sizeof(directory), "%s/sys/block/%s", root, disk->name);
    return visit(&search, disk->name, directory, 0);
}

#endif
