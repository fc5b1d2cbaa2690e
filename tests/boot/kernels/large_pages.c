// A kernel of several mebibytes: its segments must be mapped by 2 MiB pages where they can be, and
// its initialised data must be whole to the last byte.
#include "arch/x86_64/machine_exit.h"
#include "console/console.h"
#include "kernel.h"
#include "page_walk.h"
#include "panic.h"

#define PAGE_2M    UINT64_C(0x200000)
#define DATA_WORDS (9u * PAGE_2M / sizeof(uint64_t) / 2) // 9 MiB: at least three whole 2 MiB pages
#define PATTERN    0x0123456789ABCDEFu

static const uint64_t constants[DATA_WORDS] = {[0 ... DATA_WORDS - 1] = PATTERN};
static uint64_t zeroes[DATA_WORDS];

static uint64_t kernel_large_pages;

static void count_mapping(const struct boot_info *info, const struct mapping *mapping)
{
    if (mapping->virtual_base - info->kernel_virtual_base < info->kernel_virtual_size &&
        mapping->bytes == PAGE_2M) {
        ASSERT(mapping->virtual_base % PAGE_2M == 0 && mapping->physical_base % PAGE_2M == 0);
        kernel_large_pages++;
    }
}

_Noreturn void kernel_main(const struct boot_info *info)
{
    console_initialise(info);
    for (uint64_t i = 0; i < DATA_WORDS; i++) {
        ASSERT(((const volatile uint64_t *)constants)[i] == PATTERN);
        ASSERT(((volatile uint64_t *)zeroes)[i] == 0);
        ((volatile uint64_t *)zeroes)[i] = i;
    }
    for_each_mapping(info, count_mapping);
    ASSERT(kernel_large_pages >= 3);
    kprintf("kernel: %llu pages of 2 MiB\n", (unsigned long long)kernel_large_pages);
    machine_exit(MACHINE_EXIT_SUCCESS);
}
