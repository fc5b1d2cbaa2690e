// Names, checks and writes the files of bootimage extract. Called by extract.c.
#include "extraction.h"

#include "checksum.h"
#include "decompress_item.h"
#include "output.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COPY_SECTORS 128 // read at once

// "module-", the number of a module, "-", its name, ".cmdline": less than any system's limit of
// 255.
#define MODULE_FILE_NAME_MAX 200
#define SAFE_NAME_MAX        128

static const char safe_characters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

// ---- The list -----------------------------------------------------------------------------

static bool refuse_memory(void)
{
    (void)complain_of_system(NULL, "not enough memory");
    return false;
}

// Where the reader reports this item; NULL when there was no memory to read it.
static const struct image_part *part_of(const struct extraction *extraction,
                                        const struct image_item *item)
{
    const struct image_report *report = &extraction->file->report;

    for (uint32_t i = 0; i < report->part_count; i++) {
        if (report->parts[i].item == item) {
            return &report->parts[i];
        }
    }
    return NULL;
}

static bool check_good(const struct extraction *extraction, const struct image_item *item)
{
    const struct image_part *part = part_of(extraction, item);

    if (part != NULL && part->good) {
        return true;
    }
    (void)image_file_complain(extraction->file); // says what is wrong with it
    return false;
}

// Adds a file; `directory` may be NULL.
static bool add(struct extraction *extraction, const char *directory, const char *name,
                struct extracted file)
{
    const char *separator = directory != NULL ? "/" : "";
    const size_t size = (directory != NULL ? strlen(directory) : 0) + strlen(name) + 2;
    struct extracted *files =
        realloc(extraction->files, (extraction->count + 1) * sizeof(*extraction->files));

    if (files == NULL) {
        return refuse_memory();
    }
    extraction->files = files;
    file.path = malloc(size);
    if (file.path == NULL) {
        return refuse_memory();
    }
    (void)snprintf(file.path, size, "%s%s%s", directory != NULL ? directory : "", separator, name);
    files[extraction->count++] = file;
    return true;
}

static bool add_item(struct extraction *extraction, const char *directory, const char *name,
                     const struct image_item *item)
{
    return check_good(extraction, item) &&
           add(extraction, directory, name, (struct extracted){.item = item});
}

bool extraction_add_kernel(struct extraction *extraction, const char *path)
{
    return add_item(extraction, NULL, path, extraction->file->report.items.kernel);
}

bool extraction_add_module(struct extraction *extraction, const char *name, size_t name_bytes,
                           const char *path)
{
    const struct image_items *items = &extraction->file->report.items;

    for (uint32_t i = 0; i < items->count; i++) {
        const struct image_item *item = &items->all[i];
        if (item->kind == IMAGE_ITEM_MODULE && item->name_bytes == name_bytes &&
            memcmp(image_item_text(items, item), name, name_bytes) == 0) {
            return add_item(extraction, NULL, path, item);
        }
    }
    begin_complaint();
    print_on_one_line(stderr, extraction->file->path);
    (void)fputs(": has no module '", stderr);
    for (size_t i = 0; i < name_bytes; i++) {
        const char character[] = {name[i], '\0'};
        print_on_one_line(stderr, character);
    }
    (void)fputs("': bootimage inspect lists them\n", stderr);
    return false;
}

bool extraction_check_command_line(const struct extraction *extraction)
{
    const struct image_item *item = extraction->file->report.items.command_line;

    return item == NULL || check_good(extraction, item);
}

// The name of a module's file: nothing from the image in it that could lead elsewhere. The number
// keeps those apart that differ in other characters only.
static void name_module(char name[MODULE_FILE_NAME_MAX], const struct extraction *extraction,
                        const struct image_item *item, uint32_t number)
{
    const char *text = image_item_text(&extraction->file->report.items, item);
    size_t length = (size_t)snprintf(name, MODULE_FILE_NAME_MAX, "module-%" PRIu32 "-", number);

    for (size_t i = 0; i < item->name_bytes && i < SAFE_NAME_MAX; i++) {
        const bool safe = strchr(safe_characters, text[i]) != NULL;
        name[length++] = (char)(safe ? text[i] : '_');
    }
    name[length] = '\0';
}

static bool add_module(struct extraction *extraction, const char *directory,
                       const struct image_item *item, uint32_t number)
{
    const char *text = image_item_text(&extraction->file->report.items, item);
    char name[MODULE_FILE_NAME_MAX];

    name_module(name, extraction, item, number);
    if (!add_item(extraction, directory, name, item)) {
        return false;
    }
    if (item->command_line_bytes == 0) {
        return true;
    }
    (void)strncat(name, ".cmdline", sizeof(name) - strlen(name) - 1);
    return add(extraction, directory, name,
               (struct extracted){.text = text + item->name_bytes + 1,
                                  .text_bytes = item->command_line_bytes});
}

bool extraction_add_all(struct extraction *extraction, const char *directory)
{
    const struct image_items *items = &extraction->file->report.items;
    uint32_t modules = 0;
    bool done = true;

    for (uint32_t i = 0; done && i < items->count; i++) {
        const struct image_item *item = &items->all[i];
        switch (item->kind) { // image_header_parse knows no other
        case IMAGE_ITEM_COMMAND_LINE:
            done = add_item(extraction, directory, "cmdline.txt", item);
            break;
        case IMAGE_ITEM_KERNEL:
            done = add_item(extraction, directory, "kernel.elf", item);
            break;
        case IMAGE_ITEM_SYMBOLS:
            done = add_item(extraction, directory, "symbols.bin", item);
            break;
        default:
            done = add_module(extraction, directory, item, ++modules);
        }
    }
    struct message why;
    if (done && !host_make_directory(directory, &why)) {
        (void)complain(directory, why.text);
        return false;
    }
    return done;
}

// ---- Writing ------------------------------------------------------------------------------

// Copies the item and sums it again: the file may have changed since it was checked.
static bool copy_item(const struct extraction *extraction, const struct image_item *item,
                      struct host_output *output, struct message *why)
{
    static uint8_t block[COPY_SECTORS * SECTOR_SIZE];
    const struct image_reader *reader = &extraction->file->reader;
    uint64_t left = item->bytes;
    struct checksum_state state;
    struct image_checksum actual;

    checksum_begin(&state);
    for (uint64_t at = item->lba * SECTOR_SIZE; left != 0; at += sizeof(block)) {
        const size_t part = left < sizeof(block) ? (size_t)left : sizeof(block);
        const size_t whole = (part + SECTOR_SIZE - 1) / SECTOR_SIZE * SECTOR_SIZE;
        if (!reader->read(reader->context, at, block, whole, why)) {
            return false;
        }
        checksum_add(&state, block, whole);
        if (!host_output_write(output, block, part, why)) {
            return false;
        }
        left -= part;
    }
    actual = checksum_end(&state);
    return checksum_equal(&actual, &item->checksum) ||
           message_refuse(why, "the image changed while it was read: try again");
}

// Writes what a compressed item holds.
static bool unpack_item(const struct extraction *extraction, const struct image_part *part,
                        struct host_output *output, struct message *why)
{
    uint8_t *bytes = image_part_unpack(&extraction->file->reader, part, why);
    const bool done =
        bytes != NULL && host_output_write(output, bytes, (size_t)part->unpacked_bytes, why);

    free(bytes);
    return done;
}

static bool write_item(const struct extraction *extraction, const struct image_item *item,
                       struct host_output *output, struct message *why)
{
    const struct image_part *part = part_of(extraction, item);

    return part->unpacked_bytes != 0 ? unpack_item(extraction, part, output, why)
                                     : copy_item(extraction, item, output, why);
}

static bool write_file(const struct extraction *extraction, const struct extracted *file)
{
    struct host_output output;
    struct message why;
    bool done;

    if (!host_output_begin(file->path, extraction->replace, &output, &why)) {
        (void)complain(file->path, why.text);
        return false;
    }
    done = file->item != NULL ? write_item(extraction, file->item, &output, &why)
                              : host_output_write(&output, file->text, file->text_bytes, &why);
    if (!done) {
        host_output_abandon(&output);
    } else {
        done = host_output_finish(&output, &why);
    }
    if (!done) {
        (void)complain(file->path, why.text);
    }
    return done;
}

// Whether the file may be written, beside those in front of it in the list.
static bool check_place(const struct extraction *extraction, size_t index, struct message *why)
{
    const struct extracted *files = extraction->files;
    const char *path = files[index].path;

    if (host_same_file(path, extraction->file->path)) {
        return message_refuse(why, "is the image itself: name another file");
    }
    for (size_t i = 0; i < index; i++) {
        if (host_same_place(path, files[i].path)) {
            return message_refuse(why, "is the file of another part already: name one for each");
        }
    }
    return host_output_check(path, extraction->replace, why);
}

bool extraction_write(const struct extraction *extraction)
{
    struct message why;

    for (size_t i = 0; i < extraction->count; i++) {
        if (!check_place(extraction, i, &why)) {
            (void)complain(extraction->files[i].path, why.text);
            return false;
        }
    }
    for (size_t i = 0; i < extraction->count; i++) {
        if (!write_file(extraction, &extraction->files[i])) {
            return false;
        }
    }
    return true;
}

static uint64_t written_bytes(const struct extraction *extraction, const struct extracted *file)
{
    if (file->item == NULL) {
        return file->text_bytes;
    }
    const struct image_part *part = part_of(extraction, file->item); // good, so it is there
    return part->unpacked_bytes != 0 ? part->unpacked_bytes : file->item->bytes;
}

void extraction_print(const struct extraction *extraction)
{
    const struct image_items *items = &extraction->file->report.items;

    for (size_t i = 0; i < extraction->count; i++) {
        const struct extracted *file = &extraction->files[i];
        print_on_one_line(stdout, file->path);
        (void)printf(": %" PRIu64 " bytes", written_bytes(extraction, file));
        if (file->item != NULL && file->item->kind == IMAGE_ITEM_MODULE) {
            (void)printf(", module ");
            print_quoted(image_item_text(items, file->item), file->item->name_bytes);
        }
        (void)printf("\n");
    }
}

void extraction_free(struct extraction *extraction)
{
    for (size_t i = 0; i < extraction->count; i++) {
        free(extraction->files[i].path);
    }
    free(extraction->files);
}
