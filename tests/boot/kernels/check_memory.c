// Checks the memory map; see check_memory.h.
#include "check_memory.h"

#include "console/console.h"
#include "page_walk.h"
#include "panic.h"

#include <stdbool.h>

#define BIOS_EBDA_SEGMENT 0x40Eu   // BIOS data area: segment of the extended BIOS data area
#define BIOS_LOW_MEMORY   0x413u   // BIOS data area: KiB of memory below it
#define ADAPTERS          0xA0000u // screen, option ROMs, BIOS
#define ADAPTERS_END      0x100000u

// What the loader makes and gives away; the other kinds are as firmware says.
static bool whole_pages(uint32_t kind)
{
    return kind == BOOT_MEMORY_USABLE || kind == BOOT_MEMORY_LOADER_RECLAIMABLE ||
           kind == BOOT_MEMORY_KERNEL || kind == BOOT_MEMORY_MODULE ||
           kind == BOOT_MEMORY_FRAMEBUFFER;
}

void check_memory_map(const struct boot_info *info)
{
    ASSERT(info->memory_map_count >= 1);
    uint64_t end = 0;
    for (uint64_t i = 0; i < info->memory_map_count; i++) {
        const struct boot_memory_range *range = &info->memory_map[i];
        ASSERT(range->length > 0 && range->length <= UINT64_MAX - range->base);
        ASSERT(range->base >= end);
        ASSERT(range->kind >= BOOT_MEMORY_USABLE && range->kind < MEMORY_KINDS);
        ASSERT(range->reserved == 0);
        ASSERT(i == 0 || range->base > end || range->kind != range[-1].kind);
        if (whole_pages(range->kind)) {
            ASSERT(range->base % PAGE_BYTES == 0 && range->length % PAGE_BYTES == 0);
        }
        end = range->base + range->length;
    }
}

void check_firmware_memory(const struct boot_info *info)
{
    const uint64_t ebda = (uint64_t) * (volatile uint16_t *)direct(info, BIOS_EBDA_SEGMENT) << 4;
    const uint64_t low = (uint64_t) * (volatile uint16_t *)direct(info, BIOS_LOW_MEMORY) << 10;
    for (uint64_t i = 0; i < info->memory_map_count; i++) {
        const struct boot_memory_range *range = &info->memory_map[i];
        if (!whole_pages(range->kind) || range->kind == BOOT_MEMORY_FRAMEBUFFER) {
            continue;
        }
        const uint64_t end = range->base + range->length;
        ASSERT(range->base >= PAGE_BYTES); // interrupt vectors, BIOS data area
        ASSERT(range->base >= ADAPTERS_END || end <= ADAPTERS);
        ASSERT(range->base >= ADAPTERS_END || ebda == 0 || end <= ebda);
        ASSERT(range->base >= ADAPTERS_END || low == 0 || end <= low);
    }
}

static void check_kind(const struct boot_info *info, uint64_t physical, uint32_t kind,
                       const char *what)
{
    const struct boot_memory_range *range = range_at(info, physical);
    if (range == (void *)0 || range->kind != kind) {
        panic("%s at %llx is in a range of kind %u, not %u", what, (unsigned long long)physical,
              range == (void *)0 ? 0 : range->kind, kind);
    }
}

void check_pages(const struct boot_info *info, uint64_t first, uint64_t end, uint32_t kind,
                 const char *what)
{
    for (uint64_t page = first & ~(uint64_t)(PAGE_BYTES - 1); page < end; page += PAGE_BYTES) {
        check_kind(info, physical_address(info, page), kind, what);
    }
}

static void check_table(const struct boot_info *info, uint64_t physical)
{
    check_kind(info, physical, BOOT_MEMORY_LOADER_RECLAIMABLE, "a page table");
}

static void check_kernel(const struct boot_info *info)
{
    struct mapping mapping;
    const uint64_t end = info->kernel_virtual_base + info->kernel_virtual_size;
    for (uint64_t page = info->kernel_virtual_base; page != end; page += PAGE_BYTES) {
        if (page_walk(info, page, &mapping)) {
            const uint64_t physical = physical_address(info, page);
            check_kind(info, physical, BOOT_MEMORY_KERNEL, "the kernel");
            ASSERT((info->flags & BOOT_FLAG_KERNEL_CONTIGUOUS) == 0 ||
                   physical - info->kernel_physical_base == page - info->kernel_virtual_base);
        }
    }
    ASSERT(physical_address(info, info->kernel_virtual_base) == info->kernel_physical_base);
    ASSERT((uint64_t)&check_kernel >= info->kernel_virtual_base && (uint64_t)&check_kernel < end);
}

void check_memory_in_use(const struct boot_info *info)
{
    const uint32_t loader = BOOT_MEMORY_LOADER_RECLAIMABLE;
    check_kernel(info);
    check_pages(info, info->stack_bottom, info->stack_top, loader, "the stack");
    check_pages(info, (uint64_t)info, (uint64_t)(info + 1), loader, "boot_info");
    check_pages(info, (uint64_t)info->memory_map,
                (uint64_t)(info->memory_map + info->memory_map_count), loader, "the memory map");
    check_pages(info, (uint64_t)info->command_line,
                (uint64_t)info->command_line + info->command_line_length + 1, loader,
                "the command line");
    check_pages(info, info->handover_page, info->handover_page + PAGE_BYTES, loader,
                "the hand-over page");
    for_each_table(info, check_table);
}

void print_memory_map(const struct boot_info *info)
{
    for (uint64_t i = 0; i < info->memory_map_count; i++) {
        const struct boot_memory_range *range = &info->memory_map[i];
        kprintf_on(CONSOLE_SERIAL, "range %llx %llx %x\n", (unsigned long long)range->base,
                   (unsigned long long)range->length, (unsigned)range->kind);
    }
}
