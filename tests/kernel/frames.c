// Takes every frame there is, writes to all of it, finds it unchanged, and gives it back. Nothing
// that is not usable may suffer.
#include "arch/x86_64/exceptions.h"
#include "arch/x86_64/machine_exit.h"
#include "console/console.h"
#include "kernel.h"
#include "lib/string.h"
#include "memory/frame_allocator.h"
#include "panic.h"

#include <stdbool.h>
#include <stddef.h>

#define WORDS (FRAME_BYTES / sizeof(uint64_t))

static struct frame_allocator allocator;
static struct boot_info saved_info;

static bool is_usable(const struct boot_info *info, uint64_t address)
{
    for (uint64_t i = 0; i < info->memory_map_count; i++) {
        const struct boot_memory_range *range = &info->memory_map[i];
        if (range->kind == BOOT_MEMORY_USABLE && address >= range->base &&
            address + FRAME_BYTES - range->base <= range->length) {
            return true;
        }
    }
    return false;
}

// The frames are a list: the first word leads to the next, all others hold the frame's address.
static uint64_t *words_of(const struct boot_info *info, uint64_t address)
{
    return (uint64_t *)(info->direct_map_offset + address);
}

static uint64_t take_all(const struct boot_info *info)
{
    uint64_t list = 0;
    for (uint64_t address; (address = frames_allocate(&allocator, 1)) != 0; list = address) {
        ASSERT(is_usable(info, address));
        uint64_t *words = words_of(info, address);
        words[0] = list;
        for (size_t i = 1; i < WORDS; i++) {
            words[i] = address;
        }
    }
    return list;
}

static uint64_t give_all(const struct boot_info *info, uint64_t list)
{
    uint64_t count = 0;
    for (uint64_t next; list != 0; list = next) {
        const uint64_t *words = words_of(info, list);
        next = words[0];
        for (size_t i = 1; i < WORDS; i++) {
            ASSERT(words[i] == list);
        }
        ASSERT(frames_free(&allocator, list, 1));
        count++;
    }
    return count;
}

_Noreturn void kernel_main(const struct boot_info *info)
{
    console_initialise(info);
    exceptions_initialise(info);
    memcpy(&saved_info, info, sizeof saved_info);
    frames_initialise(&allocator, info);
    const uint64_t free = allocator.free;
    const uint64_t list = take_all(info);
    ASSERT(allocator.free == 0);
    ASSERT(give_all(info, list) == free && allocator.free == free);
    ASSERT(frames_allocate(&allocator, 512) != 0); // 2 MiB in a row
    ASSERT(memcmp(&saved_info, info, sizeof saved_info) == 0);
    kprintf("all %llu frames\n", (unsigned long long)free);
    machine_exit(MACHINE_EXIT_SUCCESS);
}
