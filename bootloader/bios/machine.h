// What only code on the machine itself can say or do, apart from firmware.
#ifndef MACHINE_H
#define MACHINE_H

#include "firstlight/boot_info.h"

#include <stdbool.h>
#include <stdint.h>

// What the CPU check found (stage2/check_cpu.asm).
bool machine_has_nx(void);
bool machine_has_gigabyte_pages(void);

// Makes physical memory from `address` on readable and writable, and returns where.
// Stops with a message when stage 2's own page tables are used up.
void *machine_memory(uint64_t address, uint64_t bytes);

// Where the image header lies, from stage 2's own header.
uint64_t machine_image_header_lba(void);
uint32_t machine_image_header_sectors(void);

// Where the image header is kept: IMAGE_HEADER_MAX_SECTORS, 16-byte aligned.
void *machine_image_header(void);

// Where it is noted what each item cost: room for as many as an image header can hold. Of no use
// before image_read_header.
struct boot_item *machine_item_times(void);

// What the last jump needs.
struct kernel_entry {
    uint64_t entry;         // virtual address
    uint64_t boot_info;     // virtual address
    uint64_t root_physical; // of the kernel's page tables
    uint64_t stack_top;     // virtual address
    uint64_t gdt;           // virtual address
    uint64_t handover_page; // virtual address; mapped by the kernel's tables, not yet by stage 2's
    void *handover_memory;  // the same page, writable
};

// Copies the hand-over code to its page and jumps to it. No firmware call after this.
_Noreturn void machine_enter(const struct kernel_entry *entry);

#endif
