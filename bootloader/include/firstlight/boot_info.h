// The boot contract: what Firstlight hands to the kernel it starts.
//
//     void _start(const struct boot_info *info);
//
// is entered as if called by the System V AMD64 ABI (section 3.2.2): RSP + 8 is a multiple of 16,
// the return slot holds 0, RDI points to the structure below. bootloader/README.md has the whole
// state of the machine at that point.
//
// How it grows: `version` rises when a field is added, new fields come at the end only, no field
// ever moves or changes its meaning. A kernel may read a field if `size` reaches past it.
#ifndef FIRSTLIGHT_BOOT_INFO_H
#define FIRSTLIGHT_BOOT_INFO_H

#include <stdint.h>

#define BOOT_INFO_VERSION 1

// What a range of physical memory is. Ranges never overlap; what the map does not mention is
// absent: nothing answers there, or a device does.
enum boot_memory_kind {
    // RAM that nobody uses, page-aligned at both ends: the kernel's to take.
    BOOT_MEMORY_USABLE = 1,
    // RAM that holds what the loader left for the kernel: stack, boot_info, page tables, the
    // hand-over page. Usable once the kernel needs none of these any more.
    BOOT_MEMORY_LOADER_RECLAIMABLE = 2,
    // RAM that holds the kernel's own file, segments and .bss.
    BOOT_MEMORY_KERNEL = 3,
    // RAM that holds ACPI tables, usable once they have been read (ACPI 6.4, table 15-10).
    BOOT_MEMORY_ACPI_RECLAIMABLE = 4,
    // RAM the firmware must find unchanged after sleep (ACPI 6.4, table 15-10).
    BOOT_MEMORY_ACPI_NVS = 5,
    // The firmware's, a device's, or of a kind the loader does not know.
    BOOT_MEMORY_RESERVED = 6,
    // RAM that the firmware found faulty.
    BOOT_MEMORY_BAD = 7,
};

// One range of physical memory.
struct boot_memory_range {
    uint64_t base;     // first byte, a physical address
    uint64_t length;   // bytes, never 0; base + length does not exceed 2^64 - 1
    uint32_t kind;     // enum boot_memory_kind
    uint32_t reserved; // 0
};

// Bits of boot_info.flags.
#define BOOT_FLAG_NX                1u // EFER.NXE is on: pages without X fault when executed
#define BOOT_FLAG_VGA_TEXT_MAPPED   2u // B8000h-BFFFFh is mapped there; else a segment covers it
#define BOOT_FLAG_KERNEL_CONTIGUOUS 4u // physical - virtual is one number for the whole kernel

// Pointers are virtual addresses, valid in the page tables the kernel is entered with; physical
// addresses are named so. All structures pointed to are writable and lie in one region of the
// higher half that is mapped whether or not there is a direct map.
struct boot_info {
    uint32_t version; // BOOT_INFO_VERSION of the loader, at least 1
    uint32_t size;    // bytes of this structure as the loader knows it
    uint64_t flags;   // BOOT_FLAG_*

    // Sorted by base, adjacent ranges of one kind merged, usable ranges page-aligned. Physical
    // page 0 (interrupt vectors, BIOS data area) is never usable.
    const struct boot_memory_range *memory_map;
    uint64_t memory_map_count; // ranges, at least 1

    // Physical address p is readable and writable, never executable, at direct_map_offset + p
    // for every p below direct_map_size that is RAM or lies below 4 GiB.
    uint64_t direct_map_offset; // a canonical address of the higher half, a multiple of 512 GiB
    uint64_t direct_map_size;   // bytes: one past the highest physical address mapped

    uint64_t kernel_physical_base; // where the page at kernel_virtual_base lies, page-aligned
    uint64_t kernel_virtual_base;  // the lowest page of the kernel's segments, page-aligned
    uint64_t kernel_virtual_size;  // bytes from there to the end of the highest page

    // The page below stack_bottom is not mapped: an overflow faults.
    uint64_t stack_bottom; // lowest usable byte
    uint64_t stack_top;    // one past the highest byte; RSP at entry is 8 below it

    uint64_t handover_page; // the one page of loader code left mapped, read-execute, 4096 bytes

    const char *command_line;     // ends with NUL, never a null pointer, may be empty
    uint64_t command_line_length; // bytes without the NUL, at most 4095

    uint32_t boot_drive; // BIOS drive number as given to INT 13h: 00h-01h, 80h-FEh
    uint32_t reserved;   // 0
};

_Static_assert(sizeof(struct boot_memory_range) == 24, "boot_memory_range is 24 bytes");
_Static_assert(sizeof(struct boot_info) == 120, "boot_info is 120 bytes in version 1");

#endif
