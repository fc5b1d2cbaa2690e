// Stage 2 in C: gathers what the kernel needs from firmware and disk, has load plan and build, and
// enters the kernel. Called once, by long_mode_main.asm, in long mode with interrupts off.
#include "a20.h"
#include "clock.h"
#include "console.h"
#include "disk.h"
#include "entropy_source.h"
#include "firmware_memory.h"
#include "handover.h"
#include "image.h"
#include "kernel.h"
#include "machine.h"
#include "memory_map.h"
#include "modules.h"
#include "place.h"
#include "slide.h"
#include "tables.h"
#include "video.h"

#include <string.h>

// Filled before it is read, so that it need not be zeroed.
#define NOT_ZEROED __attribute__((section(".bss.not_zeroed")))

// Firmware's ranges, and three of our own about the first mebibyte.
#define RAW_RANGES (MEMORY_MAP_RAW_MAX + 8)

struct command_line {
    const char *text;
    uint64_t bytes;
};

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

static void load_command_line(const struct image_items *items, struct command_line *line)
{
    static NOT_ZEROED _Alignas(16) char text[COMMAND_LINE_MAX_BYTES + 1];
    *line = (struct command_line){.text = text};
    if (items->command_line != NULL) {
        image_read_item(items->command_line, text, "command line");
        line->bytes = items->command_line->bytes;
    }
}

// What the kernel's slide is chosen by: the command line's seed, or chance.
static uint64_t slide_choice(const struct command_line *line, struct entropy_pool *pool)
{
    bool seeded;
    uint64_t seed;
    struct message why;
    if (!slide_seed(line->text, line->bytes, &seeded, &seed, &why)) {
        fatal_message(&why);
    }
    return seeded ? entropy_from_seed(seed) : entropy_take(pool);
}

// Lays it over the map. False when firmware puts it where the loader has put something; stops with
// a message when the kernel cannot do without.
static bool claim_framebuffer(const struct boot_request *request, struct memory_map *map,
                              const struct boot_framebuffer *framebuffer)
{
    const uint64_t base = framebuffer->physical_address & ~PAGE_MASK;
    const uint64_t end = page_round_up(framebuffer->physical_address + framebuffer->size);
    struct message why;
    const bool claimed = memory_map_overlay(map, base, end - base, BOOT_MEMORY_FRAMEBUFFER, &why);
    if (!claimed && request->video == BOOT_VIDEO_FRAMEBUFFER_REQUIRED) {
        fatal_message(&why);
    }
    return claimed;
}

// Sets the framebuffer that the kernel asks for; otherwise all stays text.
static void set_up_screen(const struct boot_request *request, struct memory_map *map,
                          struct boot_info *facts)
{
    struct boot_framebuffer *framebuffer = &facts->framebuffer;
    if (!video_find_framebuffer(request, framebuffer) || !video_set_framebuffer(request) ||
        !claim_framebuffer(request, map, framebuffer)) {
        video_back_to_text();
        memset(framebuffer, 0, sizeof *framebuffer);
        video_describe_text(&facts->text_mode);
    }
}

static void gather_facts(struct boot_info *facts)
{
    facts->firmware = BOOT_FIRMWARE_BIOS;
    facts->boot_drive = disk_drive();
    disk_describe(&facts->disk);
    tables_gather(&facts->tables);
    facts->tsc_frequency = clock_frequency();
    facts->timestamp_count = BOOT_STEP_COUNT;
}

// Builds what the kernel finds around itself and jumps to it.
static _Noreturn void enter_kernel(const struct handover_input *input, struct memory_map *map,
                                   struct entropy_pool *pool)
{
    struct handover handover;
    struct message why;
    if (!handover_plan(input, &handover, &why)) {
        fatal_message(&why);
    }
    struct memory_wish wish = {
        .bytes = handover.memory_bytes,
        .alignment = PAGE_SIZE,
        .minimum = PLACE_MINIMUM,
    };
    const uint64_t physical = find_memory(map, &wish, false, "page tables and stack");
    uint8_t *memory = machine_memory(physical, handover.memory_bytes);
    const uint64_t planned = clock_now();
    // Claims what turns out to be used.
    if (!handover_build(input, &handover, memory, physical, &why) ||
        !memory_map_claim(map, physical, handover.memory_bytes, BOOT_MEMORY_USABLE,
                          BOOT_MEMORY_LOADER_RECLAIMABLE, &why) ||
        !boot_info_write(input, &handover, &why)) {
        fatal_message(&why);
    }
    // Not by way of facts: the kernel could not clear what stays in low memory.
    for (unsigned i = 0; i < ENTROPY_WORDS; i++) {
        const uint64_t word = entropy_take(pool);
        memcpy(handover.boot_info->entropy + i * sizeof word, &word, sizeof word);
    }
    handover.boot_info->timestamps[BOOT_STEP_PLANNED] = planned;
    handover.boot_info->timestamps[BOOT_STEP_BUILT] = clock_now();
    machine_enter(&(struct kernel_entry){
        .entry = input->kernel->elf->entry,
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
    struct boot_info facts = {0};
    struct entropy_pool pool = {0};
    struct loaded_kernel kernel;
    struct memory_map map;
    struct image_items items;
    struct command_line line;
    uint64_t *const now = facts.timestamps;

    now[BOOT_STEP_STAGE2] = clock_now();
    now[BOOT_STEP_MBR] = clock_at_first_block();
    video_set_text_mode();
    a20_enable();
    now[BOOT_STEP_A20] = clock_now();
    gather_memory_map(&map);
    now[BOOT_STEP_MEMORY_MAP] = clock_now();

    image_read_header(&items);
    load_command_line(&items, &line);
    now[BOOT_STEP_HEADER] = clock_now();

    facts.entropy_source = entropy_gather(&pool);
    kernel_load(items.kernel, &map, slide_choice(&line, &pool), &kernel);
    now[BOOT_STEP_KERNEL] = clock_now();
    kernel_prepare(&kernel);
    now[BOOT_STEP_RELOCATED] = clock_now();

    const struct symbols_header *symbols = modules_load(&items, &map);
    disk_finish();
    now[BOOT_STEP_MODULES] = clock_now();

    gather_facts(&facts);
    set_up_screen(&kernel.request, &map, &facts);
    now[BOOT_STEP_FIRMWARE] = clock_now();

    enter_kernel(
        &(struct handover_input){
            .kernel = &kernel.layout,
            .kernel_physical = kernel.physical,
            .map = &map,
            .request = &kernel.request,
            .items = &items,
            .item_times = machine_item_times(),
            .symbols = symbols,
            .command_line = line.text,
            .command_line_bytes = line.bytes,
            .facts = &facts,
            .nx = machine_has_nx(),
            .gigabyte_pages = machine_has_gigabyte_pages(),
        },
        &map, &pool);
}
