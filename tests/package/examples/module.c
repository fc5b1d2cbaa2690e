// Reads the files that came along in the image.
#include "machine.h"

#include <firstlight/boot_info.h>

void _start(const struct boot_info *info);

static void print_bytes(const char *bytes, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        const char text[] = {bytes[i], '\0'};
        print(text);
    }
}

void _start(const struct boot_info *info)
{
    for (uint64_t i = 0; i < info->module_count; i++) {
        const struct boot_module *module = &info->modules[i];
        print(module->name);
        print(", ");
        print_number(module->size);
        print(" bytes:\n");
        print_bytes(module->address, module->size);
    }
    finish();
}
