// Stage 2 in C: gathers what the kernel needs from firmware and disk, has load plan and build, and
// enters the kernel. Called once, by long_mode_main.asm, in long mode with interrupts off.
#include "a20.h"
#include "console.h"
#include "disk.h"
#include "elf.h"
#include "firmware_memory.h"
#include "handover.h"
#include "image.h"
#include "kernel_layout.h"
#include "kernel_request.h"
#include "machine.h"
#include "memory_map.h"
#include "video.h"

// Filled before it is read, so that it need not be zeroed.
#define NOT_ZEROED __attribute__((section(".bss.not_zeroed")))

// Firmware's ranges, and three of our own about the first mebibyte.
#define RAW_RANGES (MEMORY_MAP_RAW_MAX + 8)

// Nothing is placed below 1 MiB: firmware still works there.
#define PLACE_MINIMUM 0x100000u

static void gather_memory_map(struct memory_map *map)
{
    static NOT_ZEROED struct boot_memory_range raw_ranges[RAW_RANGES];
    static NOT_ZEROED struct boot_memory_range ranges[MEMORY_MAP_MAX];
    struct memory_map raw = {.capacity = RAW_RANGES, .ranges = raw_ranges};
    *map = (struct memory_map){.capacity = MEMORY_MAP_MAX, .ranges = ranges};
    firmware_memory_map(&raw);
    struct message why;
    if (!memory_map_normalise(&raw, map, &why)) {
        fatal_message(&why);
    }
}

// The wish for an alignment is granted as far as memory allows: the whole of it, or what the next
// smaller pages want.
static bool find_memory(const struct memory_map *map, struct memory_wish wish, uint64_t *address)
{
    static const uint64_t alignments[] = {PAGE_SIZE_2M, PAGE_SIZE_4K};
    bool found = memory_map_find(map, &wish, address);
    for (unsigned i = 0; !found && i < sizeof alignments / sizeof alignments[0]; i++) {
        if (alignments[i] < wish.alignment) {
            wish.alignment = alignments[i];
            wish.phase %= alignments[i];
            found = memory_map_find(map, &wish, address);
        }
    }
    return found;
}

// Finds free memory and claims it as `kind`. Stops with a message when there is none.
static uint64_t claim_memory(struct memory_map *map, const struct memory_wish *wish, uint32_t kind,
                             const char *what)
{
    uint64_t address;
    if (!find_memory(map, *wish, &address)) {
        const uint64_t largest = memory_map_largest(map, wish->minimum);
        fatal("not enough memory for %s: %llu KiB needed in one piece, largest free piece %llu "
              "KiB: add memory, or make the kernel smaller",
              what, (unsigned long long)(wish->bytes / 1024), (unsigned long long)(largest / 1024));
    }
    struct message why;
    if (!memory_map_claim(map, address, wish->bytes, BOOT_MEMORY_USABLE, kind, &why)) {
        fatal_message(&why);
    }
    return address;
}

struct loaded_kernel {
    struct elf_kernel elf;
    struct kernel_layout layout;
    uint64_t physical;
};

static void load_kernel(const struct image_item *item, struct memory_map *map,
                        struct loaded_kernel *kernel)
{
    struct memory_wish wish = {
        .bytes = item->memory_bytes,
        .alignment = item->memory_alignment,
        .phase = item->memory_phase,
        .minimum = PLACE_MINIMUM,
    };
    kernel->physical = claim_memory(map, &wish, BOOT_MEMORY_KERNEL, "the kernel");
    uint8_t *memory = machine_memory(kernel->physical, item->memory_bytes);
    image_read_item(item, memory, "kernel");

    struct message why;
    if (!elf_parse(memory, item->bytes, &kernel->elf, &why) ||
        !kernel_layout_plan(&kernel->elf, &kernel->layout, &why)) {
        fatal_message(&why);
    }
    if (kernel->elf.position_independent) {
        fatal("position-independent kernels are not supported yet: link with -no-pie -static");
    }
    if (kernel->layout.memory_bytes > item->memory_bytes) {
        fatal("kernel needs %llu bytes of memory, the image header says %llu: make the image again "
              "with bootimage",
              (unsigned long long)kernel->layout.memory_bytes,
              (unsigned long long)item->memory_bytes);
    }
    kernel_layout_fill(&kernel->layout, memory);
}

// Reads the command line and returns it; *bytes is its length.
static const char *load_command_line(const struct image_items *items, uint64_t *bytes)
{
    static NOT_ZEROED _Alignas(16) char text[COMMAND_LINE_MAX_BYTES + 1];
    *bytes = 0;
    if (items->command_line != NULL) {
        image_read_item(items->command_line, text, "command line");
        *bytes = items->command_line->bytes;
    }
    return text;
}

// Builds what the kernel finds around itself and jumps to it.
static _Noreturn void enter_kernel(const struct loaded_kernel *kernel, struct memory_map *map,
                                   const struct image_items *items, const char *command_line,
                                   uint64_t command_line_bytes)
{
    const struct boot_request request = {.stack_size = DEFAULT_STACK_BYTES};
    const struct boot_info facts = {.boot_drive = disk_drive()};
    const struct handover_input input = {
        .kernel = &kernel->layout,
        .kernel_physical = kernel->physical,
        .map = map,
        .request = &request,
        .items = items,
        .command_line = command_line,
        .command_line_bytes = command_line_bytes,
        .facts = &facts,
        .nx = machine_has_nx(),
        .gigabyte_pages = machine_has_gigabyte_pages(),
    };
    struct handover handover;
    struct message why;
    if (!handover_plan(&input, &handover, &why)) {
        fatal_message(&why);
    }
    struct memory_wish wish = {
        .bytes = handover.memory_bytes,
        .alignment = PAGE_SIZE,
        .minimum = PLACE_MINIMUM,
    };
    const uint64_t physical =
        claim_memory(map, &wish, BOOT_MEMORY_LOADER_RECLAIMABLE, "page tables and stack");
    uint8_t *memory = machine_memory(physical, handover.memory_bytes);
    if (!handover_build(&input, &handover, memory, physical, &why)) {
        fatal_message(&why);
    }
    machine_enter(&(struct kernel_entry){
        .entry = kernel->elf.entry,
        .boot_info = handover.boot_info_virtual,
        .root_physical = handover.root_physical,
        .stack_top = handover.stack_virtual + handover.stack_bytes,
        .gdt = handover.gdt_virtual,
        .handover_page = handover.loader_region,
        .handover_memory = memory,
    });
}

_Noreturn void stage2_main(void);

_Noreturn void stage2_main(void)
{
    struct memory_map map;
    struct image_items items;
    struct loaded_kernel kernel;
    uint64_t command_line_bytes;

    video_set_text_mode();
    a20_enable();
    gather_memory_map(&map);
    image_read_header(&items);
    const char *command_line = load_command_line(&items, &command_line_bytes);
    load_kernel(items.kernel, &map, &kernel);
    disk_finish();
    enter_kernel(&kernel, &map, &items, command_line, command_line_bytes);
}
