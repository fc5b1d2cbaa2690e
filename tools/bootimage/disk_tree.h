// Reading the trees of /sys and /proc: small files, names in folders, and who uses a disk. Used by
// disk_scan.c.
#ifndef BOOTIMAGE_DISK_TREE_H
#define BOOTIMAGE_DISK_TREE_H

#include "disk.h"

#include <stdbool.h>
#include <stddef.h>

// The first line of DIRECTORY/FILE without blanks at its ends, cut at size - 1 bytes. False, and
// "", where there is none.
bool tree_read(const char *directory, const char *file, char *text, size_t size);

// Copies text, cut at size - 1 bytes.
void tree_copy(char *to, size_t size, const char *from);

// What follows the last / of a path.
const char *tree_last_name(const char *path);

// The names in a folder, sorted, without . and the like.
struct name_list {
    char **items;
    size_t count;
};

// False, and errno, where it cannot be read. The list is to be freed.
bool name_list_read(const char *folder, struct name_list *list);
void name_list_free(struct name_list *list);

// Sets `use` and `use_text` of a disk whose name is set (disk_use.c): what is mounted or swapped to
// of it, of its partitions, and of what is built on those. False, with a message, where that cannot
// be told.
bool disk_find_use(const char *root, struct disk *disk, struct message *why);

#endif
