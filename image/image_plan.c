// Checks the texts of an image and gives every part its place. Called by image_layout.c and by the
// unit tests.
#include "image_plan.h"

#include "image_header.h"
#include "page.h"

#include <string.h>

#define FIRST_PRINTABLE  0x20
#define DELETE_CHARACTER 0x7F
#define HEADER_MAX_BYTES ((uint64_t)IMAGE_HEADER_MAX_SECTORS * SECTOR_SIZE)

static bool text_check(const char *what, const char *text, size_t bytes, unsigned most,
                       struct message *why)
{
    if (bytes > most) {
        return message_refuse(why, "%s has %llu bytes, %u are the most: shorten it", what,
                              (unsigned long long)bytes, most);
    }
    for (size_t i = 0; i < bytes; i++) {
        const uint8_t byte = (uint8_t)text[i];
        if (byte < FIRST_PRINTABLE || byte == DELETE_CHARACTER) {
            return message_refuse(why, "%s has control character %02xh at byte %u: remove it", what,
                                  byte, (unsigned)i);
        }
    }
    return true;
}

bool command_line_check(const char *command_line, size_t bytes, struct message *why)
{
    return text_check("the command line", command_line, bytes, COMMAND_LINE_MAX_BYTES, why);
}

bool module_texts_check(uint32_t number, const char *name, size_t name_bytes,
                        const char *command_line, size_t command_line_bytes, struct message *why)
{
    struct message what;

    if (name_bytes == 0) {
        return message_refuse(why, "module %u has no name: give it one", (unsigned)number);
    }
    message_format(&what, "the name of module %u", (unsigned)number);
    if (!text_check(what.text, name, name_bytes, MODULE_NAME_MAX_BYTES, why)) {
        return false;
    }
    message_format(&what, "the command line of module %u", (unsigned)number);
    return text_check(what.text, command_line, command_line_bytes, COMMAND_LINE_MAX_BYTES, why);
}

static bool check_texts(const struct image_parts *parts, struct message *why)
{
    if (!command_line_check(parts->command_line, parts->command_line_bytes, why)) {
        return false;
    }
    for (uint32_t i = 0; i < parts->module_count; i++) {
        const struct image_module *module = &parts->modules[i];
        if (!module_texts_check(i + 1, module->name, strlen(module->name), module->command_line,
                                strlen(module->command_line), why)) {
            return false;
        }
    }
    return true;
}

// Items, then names and command lines of the modules.
static bool size_header(const struct image_parts *parts, struct image_plan *plan,
                        struct message *why)
{
    uint64_t texts = 0;

    for (uint32_t i = 0; i < parts->module_count; i++) {
        texts += strlen(parts->modules[i].name) + 1 + strlen(parts->modules[i].command_line) + 1;
    }
    const uint64_t items = (uint64_t)parts->module_count + 1 + (parts->command_line_bytes != 0) +
                           (parts->symbols.size != 0);
    const uint64_t texts_offset = sizeof(struct image_header) + items * sizeof(struct image_item);
    const uint64_t bytes = texts_offset + texts;
    if (bytes > HEADER_MAX_BYTES) {
        return message_refuse(why,
                              "%u modules with %llu bytes of names and command lines need an image "
                              "header of %llu bytes, %llu are the most: give fewer modules or "
                              "shorter texts",
                              (unsigned)parts->module_count, (unsigned long long)texts,
                              (unsigned long long)bytes, (unsigned long long)HEADER_MAX_BYTES);
    }
    plan->item_count = (uint32_t)items;
    plan->texts_offset = (uint32_t)texts_offset;
    plan->header_sectors = (uint32_t)image_item_sectors(bytes);
    return true;
}

// Takes the sectors of an item from *lba on; false when they pass what any image has.
static bool place(uint64_t bytes, uint64_t *lba)
{
    const uint64_t sectors = image_item_sectors(bytes);

    if (sectors > IMAGE_MAX_SECTORS - *lba) {
        return false;
    }
    *lba += sectors;
    return true;
}

uint64_t image_stored_bytes(const struct compressed_item *compressed, uint64_t bytes)
{
    return compressed->bytes != NULL ? compressed->size : bytes;
}

static bool place_items(const struct image_parts *parts, struct image_plan *plan)
{
    uint64_t lba = plan->header_lba + plan->header_sectors;

    plan->command_line_lba = parts->command_line_bytes != 0 ? lba : 0;
    if (!place(parts->command_line_bytes, &lba)) {
        return false;
    }
    plan->kernel_lba = lba;
    if (!place(image_stored_bytes(&parts->compressed_kernel, parts->kernel->size), &lba)) {
        return false;
    }
    plan->symbols_lba = parts->symbols.size != 0 ? lba : 0;
    if (!place(parts->symbols.size, &lba)) {
        return false;
    }
    plan->modules_lba = lba;
    for (uint32_t i = 0; i < parts->module_count; i++) {
        const struct image_module *module = &parts->modules[i];
        if (!place(image_stored_bytes(&module->compressed, module->file.bytes), &lba)) {
            return false;
        }
    }
    plan->used_sectors = lba;
    plan->geometry = geometry_for(lba);
    return geometry_sectors(&plan->geometry) <= IMAGE_MAX_SECTORS;
}

void image_item_set_wish(struct image_item *item)
{
    const bool large = item->kind == IMAGE_ITEM_MODULE && item->bytes >= PAGE_SIZE_2M;

    item->memory_bytes = page_round_up(item->bytes);
    item->memory_alignment = large ? PAGE_SIZE_2M : PAGE_BYTES;
    item->memory_phase = 0;
}

bool image_plan_make(uint32_t stage2_sectors, const struct image_parts *parts,
                     struct image_plan *plan, struct message *why)
{
    memset(plan, 0, sizeof(*plan));
    plan->header_lba = STAGE2_LBA + (uint64_t)stage2_sectors;
    if (!check_texts(parts, why) || !size_header(parts, plan, why)) {
        return false;
    }
    if (!place_items(parts, plan)) {
        return message_refuse(
            why,
            "kernel and modules make an image of more than %llu GiB, the most that a "
            "partition table can describe: make them smaller",
            (unsigned long long)((uint64_t)IMAGE_MAX_SECTORS * SECTOR_SIZE >> 30));
    }
    return true;
}
