// Looks up addresses in an image's symbols. Called by run.c and test.c.
#include "function_name.h"

#include "host_file.h"
#include "image_read.h"
#include "symbols.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SHOWN 60 // characters; the rest is for the offset

static const struct image_item *find_symbols(const struct image_report *report)
{
    for (uint32_t i = 0; i < report->part_count; i++) {
        if (report->parts[i].kind == IMAGE_PART_SYMBOLS && report->parts[i].good) {
            return report->parts[i].item;
        }
    }
    return NULL;
}

// The last function that does not begin behind the offset.
static const struct boot_symbol *find_symbol(const struct symbols_header *header, uint64_t offset)
{
    const struct boot_symbol *table = (const struct boot_symbol *)(header + 1);
    const struct boot_symbol *found = NULL;

    for (uint32_t i = 0; i < header->symbol_count && table[i].offset <= offset; i++) {
        found = &table[i];
    }
    return found;
}

static bool print_name(const struct symbols_header *header, uint64_t offset,
                       char text[FUNCTION_NAME_MOST])
{
    const struct boot_symbol *symbol = find_symbol(header, offset);
    const char *names = (const char *)(header + 1) + header->symbol_count * sizeof(*symbol);

    if (symbol == NULL) {
        return false;
    }
    (void)snprintf(text, FUNCTION_NAME_MOST, "%.*s+%" PRIx64 "h", NAME_SHOWN, names + symbol->name,
                   offset - symbol->offset);
    return true;
}

static bool look_up(struct host_input *input, const struct image_report *report, uint64_t address,
                    char text[FUNCTION_NAME_MOST])
{
    const struct image_item *item = report->has_symbols ? find_symbols(report) : NULL;
    const struct elf_kernel *kernel = &report->kernel.elf;
    struct message why;
    bool found = false;
    void *symbols;

    if (item == NULL || !report->has_kernel || kernel->position_independent ||
        address < kernel->virtual_base || address - 1 >= kernel->virtual_end - 1 ||
        item->bytes > SIZE_MAX) {
        return false;
    }
    symbols = malloc((size_t)item->bytes);
    if (symbols != NULL &&
        host_input_read(input, item->lba * SECTOR_SIZE, symbols, (size_t)item->bytes, &why) &&
        symbols_check(symbols, item->bytes, &why)) {
        found = print_name(symbols, address - kernel->virtual_base, text);
    }
    free(symbols);
    return found;
}

bool function_name_at(const char *image, uint64_t address, char text[FUNCTION_NAME_MOST])
{
    struct host_input input;
    struct message why;
    bool found;

    text[0] = '\0';
    if (!host_input_open(image, &input, &why)) {
        return false;
    }
    const struct image_reader reader = {host_input_read, &input, input.size};
    struct image_report *report = malloc(sizeof(*report));
    if (report == NULL) {
        host_input_close(&input);
        return false;
    }
    image_read(&reader, report);
    found = look_up(&input, report, address, text);
    image_report_free(report);
    free(report);
    host_input_close(&input);
    return found;
}
