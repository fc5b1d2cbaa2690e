// Plans and builds what the kernel finds around itself: address space, stack, boot_info, GDT.
// Called by stage 2 after the kernel has been read and its layout planned.
#include "handover.h"

#include <string.h>

// Slots of 512 GiB, one for each entry of the root table.
#define SLOT_SHIFT        39
#define SLOTS             512u
#define HIGHER_HALF_SLOT  256u
#define HIGHER_HALF_BASE  0xFFFF800000000000u
#define LOADER_FIRST_SLOT ((DEFAULT_LOADER_REGION >> SLOT_SHIFT) & (SLOTS - 1))

// Virtual layout of the loader region: hand-over page, guard page, stack, guard page, info.
#define STACK_VIRTUAL_OFFSET (2 * PAGE_BYTES)
#define GUARD_BYTES          PAGE_BYTES

// Layout of the info pages.
#define GDT_OFFSET sizeof(struct boot_info)
#define MAP_OFFSET (GDT_OFFSET + KERNEL_GDT_BYTES)

_Static_assert(GDT_OFFSET % 8 == 0 && MAP_OFFSET % 8 == 0, "info structures are aligned");

// Flat segments, accessed bits set so that the CPU never writes here (Intel SDM volume 3A, figures
// 3-8 and 5-1): 64-bit code execute-read, data read-write.
static const uint64_t kernel_gdt[] = {0, 0x00AF9B000000FFFFu, 0x00CF93000000FFFFu};

_Static_assert(sizeof kernel_gdt == KERNEL_GDT_BYTES, "null, code and data");

// ---- Virtual addresses --------------------------------------------------------------------

static uint64_t segment_last_byte(const struct elf_segment *segment)
{
    return segment->virtual_address + (segment->memory_size - 1);
}

static unsigned slot_of(uint64_t virtual_address)
{
    return (unsigned)(virtual_address >> SLOT_SHIFT & (SLOTS - 1));
}

static uint64_t address_of_slot(unsigned slot)
{
    return HIGHER_HALF_BASE + ((uint64_t)(slot - HIGHER_HALF_SLOT) << SLOT_SHIFT);
}

static void mark_kernel_slots(const struct elf_kernel *elf, bool *taken)
{
    struct elf_segment segment;
    for (uint32_t cursor = 0; elf_next_segment(elf, &cursor, &segment);) {
        unsigned last = slot_of(segment_last_byte(&segment));
        for (unsigned slot = slot_of(segment.virtual_address); slot <= last; slot++) {
            taken[slot] = true;
        }
    }
}

// The first of `count` free slots in the higher half; 0 when there are not so many in a row.
static unsigned find_free_slots(const bool *taken, uint64_t count)
{
    uint64_t found = 0;
    for (unsigned slot = HIGHER_HALF_SLOT; slot < SLOTS; slot++) {
        found = taken[slot] ? 0 : found + 1;
        if (found == count) {
            return slot + 1 - (unsigned)count;
        }
    }
    return 0;
}

// `last_byte` is the direct map's, a physical address.
static bool choose_addresses(const struct elf_kernel *elf, uint64_t last_byte,
                             struct handover *handover, struct message *why)
{
    bool taken[SLOTS];
    memset(taken, 0, sizeof taken);
    mark_kernel_slots(elf, taken);

    unsigned loader = LOADER_FIRST_SLOT;
    while (loader >= HIGHER_HALF_SLOT && taken[loader]) {
        loader--;
    }
    uint64_t slots = (last_byte >> SLOT_SHIFT) + 1;
    unsigned direct = 0;
    if (loader >= HIGHER_HALF_SLOT) {
        taken[loader] = true;
        direct = find_free_slots(taken, slots);
    }
    if (direct == 0) {
        return message_refuse(why,
                              "the address space has no room for the %llu GiB of physical memory "
                              "beside the kernel: move the kernel's segments closer together, or "
                              "use a machine with less memory",
                              (unsigned long long)(last_byte >> 30) + 1);
    }
    handover->direct_map = address_of_slot(direct);
    handover->direct_map_size = last_byte + 1;
    handover->loader_region = address_of_slot(loader);
    return true;
}

bool handover_addresses_fit(const struct elf_kernel *elf, const struct boot_request *request,
                            struct message *why)
{
    (void)request;
    struct handover smallest;
    return choose_addresses(elf, DIRECT_MAP_MINIMUM - 1, &smallest, why);
}

static bool vga_text_is_free(const struct elf_kernel *elf)
{
    struct elf_segment segment;
    for (uint32_t cursor = 0; elf_next_segment(elf, &cursor, &segment);) {
        if ((segment.virtual_address & ~PAGE_MASK) < VGA_TEXT_ADDRESS + VGA_TEXT_BYTES &&
            segment_last_byte(&segment) >= VGA_TEXT_ADDRESS) {
            return false;
        }
    }
    return true;
}

// ---- The plan -----------------------------------------------------------------------------

struct count_context {
    struct page_table_count count;
    uint64_t direct_map;
    bool gigabyte_pages;
};

static bool count_direct_map(uint64_t physical, uint64_t bytes, uint64_t largest_page,
                             void *context)
{
    struct count_context *counting = context;
    page_table_count_map(&counting->count, counting->direct_map + physical, physical, bytes,
                         largest_page, counting->gigabyte_pages);
    return true;
}

// Tables for one of the regions alone, without the root. Regions are counted one by one because
// their order in the address space is the kernel's choice.
static uint64_t tables_counted(const struct page_table_count *count)
{
    return count->pages - 1;
}

static uint64_t count_tables(const struct handover_input *input, const struct handover *handover)
{
    uint64_t pages = 1; // the root
    struct page_table_count count;
    if (handover->vga_text_mapped) {
        page_table_count_begin(&count);
        page_table_count_map(&count, VGA_TEXT_ADDRESS, VGA_TEXT_ADDRESS, VGA_TEXT_BYTES,
                             PAGE_SIZE_4K, false);
        pages += tables_counted(&count);
    }
    page_table_count_begin(&count);
    kernel_layout_count(input->kernel, input->kernel_physical, &count, input->gigabyte_pages);
    pages += tables_counted(&count);

    struct count_context direct = {.direct_map = handover->direct_map,
                                   .gigabyte_pages = input->gigabyte_pages};
    page_table_count_begin(&direct.count);
    direct_map_walk(input->map, count_direct_map, &direct);
    pages += tables_counted(&direct.count);

    page_table_count_begin(&count);
    page_table_count_map(&count, handover->loader_region, 0,
                         handover->info_virtual + handover->info_bytes - handover->loader_region,
                         PAGE_SIZE_4K, false);
    return pages + tables_counted(&count);
}

bool handover_plan(const struct handover_input *input, struct handover *handover,
                   struct message *why)
{
    memset(handover, 0, sizeof *handover);
    if (!choose_addresses(input->kernel->elf, direct_map_last_byte(input->map), handover, why)) {
        return false;
    }
    handover->vga_text_mapped = vga_text_is_free(input->kernel->elf);

    uint64_t ranges = (uint64_t)input->map->count + HANDOVER_SPARE_RANGES;
    handover->stack_offset = PAGE_BYTES;
    handover->stack_bytes = input->request->stack_size;
    handover->info_offset = handover->stack_offset + handover->stack_bytes;
    handover->info_bytes = page_round_up(MAP_OFFSET + ranges * sizeof(struct boot_memory_range) +
                                         input->command_line_bytes + sizeof(char));
    handover->stack_virtual = handover->loader_region + STACK_VIRTUAL_OFFSET;
    handover->info_virtual = handover->stack_virtual + handover->stack_bytes + GUARD_BYTES;
    handover->tables_offset = handover->info_offset + handover->info_bytes;
    handover->tables_bytes = count_tables(input, handover) * PAGE_BYTES;
    handover->memory_bytes = handover->tables_offset + handover->tables_bytes;
    return true;
}

// ---- Page tables --------------------------------------------------------------------------

struct build_context {
    struct page_tables *tables;
    uint64_t direct_map;
    struct message *why;
};

static bool build_direct_map(uint64_t physical, uint64_t bytes, uint64_t largest_page,
                             void *context)
{
    struct build_context *building = context;
    return page_tables_map(building->tables, building->direct_map + physical, physical, bytes,
                           PAGE_WRITE, largest_page, building->why);
}

static bool build_loader_region(const struct handover *handover, uint64_t physical,
                                struct page_tables *tables, struct message *why)
{
    return page_tables_map(tables, handover->loader_region, physical, PAGE_BYTES, PAGE_EXECUTE,
                           PAGE_SIZE_4K, why) &&
           page_tables_map(tables, handover->stack_virtual, physical + handover->stack_offset,
                           handover->stack_bytes, PAGE_WRITE, PAGE_SIZE_4K, why) &&
           page_tables_map(tables, handover->info_virtual, physical + handover->info_offset,
                           handover->info_bytes, PAGE_WRITE, PAGE_SIZE_4K, why);
}

static bool build_tables(const struct handover_input *input, const struct handover *handover,
                         uint64_t physical, struct page_tables *tables, struct message *why)
{
    struct build_context direct = {
        .tables = tables, .direct_map = handover->direct_map, .why = why};
    if (!page_tables_begin(tables, why)) {
        return false;
    }
    if (handover->vga_text_mapped &&
        !page_tables_map(tables, VGA_TEXT_ADDRESS, VGA_TEXT_ADDRESS, VGA_TEXT_BYTES, PAGE_WRITE,
                         PAGE_SIZE_4K, why)) {
        return false;
    }
    return kernel_layout_map(input->kernel, input->kernel_physical, tables, why) &&
           direct_map_walk(input->map, build_direct_map, &direct) &&
           build_loader_region(handover, physical, tables, why);
}

// ---- boot_info ----------------------------------------------------------------------------

static const void *pointer_to(uint64_t virtual_address)
{
    return (const void *)(uintptr_t)virtual_address;
}

static struct boot_info describe(const struct handover_input *input,
                                 const struct handover *handover)
{
    const struct elf_kernel *elf = input->kernel->elf;
    uint64_t map_bytes = (uint64_t)input->map->count * sizeof(struct boot_memory_range);
    uint64_t flags = (input->nx ? BOOT_FLAG_NX : 0) |
                     (handover->vga_text_mapped ? BOOT_FLAG_VGA_TEXT_MAPPED : 0) |
                     (input->kernel->contiguous ? BOOT_FLAG_KERNEL_CONTIGUOUS : 0);
    return (struct boot_info){
        .version = BOOT_INFO_VERSION,
        .size = sizeof(struct boot_info),
        .flags = flags,
        .memory_map = pointer_to(handover->info_virtual + MAP_OFFSET),
        .memory_map_count = input->map->count,
        .direct_map_offset = handover->direct_map,
        .direct_map_size = handover->direct_map_size,
        .kernel_physical_base = input->kernel_physical + input->kernel->base_offset,
        .kernel_virtual_base = elf->virtual_base,
        .kernel_virtual_size = elf->virtual_end - elf->virtual_base,
        .stack_bottom = handover->stack_virtual,
        .stack_top = handover->stack_virtual + handover->stack_bytes,
        .handover_page = handover->loader_region,
        .command_line = pointer_to(handover->info_virtual + MAP_OFFSET + map_bytes),
        .command_line_length = input->command_line_bytes,
        .boot_drive = input->facts->boot_drive,
    };
}

static bool build_info(const struct handover_input *input, const struct handover *handover,
                       uint8_t *info, struct message *why)
{
    uint64_t map_bytes = (uint64_t)input->map->count * sizeof(struct boot_memory_range);
    uint64_t text_offset = MAP_OFFSET + map_bytes;
    if (text_offset + input->command_line_bytes + sizeof(char) > handover->info_bytes) {
        return message_refuse(why, "the memory map has grown beyond the pages set aside for it: "
                                   "this is a defect of the loader, please report it");
    }
    struct boot_info boot_info = describe(input, handover);
    memset(info, 0, (size_t)handover->info_bytes); // ends the text, too
    memcpy(info, &boot_info, sizeof boot_info);
    memcpy(info + GDT_OFFSET, kernel_gdt, sizeof kernel_gdt);
    memcpy(info + MAP_OFFSET, input->map->ranges, (size_t)map_bytes);
    if (input->command_line_bytes != 0) {
        memcpy(info + text_offset, input->command_line, (size_t)input->command_line_bytes);
    }
    return true;
}

bool handover_build(const struct handover_input *input, struct handover *handover, uint8_t *memory,
                    uint64_t physical, struct message *why)
{
    struct page_tables tables = {
        .pool = memory + handover->tables_offset,
        .pool_physical = physical + handover->tables_offset,
        .pool_pages = handover->tables_bytes / PAGE_BYTES,
        .nx = input->nx,
        .gigabyte_pages = input->gigabyte_pages,
    };
    handover->root_physical = tables.pool_physical;
    handover->boot_info_virtual = handover->info_virtual;
    handover->boot_info = (struct boot_info *)(void *)(memory + handover->info_offset);
    handover->gdt_virtual = handover->info_virtual + GDT_OFFSET;
    return build_tables(input, handover, physical, &tables, why) &&
           build_info(input, handover, memory + handover->info_offset, why);
}
