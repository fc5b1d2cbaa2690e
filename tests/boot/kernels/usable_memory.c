// Takes the memory map at its word: fills every usable byte with its own address, reads all of it
// back, and is still there. What is reported usable is RAM, answers at one address only, and nobody
// needs what was in it.
#include "arch/x86_64/machine_exit.h"
#include "console/console.h"
#include "kernel.h"
#include "lib/string.h"
#include "page_walk.h"
#include "panic.h"

#define MIXER       0x9E3779B97F4A7C15u // odd: no two addresses give the same word
#define MAP_ENTRIES 600u
// Above this much memory one word of each page stands for the page, to keep the test short.
#define FULL_BYTES (512u << 20)

static struct boot_info saved_info;
static struct boot_memory_range saved_map[MAP_ENTRIES];
static uint64_t stride = sizeof(uint64_t);

static uint64_t word_for(uint64_t physical)
{
    return (physical + 1) * MIXER;
}

static void fill(const struct boot_info *info, const struct boot_memory_range *range)
{
    for (uint64_t offset = 0; offset < range->length; offset += stride) {
        const uint64_t physical = range->base + offset;
        *(volatile uint64_t *)direct(info, physical) = word_for(physical);
    }
}

static void verify(const struct boot_info *info, const struct boot_memory_range *range)
{
    for (uint64_t offset = 0; offset < range->length; offset += stride) {
        const uint64_t physical = range->base + offset;
        const uint64_t found = *(volatile uint64_t *)direct(info, physical);
        if (found != word_for(physical)) {
            panic("%llx is reported usable, but did not keep what was written",
                  (unsigned long long)physical);
        }
    }
}

static void reload_page_tables(void)
{
    uint64_t cr3;
    __asm__ volatile("movq %%cr3, %0\n\tmovq %0, %%cr3" : "=r"(cr3) : : "memory");
}

static uint64_t for_each_usable(const struct boot_info *info,
                                void (*visit)(const struct boot_info *info,
                                              const struct boot_memory_range *range))
{
    uint64_t bytes = 0;
    for (uint64_t i = 0; i < saved_info.memory_map_count; i++) {
        if (saved_map[i].kind == BOOT_MEMORY_USABLE) {
            bytes += saved_map[i].length;
            if (visit != (void *)0) {
                visit(info, &saved_map[i]);
            }
        }
    }
    return bytes;
}

_Noreturn void kernel_main(const struct boot_info *info)
{
    console_initialise(info);
    ASSERT(info->memory_map_count <= MAP_ENTRIES);
    memcpy(&saved_info, info, sizeof saved_info);
    memcpy(saved_map, info->memory_map, info->memory_map_count * sizeof *saved_map);

    const uint64_t bytes = for_each_usable(info, (void *)0);
    if (bytes > FULL_BYTES) {
        stride = PAGE_BYTES;
    }
    for_each_usable(info, fill);
    reload_page_tables();
    for_each_usable(info, verify);

    ASSERT(memcmp(info, &saved_info, sizeof saved_info) == 0);
    ASSERT(memcmp(info->memory_map, saved_map, info->memory_map_count * sizeof *saved_map) == 0);
    kprintf("%llu usable bytes written and read back, every %lluth\n", (unsigned long long)bytes,
            (unsigned long long)stride);
    machine_exit(MACHINE_EXIT_SUCCESS);
}
