// Prints what it was built with and what it was handed over.
#include "com1.h"

#include <firstlight/boot_info.h>

void _start(const struct boot_info *info)
{
    print(GREETING "\ncommand line: ");
    print(info->command_line);
    for (uint64_t i = 0; i < info->module_count; i++) {
        print("\n");
        print(info->modules[i].name);
        print(" (");
        print(info->modules[i].command_line);
        print("): ");
        print(info->modules[i].address); // zeros follow it up to the end of its page
    }
    leave();
}
