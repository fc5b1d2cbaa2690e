// Takes the memory map at its word: fills usable memory with its own addresses, reads all of it
// back, and is still there. What is reported usable is RAM, answers at one address only, and nobody
// needs what was in it: kernel, boot_info, page tables, modules and the stack are as before. Every
// byte of the first FULL_BYTES, of what is beyond the first and the last page of each range.
#include "arch/x86_64/machine_exit.h"
#include "console/console.h"
#include "kernel.h"
#include "lib/string.h"
#include "page_walk.h"
#include "panic.h"

#include <stdbool.h>

#define MIXER       0x9E3779B97F4A7C15u // odd: no two addresses give the same word
#define MAP_ENTRIES 600u
#define TABLE_WORDS (PAGE_BYTES / sizeof(uint64_t)) // in a page, too
#define SCREEN_END  0xC0000u
#define WORD_STEP   (sizeof(uint64_t) * MIXER)
#define STACK_FILL  0xA5u
#define STACK_SPARE 8192u // for the frames of the check itself

// A number, since the compiler's pragma takes no expression.
#define UNROLLED_WORDS 32

// What the CPU sets in an entry as it uses it: accessed and dirty (Intel SDM volume 3A, 4.8).
#define ENTRY_USED UINT64_C(0x60)

#ifndef FULL_BYTES
#define FULL_BYTES (UINT64_C(2) << 30)
#endif

static struct boot_info saved_info;
static struct boot_memory_range saved_map[MAP_ENTRIES];
static uint64_t witness_zero[1000];
static uint64_t witness_data[1000] = {[0 ... 999] = MIXER};
static uint64_t sum;

static uint64_t word_for(uint64_t physical)
{
    return (physical + 1) * MIXER;
}

// What follows goes page by page, since usable memory is whole pages, and by many words a step:
// a machine that is emulated takes long enough for 2 GiB.
static void fill_page(volatile uint64_t *words, uint64_t physical)
{
    uint64_t word = word_for(physical);
#pragma clang loop unroll_count(UNROLLED_WORDS)
    for (uint64_t i = 0; i < TABLE_WORDS; i++) {
        words[i] = word;
        word += WORD_STEP;
    }
}

// The bits in which some word is another than was written.
static uint64_t changed_bits(const volatile uint64_t *words, uint64_t physical)
{
    uint64_t word = word_for(physical);
    uint64_t bits = 0;
#pragma clang loop unroll_count(UNROLLED_WORDS)
    for (uint64_t i = 0; i < TABLE_WORDS; i++) {
        bits |= words[i] ^ word;
        word += WORD_STEP;
    }
    return bits;
}

static void fill_pages(const struct boot_info *info, uint64_t first, uint64_t end)
{
    for (uint64_t physical = first; physical < end; physical += PAGE_BYTES) {
        fill_page(direct(info, physical), physical);
    }
}

static void verify_pages(const struct boot_info *info, uint64_t first, uint64_t end)
{
    for (uint64_t physical = first; physical < end; physical += PAGE_BYTES) {
        const uint64_t bits = changed_bits(direct(info, physical), physical);
        if (bits != 0) {
            panic("the page at %llx is reported usable, but changed bits %llx of what was written",
                  (unsigned long long)physical, (unsigned long long)bits);
        }
    }
}

typedef void pages_visitor(const struct boot_info *info, uint64_t first, uint64_t end);

static uint64_t for_each_usable(const struct boot_info *info, pages_visitor *visit)
{
    uint64_t bytes = 0;
    for (uint64_t i = 0; i < saved_info.memory_map_count; i++) {
        const struct boot_memory_range *range = &saved_map[i];
        if (range->kind != BOOT_MEMORY_USABLE) {
            continue;
        }
        const uint64_t end = range->base + range->length;
        if (bytes + range->length <= FULL_BYTES) {
            visit(info, range->base, end);
        } else {
            const uint64_t full = bytes < FULL_BYTES ? FULL_BYTES - bytes : PAGE_BYTES;
            visit(info, range->base, range->base + full);
            visit(info, end - PAGE_BYTES, end);
        }
        bytes += range->length;
    }
    return bytes;
}

static void reload_page_tables(void)
{
    uint64_t cr3;
    __asm__ volatile("movq %%cr3, %0\n\tmovq %0, %%cr3" : "=r"(cr3) : : "memory");
}

static void add_to_sum(const volatile uint64_t *words, uint64_t bytes, uint64_t mask)
{
    for (uint64_t i = 0; i < bytes / sizeof *words; i++) {
        sum = (sum ^ (words[i] & mask)) * MIXER + 1;
    }
}

// All that is mapped and that nobody changes now: the kernel's code and constants, and the loader
// region but the stack.
static void add_mapping(const struct boot_info *info, const struct mapping *mapping)
{
    const uint64_t first = mapping->virtual_base;
    const bool stack = first - info->stack_bottom < info->stack_top - info->stack_bottom;
    const bool kernel = first - info->kernel_virtual_base < info->kernel_virtual_size;
    const bool direct_map = first - info->direct_map_offset < info->direct_map_size;
    const bool screen = first < SCREEN_END;
    if (!stack && !direct_map && !screen && !(kernel && mapping->writable)) {
        add_to_sum((const volatile uint64_t *)first, mapping->bytes, ~UINT64_C(0));
    }
}

static void add_table(const struct boot_info *info, uint64_t physical)
{
    add_to_sum(direct(info, physical), PAGE_BYTES, ~ENTRY_USED);
}

static uint64_t sum_of_everything(const struct boot_info *info)
{
    sum = 0;
    for_each_mapping(info, add_mapping);
    for_each_table(info, add_table);
    add_to_sum(witness_zero, sizeof witness_zero, ~UINT64_C(0));
    add_to_sum(witness_data, sizeof witness_data, ~UINT64_C(0));
    for (uint64_t i = 0; i < info->module_count; i++) {
        add_to_sum(info->modules[i].address, info->modules[i].size, ~UINT64_C(0));
    }
    return sum;
}

// The part of the stack below this function's callees.
static uint64_t free_stack(const struct boot_info *info)
{
    return (uint64_t)__builtin_frame_address(0) - STACK_SPARE - info->stack_bottom;
}

static void check_stack(const struct boot_info *info, uint64_t bytes)
{
    for (uint64_t i = 0; i < bytes; i++) {
        ASSERT(((const volatile uint8_t *)info->stack_bottom)[i] == STACK_FILL);
    }
}

_Noreturn void kernel_main(const struct boot_info *info)
{
    console_initialise(info);
    ASSERT(info->memory_map_count <= MAP_ENTRIES);
    memcpy(&saved_info, info, sizeof saved_info);
    memcpy(saved_map, info->memory_map, info->memory_map_count * sizeof *saved_map);
    const uint64_t stack_bytes = free_stack(info);
    memset((void *)info->stack_bottom, STACK_FILL, stack_bytes);
    const uint64_t before = sum_of_everything(info);

    const uint64_t bytes = for_each_usable(info, fill_pages);
    reload_page_tables();
    for_each_usable(info, verify_pages);

    ASSERT(memcmp(info, &saved_info, sizeof saved_info) == 0);
    ASSERT(memcmp(info->memory_map, saved_map, info->memory_map_count * sizeof *saved_map) == 0);
    ASSERT(sum_of_everything(info) == before);
    check_stack(info, stack_bytes);
    kprintf("%llu usable bytes, written and read back\n", (unsigned long long)bytes);
    machine_exit(MACHINE_EXIT_SUCCESS);
}
