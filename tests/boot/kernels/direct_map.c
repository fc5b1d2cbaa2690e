// Walks all page tables and checks the rules for them: nothing writable and executable, nothing for
// user mode, executable only the kernel's text and the hand-over page; the direct map complete,
// one to one, with no large page across two kinds of memory.
#include "arch/x86_64/machine_exit.h"
#include "console/console.h"
#include "kernel.h"
#include "page_walk.h"
#include "panic.h"

#define GIB      0x40000000u
#define PAGE_2M  0x200000u
#define FOUR_GIB UINT64_C(0x100000000)
#define ABSENT   0u

static uint64_t small_pages, large_pages, huge_pages;

static bool in_kernel(const struct boot_info *info, uint64_t address)
{
    return address - info->kernel_virtual_base < info->kernel_virtual_size;
}

// What firmware called the memory: kernel and loader have both taken usable memory.
static uint32_t original_kind(const struct boot_info *info, uint64_t physical)
{
    const struct boot_memory_range *range = range_at(info, physical);
    if (range == (void *)0) {
        return ABSENT;
    }
    const bool taken = range->kind == BOOT_MEMORY_LOADER_RECLAIMABLE ||
                       range->kind == BOOT_MEMORY_KERNEL || range->kind == BOOT_MEMORY_MODULE;
    return taken ? BOOT_MEMORY_USABLE : range->kind;
}

// A large page lies inside one type: where a range of another kind begins inside it, it does not.
static void check_one_type(const struct boot_info *info, const struct mapping *mapping)
{
    if (mapping->bytes == PAGE_BYTES) { // the smallest there is: firmware may split it
        return;
    }
    const uint64_t first = mapping->physical_base;
    const uint64_t end = first + mapping->bytes;
    const uint32_t kind = original_kind(info, first);
    for (uint64_t i = 0; i < info->memory_map_count; i++) {
        const struct boot_memory_range *range = &info->memory_map[i];
        const uint64_t range_end = range->base + range->length;
        if (range->base > first && range->base < end) {
            ASSERT(original_kind(info, range->base) == kind);
        }
        if (range_end > first && range_end < end) {
            ASSERT(original_kind(info, range_end) == kind);
        }
    }
    if (mapping->bytes == GIB) {
        ASSERT(kind == BOOT_MEMORY_USABLE || kind == ABSENT);
    }
    ASSERT(first >= PAGE_2M); // the first 2 MiB: fixed memory types inside
}

static void check_direct_mapping(const struct boot_info *info, const struct mapping *mapping)
{
    ASSERT(mapping->virtual_base - info->direct_map_offset == mapping->physical_base);
    ASSERT(mapping->writable && !mapping->executable);
    if (mapping->physical_base >= FOUR_GIB) { // reserved ranges up there can be a terabyte long
        const uint32_t kind = original_kind(info, mapping->physical_base);
        ASSERT(kind != ABSENT && kind != BOOT_MEMORY_RESERVED && kind != BOOT_MEMORY_BAD);
    }
    check_one_type(info, mapping);
    small_pages += mapping->bytes == PAGE_BYTES;
    large_pages += mapping->bytes == PAGE_2M;
    huge_pages += mapping->bytes == GIB;
}

static void check_mapping(const struct boot_info *info, const struct mapping *mapping)
{
    ASSERT(!(mapping->writable && mapping->executable));
    ASSERT(!mapping->user);
    ASSERT(mapping->virtual_base >= PAGE_BYTES);
    if (mapping->executable) {
        ASSERT(in_kernel(info, mapping->virtual_base) ||
               (mapping->virtual_base == info->handover_page && mapping->bytes == PAGE_BYTES));
    }
    if (mapping->virtual_base - info->direct_map_offset < info->direct_map_size) {
        check_direct_mapping(info, mapping);
    }
}

// Both ends of a range are where the direct map says; usable memory takes what is written there.
static void check_end(const struct boot_info *info, uint64_t physical, bool usable)
{
    ASSERT(physical_address(info, info->direct_map_offset + physical) == physical);
    volatile uint64_t *word = direct(info, physical & ~UINT64_C(7));
    const uint64_t old = *word;
    if (usable) {
        *word = ~old;
        ASSERT(*word == ~old);
        *word = old;
    }
}

static void check_ranges(const struct boot_info *info)
{
    for (uint64_t i = 0; i < info->memory_map_count; i++) {
        const struct boot_memory_range *range = &info->memory_map[i];
        const bool ram = range->kind < BOOT_MEMORY_RESERVED;
        if (ram) {
            const bool usable = range->kind == BOOT_MEMORY_USABLE;
            check_end(info, range->base, usable);
            check_end(info, range->base + range->length - 1, usable);
            ASSERT(info->direct_map_size >= range->base + range->length);
        }
    }
}

static void check_first_4_gib(const struct boot_info *info)
{
    struct mapping mapping;
    for (uint64_t physical = 0; physical < FOUR_GIB; physical += mapping.bytes) {
        ASSERT(page_walk(info, info->direct_map_offset + physical, &mapping));
        ASSERT(mapping.physical_base == physical);
    }
}

_Noreturn void kernel_main(const struct boot_info *info)
{
    console_initialise(info);
    ASSERT(info->direct_map_offset % (512ull * GIB) == 0);
    ASSERT(info->direct_map_offset >= UINT64_C(0xFFFF800000000000));
    ASSERT(info->direct_map_size >= FOUR_GIB);
    for_each_mapping(info, check_mapping);
    check_first_4_gib(info);
    check_ranges(info);
    // The screen is there twice.
    volatile uint16_t *low = (volatile uint16_t *)0xB8000;
    low[79] = 0x0B21;
    ASSERT(*(volatile uint16_t *)direct(info, 0xB8000 + 2 * 79) == 0x0B21);
    kprintf("direct map: %llu pages of 4 KiB, %llu of 2 MiB, %llu of 1 GiB\n",
            (unsigned long long)small_pages, (unsigned long long)large_pages,
            (unsigned long long)huge_pages);
    machine_exit(MACHINE_EXIT_SUCCESS);
}
