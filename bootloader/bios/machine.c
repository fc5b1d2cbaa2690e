// The machine under stage 2: its own page tables, the last jump, exceptions.
#include "machine.h"

#include "console.h"
#include "identity_map.h"
#include "image_format.h"
#include "memory_layout.h"

#include <stddef.h>
#include <string.h>

// stage2/check_cpu.asm
extern const uint8_t cpu_has_nx;
extern const uint8_t cpu_has_gigabyte_pages;

// stage2/first_block.asm
extern const struct stage2_header stage2_header;

// stage2/enter_kernel.asm
extern const uint8_t handover_code[];
extern const uint8_t handover_code_end[];
extern const uint8_t handover_entry_slot[];

#define ROOT_ENTRIES 512u // of the root table, each for 512 GiB

typedef void handover_function(uint64_t boot_info, uint64_t root_physical, uint64_t stack_top,
                               uint64_t gdt);

bool machine_has_nx(void)
{
    return cpu_has_nx != 0;
}

bool machine_has_gigabyte_pages(void)
{
    return cpu_has_gigabyte_pages != 0;
}

uint64_t machine_image_header_lba(void)
{
    return stage2_header.image_header_lba;
}

uint32_t machine_image_header_sectors(void)
{
    return stage2_header.image_header_sectors;
}

void *machine_image_header(void)
{
    return (void *)IMAGE_HEADER_ADDRESS;
}

_Static_assert(IMAGE_ITEMS_MAX * sizeof(struct boot_item) <= LOW_MEMORY_END - ITEM_TIMES_ADDRESS,
               "each item of the largest header has its place");

struct boot_item *machine_item_times(void)
{
    return (struct boot_item *)ITEM_TIMES_ADDRESS;
}

void *machine_memory(uint64_t address, uint64_t bytes)
{
    static struct identity_map map;
    if (map.tables.pool == NULL) {
        identity_map_begin(&map, (uint8_t *)IDENTITY_TABLES_ADDRESS, IDENTITY_TABLES_ADDRESS,
                           IDENTITY_TABLES_COUNT, machine_has_gigabyte_pages());
    }
    struct message why;
    if (!identity_map_extend(&map, address, bytes, &why)) {
        fatal_message(&why);
    }
    return (void *)(uintptr_t)address;
}

static uint32_t root_slot(uint64_t virtual_address)
{
    return (uint32_t)(virtual_address / PAGE_TABLE_SLOT_SIZE % ROOT_ENTRIES);
}

_Noreturn void machine_enter(const struct kernel_entry *entry)
{
    uint8_t *page = entry->handover_memory;
    memcpy(page, handover_code, (size_t)(handover_code_end - handover_code));
    memcpy(page + (handover_entry_slot - handover_code), &entry->entry, sizeof entry->entry);

    // Stage 2's tables borrow from the kernel's the part that holds the hand-over page: the code
    // there runs on when the one replaces the other.
    const uint32_t slot = root_slot(entry->handover_page);
    const uint64_t *kernel_root = machine_memory(entry->root_physical, PAGE_SIZE_4K);
    uint64_t *root = (uint64_t *)IDENTITY_TABLES_ADDRESS;
    root[slot] = kernel_root[slot];

    handover_function *handover = (handover_function *)(uintptr_t)entry->handover_page;
    handover(entry->boot_info, entry->root_physical, entry->stack_top, entry->gdt);
    __builtin_unreachable();
}
