// The memory map's promises (firstlight/boot_info.h), each a check that panics when it is broken.
// Used by the test kernels that look at the map.
#ifndef TEST_CHECK_MEMORY_H
#define TEST_CHECK_MEMORY_H

#include "firstlight/boot_info.h"

#include <stdint.h>

#define MEMORY_KINDS (BOOT_MEMORY_FRAMEBUFFER + 1)

// Sorted, apart, merged, aligned where it is promised, of known kinds.
void check_memory_map(const struct boot_info *info);

// Firmware's areas below 1 MiB are not for the kernel to take. Needs the direct map.
void check_firmware_memory(const struct boot_info *info);

// Every page that loader and kernel use lies in a range that says so. Needs the direct map.
void check_memory_in_use(const struct boot_info *info);

// Every page of [first, end), virtual addresses, lies in memory of the kind. Needs the direct map.
void check_pages(const struct boot_info *info, uint64_t first, uint64_t end, uint32_t kind,
                 const char *what);

// Prints each range on COM1: "range", base, length, kind, in hexadecimal.
void print_memory_map(const struct boot_info *info);

#endif
