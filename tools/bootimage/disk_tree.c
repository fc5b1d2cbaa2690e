// Reads small files and folders of /sys. Called by disk_scan.c and disk_use.c.
#ifndef _WIN32
#define _POSIX_C_SOURCE 200809L

#include "disk_tree.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS        " \t\r\n"
#define CAPACITY_STEP 64u

static void trim(char *text)
{
    const size_t start = strspn(text, BLANKS);
    size_t length;

    memmove(text, text + start, strlen(text + start) + 1);
    length = strlen(text);
    while (length != 0 && strchr(BLANKS, text[length - 1]) != NULL) {
        text[--length] = '\0';
    }
}

bool tree_read(const char *directory, const char *file, char *text, size_t size)
{
    char path[PATH_MAX];
    FILE *stream;
    bool done;

    text[0] = '\0';
    if (snprintf(path, sizeof(path), "%s/%s", directory, file) >= (int)sizeof(path)) {
        return false;
    }
    stream = fopen(path, "r");
    if (stream == NULL) {
        return false;
    }
    done = fgets(text, (int)size, stream) != NULL;
    (void)fclose(stream);
    if (!done) {
        text[0] = '\0';
    }
    trim(text);
    return done;
}

void tree_copy(char *to, size_t size, const char *from)
{
    const size_t length = strlen(from);
    const size_t taken = length < size ? length : size - 1;

    memcpy(to, from, taken);
    to[taken] = '\0';
}

const char *tree_last_name(const char *path)
{
    const char *last = strrchr(path, '/');

    return last != NULL ? last + 1 : path;
}

// ---- Folders ----------------------------------------------------------------------------------

static bool add_name(struct name_list *list, const char *name)
{
    if (list->count % CAPACITY_STEP == 0) {
        char **items = realloc(list->items, (list->count + CAPACITY_STEP) * sizeof(*items));

        if (items == NULL) {
            return false;
        }
        list->items = items;
    }
    list->items[list->count] = strdup(name);
    if (list->items[list->count] == NULL) {
        return false;
    }
    list->count++;
    return true;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

bool name_list_read(const char *folder, struct name_list *list)
{
    DIR *directory = opendir(folder);
    const struct dirent *entry;
    bool good = true;

    memset(list, 0, sizeof(*list));
    if (directory == NULL) {
        return false;
    }
    errno = 0;
    while (good && (entry = readdir(directory)) != NULL) {
        good = entry->d_name[0] == '.' || add_name(list, entry->d_name);
    }
    good = good && errno == 0;
    (void)closedir(directory);
    if (!good) {
        name_list_free(list);
        return false;
    }
    if (list->count != 0) {
        qsort(list->items, list->count, sizeof(*list->items), compare_names);
    }
    return true;
}

void name_list_free(struct name_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i]);
    }
    free(list->items);
    memset(list, 0, sizeof(*list));
}

#endif
