// Reads modules and symbols. Called by main once the kernel has its place.
#include "modules.h"

#include "console.h"
#include "image.h"
#include "symbols.h"

#define NAME_MOST 64 // longer ones would fill the line they are to be a part of

// What messages call a module: its name, if that is short and ASCII. Other bytes would be taken for
// packed ones (load/message.h), and mean something else on a screen in text mode anyway.
static const char *printable_name(const char *name)
{
    for (unsigned i = 0; i <= NAME_MOST; i++) {
        if (name[i] == '\0') {
            return name;
        }
        if (name[i] < ' ' || name[i] > '~') {
            break;
        }
    }
    return "module";
}

const struct symbols_header *modules_load(const struct image_items *items, struct memory_map *map)
{
    struct image_item *module;
    for (uint32_t cursor = 0; (module = image_items_next_module(items, &cursor)) != NULL;) {
        image_load_item(module, map, BOOT_MEMORY_MODULE,
                        printable_name(image_item_text(items, module)));
    }
    if (items->symbols == NULL) {
        return NULL;
    }
    const struct symbols_header *symbols =
        image_load_item(items->symbols, map, BOOT_MEMORY_MODULE, "symbols");
    struct message why;
    if (!symbols_check(symbols, items->symbols->bytes, &why)) {
        fatal_message(&why);
    }
    return symbols;
}
