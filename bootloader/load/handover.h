// What the kernel finds around itself: the direct map, and the loader region that holds hand-over
// page, stack and boot_info. Plans it, builds the page tables of it all, fills boot_info.
//
// Loader memory is one contiguous piece of physical memory:
//
//     offset              pages                        virtual address
//     0                   hand-over code (1)           loader_region            read-execute
//     stack_offset        stack                        loader_region + 8 KiB    read-write
//     info_offset         boot_info, GDT, map, texts   behind a guard page      read-write
//     tables_offset       page tables                  by direct map and recursive slot only
//
// with a page that is not mapped below the stack and another above it. What lies elsewhere in
// physical memory is mapped in the loader region, too, read-write:
//
//     framebuffer         at loader_region + 4 GiB + its physical address mod 2 MiB
//     modules, symbols    from loader_region + 8 GiB up, in the order of the image: each on the
//                         next page; from 2 MiB on at its physical address mod 2 MiB
//
// The direct map (direct_map.h) is writable and never executable. Where the kernel's segments are
// in the way it moves up from its default slot, unless its address was requested, and the loader
// region down from its own. Neither takes the recursive slot.
#ifndef LOAD_HANDOVER_H
#define LOAD_HANDOVER_H

#include "direct_map.h"
#include "elf.h"
#include "firstlight/boot_info.h"
#include "firstlight/boot_request.h"
#include "image_header.h"
#include "kernel_layout.h"
#include "memory_map.h"
#include "message.h"
#include "page_tables.h"

#include <stdbool.h>
#include <stdint.h>

#define DEFAULT_DIRECT_MAP    0xFFFF800000000000u // lowest slot of the higher half
#define DEFAULT_LOADER_REGION 0xFFFFFF0000000000u // slot 510, below that of the top 2 GiB
#define HANDOVER_SPARE_RANGES 8u
#define VGA_TEXT_ADDRESS      0xB8000u
#define VGA_TEXT_BYTES        0x8000u

// GDT handed to the kernel: null, code, data. Selectors as in the register contract.
#define KERNEL_CODE_SELECTOR 0x08
#define KERNEL_DATA_SELECTOR 0x10
#define KERNEL_GDT_BYTES     24

// What the plan is made from.
struct handover_input {
    const struct kernel_layout *kernel;
    uint64_t kernel_physical;           // where kernel memory lies
    const struct memory_map *map;       // normalised; kernel, modules and framebuffer are in it
    const struct boot_request *request; // as kernel_request_parse gave it
    // Modules and symbols, with their physical addresses; symbols that have none are left out.
    const struct image_items *items;
    const struct boot_item *item_times;   // of each of the items, in the order they were read
    const struct symbols_header *symbols; // the item in memory, checked; null when there is none
    const char *command_line;
    uint64_t command_line_bytes; // without NUL
    // What gather knows: boot_drive, firmware, text_mode and framebuffer (but for their virtual
    // addresses), tables, disk, entropy's source, time stamps, frequency. Copied; the rest is put
    // in, but for entropy, which the caller writes straight to boot_info.
    const struct boot_info *facts;
    bool nx;
    bool gigabyte_pages;
};

struct handover {
    uint64_t direct_map;      // virtual address of physical 0
    uint64_t direct_map_size; // bytes
    uint64_t loader_region;   // virtual address of the hand-over page
    uint64_t framebuffer;     // virtual address; 0 without one
    bool vga_text_mapped;     // the kernel's segments leave B8000h-BFFFFh free
    // Loader memory: sizes and offsets in bytes, all multiples of 4096.
    uint64_t stack_offset, stack_bytes;
    uint64_t info_offset, info_bytes;
    uint64_t tables_offset, tables_bytes; // room for them; once they are built: in use
    uint64_t memory_bytes;                // of all, likewise
    // Virtual addresses.
    uint64_t stack_virtual; // lowest byte of the stack
    uint64_t info_virtual;
    // Set by handover_build.
    uint64_t root_physical; // for CR3
    uint64_t boot_info_virtual;
    uint64_t gdt_virtual;
    struct boot_info *boot_info; // in loader memory
};

// Whether the kernel's segments leave room for the loader region and the smallest direct map, that
// of a machine without memory above 4 GiB, at the addresses requested. False, with a message, when
// no machine can start the kernel.
bool handover_addresses_fit(const struct elf_kernel *elf, const struct boot_request *request,
                            struct message *why);

// Chooses virtual addresses (those requested, the defaults, or others where the kernel's segments
// are in the way) and computes how much loader memory is needed at most, handover->memory_bytes.
// Between this call and boot_info_write usable memory may be claimed, so that the map gains at most
// HANDOVER_SPARE_RANGES. False, with a message, when nothing in the address space is free.
bool handover_plan(const struct handover_input *input, struct handover *handover,
                   struct message *why);

// Builds the page tables in loader memory at `memory`, page-aligned, whose physical address is
// `physical`; whether input->map has it claimed makes no difference to them. handover->memory_bytes
// is then what is in use. The hand-over page is left for the caller to fill.
bool handover_build(const struct handover_input *input, struct handover *handover, uint8_t *memory,
                    uint64_t physical, struct message *why);

// Fills boot_info and all it points to, in what handover_build was given; input->map is now the
// final one. False, with a message, when the map has outgrown its room.
bool boot_info_write(const struct handover_input *input, const struct handover *handover,
                     struct message *why);

#endif
