// Builds hand-overs for the unit tests and checks them against the boot contract.
#include "built_handover.h"

#include "kernel_request.h"
#include "unit.h"

#define PAGE        4096u
#define MIB         0x100000ull
#define FILE_BYTES  0x4000u
#define SPARE_BOUND 3u // tables counted twice where kernel and VGA text share them

void machine_map(struct test_map *map, uint64_t memory_end)
{
    struct test_map raw;
    uint64_t low_end = memory_end < 0xC0000000u ? memory_end : 0xC0000000u;
    test_map_reset(&raw, MEMORY_MAP_RAW_MAX);
    test_map_add(&raw, 0, 0x9FC00, BOOT_MEMORY_USABLE);
    test_map_add(&raw, 0, 0x1000, BOOT_MEMORY_RESERVED);
    test_map_add(&raw, 0x9FC00, 0x400, BOOT_MEMORY_RESERVED);
    test_map_add(&raw, 0xF0000, 0x10000, BOOT_MEMORY_RESERVED);
    test_map_add(&raw, MIB, low_end - MIB - 0x20000, BOOT_MEMORY_USABLE);
    test_map_add(&raw, low_end - 0x20000, 0x20000, BOOT_MEMORY_RESERVED);
    test_map_add(&raw, 0xFFFC0000, 0x40000, BOOT_MEMORY_RESERVED);
    test_map_add(&raw, 0xFD00000000, 0x300000000, BOOT_MEMORY_RESERVED);
    if (memory_end > low_end) {
        test_map_add(&raw, 0x100000000, memory_end - low_end, BOOT_MEMORY_USABLE);
    }
    test_map_normalise(&raw, map);
}

static uint64_t claim(struct test_map *map, uint64_t bytes, uint32_t kind)
{
    struct message why;
    struct memory_wish wish = {.bytes = bytes, .alignment = PAGE, .minimum = MIB};
    uint64_t address;
    assert_true(memory_map_find(&map->map, &wish, &address));
    assert_true(memory_map_claim(&map->map, address, bytes, BOOT_MEMORY_USABLE, kind, &why));
    return address;
}

bool handover_try(struct built_handover *built, const struct elf64_program_header *segments,
                  uint32_t count, const char *command_line, struct message *why)
{
    uint64_t table = FILE_BYTES;
    built->file = elf_file_make(segments, count, table, table + count * sizeof segments[0],
                                segments[0].p_vaddr);
    built->memory = NULL;
    if (!elf_parse(built->file.bytes, built->file.size, &built->elf, why) ||
        !kernel_layout_plan(&built->elf, &built->layout, why)) {
        fail_msg("%s", why->text);
    }
    if (built->request.stack_size == 0) {
        built->request.stack_size = DEFAULT_STACK_BYTES;
    }
    // The last bytes of their block, not terminated: what is behind them must not be read.
    const size_t length = strlen(command_line);
    built->command_line = allocate(1 + length);
    memcpy(built->command_line + 1, command_line, length);
    built->input = (struct handover_input){
        .kernel = &built->layout,
        .kernel_physical = claim(&built->map, built->layout.memory_bytes, BOOT_MEMORY_KERNEL),
        .map = &built->map.map,
        .request = &built->request,
        .items = &built->items,
        .command_line = built->command_line + 1,
        .command_line_bytes = length,
        .facts = &built->facts,
        .nx = built->nx,
        .gigabyte_pages = built->gigabyte_pages,
    };
    return handover_plan(&built->input, &built->handover, why);
}

void handover_make(struct built_handover *built, const struct elf64_program_header *segments,
                   uint32_t count, const char *command_line)
{
    struct message why = {.text = ""};
    if (!handover_try(built, segments, count, command_line, &why)) {
        fail_msg("%s", why.text);
    }
    const struct handover *plan = &built->handover;
    built->physical = claim(&built->map, plan->memory_bytes, BOOT_MEMORY_LOADER_RECLAIMABLE);
    built->memory = allocate_pages((size_t)plan->memory_bytes);
    if (!handover_build(&built->input, &built->handover, built->memory, built->physical, &why)) {
        fail_msg("%s", why.text);
    }
    built->walker = (struct page_walker){.pool = built->memory + plan->tables_offset,
                                         .pool_physical = built->physical + plan->tables_offset,
                                         .pool_bytes = plan->tables_bytes,
                                         .root_physical = plan->root_physical};
}

void handover_free(struct built_handover *built)
{
    free(built->command_line);
    free_pages(built->memory);
    elf_file_free(&built->file);
}

// ---- Page tables --------------------------------------------------------------------------

// Counted while all mappings are visited.
struct check {
    const struct built_handover *built;
    uint64_t vga_bytes, kernel_bytes, direct_bytes, loader_bytes;
};

static bool inside(uint64_t address, uint64_t base, uint64_t bytes)
{
    return address - base < bytes;
}

static void check_direct(const struct built_handover *built, const struct mapping *mapping)
{
    assert_int_equal(mapping->virtual_address - built->handover.direct_map,
                     mapping->physical_address);
    assert_true(mapping->writable && mapping->no_execute == built->nx);
    if (mapping->size == PAGE_SIZE_4K) {
        return;
    }
    uint64_t until;
    uint32_t type = memory_type_at(&built->map, mapping->physical_address, &until);
    assert_true(mapping->physical_address >= PAGE_SIZE_2M);
    assert_true(is_one_type(&built->map, mapping->physical_address,
                            mapping->physical_address + mapping->size));
    if (mapping->size == PAGE_SIZE_1G) {
        assert_true(built->gigabyte_pages);
        assert_true(type == BOOT_MEMORY_USABLE || type == TYPE_ABSENT);
    }
}

static void check_loader_page(const struct built_handover *built, const struct mapping *mapping)
{
    const struct handover *plan = &built->handover;
    uint64_t at = mapping->virtual_address;
    uint64_t physical = mapping->physical_address - built->physical;
    assert_int_equal(mapping->size, PAGE_SIZE_4K);
    if (at == plan->loader_region) {
        assert_int_equal(physical, 0);
        assert_true(!mapping->writable && !mapping->no_execute);
        return;
    }
    assert_true(mapping->writable && mapping->no_execute == built->nx);
    if (inside(at, plan->stack_virtual, plan->stack_bytes)) {
        assert_int_equal(physical - plan->stack_offset, at - plan->stack_virtual);
    } else {
        assert_true(inside(at, plan->info_virtual, plan->info_bytes));
        assert_int_equal(physical - plan->info_offset, at - plan->info_virtual);
    }
}

static bool in_kernel_segment(const struct built_handover *built, const struct mapping *mapping)
{
    struct elf_segment segment;
    for (uint32_t cursor = 0; elf_next_segment(&built->elf, &cursor, &segment);) {
        uint64_t first = segment.virtual_address / PAGE;
        uint64_t last = (segment.virtual_address + (segment.memory_size - 1)) / PAGE;
        if (inside(mapping->virtual_address / PAGE, first, last - first + 1)) {
            assert_true(mapping->virtual_address / PAGE + mapping->size / PAGE - 1 <= last);
            assert_int_equal(mapping->writable, (segment.flags & ELF_PF_W) != 0);
            assert_int_equal(mapping->no_execute, built->nx && (segment.flags & ELF_PF_X) == 0);
            return true;
        }
    }
    return false;
}

static void check_mapping(const struct mapping *mapping, void *context)
{
    struct check *check = context;
    const struct built_handover *built = check->built;
    const struct handover *plan = &built->handover;
    assert_false(built->nx && mapping->writable && !mapping->no_execute);
    assert_true(mapping->virtual_address != 0);
    if (in_kernel_segment(built, mapping)) {
        assert_true(inside(mapping->physical_address, built->input.kernel_physical,
                           built->layout.memory_bytes));
        check->kernel_bytes += mapping->size;
    } else if (inside(mapping->virtual_address, VGA_TEXT_ADDRESS, VGA_TEXT_BYTES)) {
        assert_int_equal(mapping->physical_address, mapping->virtual_address);
        assert_int_equal(mapping->size, PAGE_SIZE_4K);
        assert_true(mapping->writable && mapping->no_execute == built->nx);
        check->vga_bytes += mapping->size;
    } else if (inside(mapping->virtual_address, plan->direct_map, plan->direct_map_size)) {
        check_direct(built, mapping);
        check->direct_bytes += mapping->size;
    } else {
        check_loader_page(built, mapping);
        check->loader_bytes += mapping->size;
    }
}

static bool add_bytes(uint64_t physical, uint64_t bytes, uint64_t largest_page, void *context)
{
    (void)physical;
    (void)largest_page;
    *(uint64_t *)context += bytes;
    return true;
}

static uint64_t kernel_pages(const struct elf_kernel *elf)
{
    struct elf_segment segment;
    uint64_t pages = 0;
    uint64_t counted = 0; // one past the last page counted
    for (uint32_t cursor = 0; elf_next_segment(elf, &cursor, &segment);) {
        uint64_t first = segment.virtual_address / PAGE;
        uint64_t end = (segment.virtual_address + (segment.memory_size - 1)) / PAGE + 1;
        pages += end - (first < counted ? counted : first);
        counted = end;
    }
    return pages;
}

static void check_tables(struct built_handover *built)
{
    const struct handover *plan = &built->handover;
    struct check check = {.built = built};
    built->tables = page_walker_visit(&built->walker, check_mapping, &check);
    // Every mapping was right; these say that none is missing.
    assert_int_equal(check.vga_bytes, plan->vga_text_mapped ? VGA_TEXT_BYTES : 0);
    assert_int_equal(check.kernel_bytes, kernel_pages(&built->elf) * PAGE);
    assert_int_equal(check.loader_bytes, PAGE + plan->stack_bytes + plan->info_bytes);
    uint64_t direct_bytes = 0;
    assert_true(direct_map_walk(&built->map.map, add_bytes, &direct_bytes));
    assert_int_equal(check.direct_bytes, direct_bytes);
    // The bound was enough, and not wasteful.
    assert_true(built->tables <= plan->tables_bytes / PAGE);
    assert_true(plan->tables_bytes / PAGE <= built->tables + SPARE_BOUND);

    struct mapping mapping;
    assert_false(page_walker_find(&built->walker, 0, &mapping));
    assert_false(page_walker_find(&built->walker, plan->stack_virtual - 1, &mapping));
    assert_false(
        page_walker_find(&built->walker, plan->stack_virtual + plan->stack_bytes, &mapping));
}

// ---- boot_info ----------------------------------------------------------------------------

// Follows a virtual address into loader memory.
static const void *at_virtual(const struct built_handover *built, uint64_t address)
{
    struct mapping mapping;
    assert_true(page_walker_find(&built->walker, address, &mapping));
    uint64_t physical = mapping.physical_address + (address - mapping.virtual_address);
    assert_true(inside(physical, built->physical, built->handover.memory_bytes));
    return built->memory + (physical - built->physical);
}

static void check_boot_info(const struct built_handover *built, const char *command_line)
{
    const struct handover *plan = &built->handover;
    const struct boot_info *info = at_virtual(built, plan->boot_info_virtual);
    const struct elf_kernel *elf = &built->elf;
    assert_int_equal(info->version, BOOT_INFO_VERSION);
    assert_int_equal(info->size, sizeof *info);
    assert_int_equal(info->flags, (built->nx ? 1u : 0u) | (plan->vga_text_mapped ? 2u : 0u) |
                                      (built->layout.contiguous ? 4u : 0u));
    assert_int_equal(info->direct_map_offset, plan->direct_map);
    assert_int_equal(info->direct_map_offset % PAGE_TABLE_SLOT_SIZE, 0);
    assert_int_equal(info->direct_map_size, direct_map_last_byte(&built->map.map) + 1);
    assert_int_equal(info->kernel_virtual_base, elf->virtual_base);
    assert_int_equal(info->kernel_virtual_base + info->kernel_virtual_size, elf->virtual_end);
    struct mapping mapping;
    assert_true(page_walker_find(&built->walker, elf->virtual_base, &mapping));
    assert_int_equal(info->kernel_physical_base,
                     mapping.physical_address + (elf->virtual_base - mapping.virtual_address));
    assert_int_equal(info->stack_bottom, plan->stack_virtual);
    assert_int_equal(info->stack_top, plan->stack_virtual + built->request.stack_size);
    assert_int_equal(info->handover_page, plan->loader_region);
    assert_int_equal(info->boot_drive, built->facts.boot_drive);
    assert_int_equal(info->reserved, 0);

    assert_int_equal(info->memory_map_count, built->map.map.count);
    assert_memory_equal(at_virtual(built, (uintptr_t)info->memory_map), built->map.ranges,
                        built->map.map.count * sizeof(struct boot_memory_range));
    assert_int_equal(info->command_line_length, strlen(command_line));
    assert_string_equal(at_virtual(built, (uintptr_t)info->command_line), command_line);
}

static void check_gdt(const struct built_handover *built)
{
    const uint8_t *gdt = at_virtual(built, built->handover.gdt_virtual);
    static const uint8_t expected[KERNEL_GDT_BYTES] = {
        0,    0,    0, 0, 0, 0,    0,    0, // null
        0xFF, 0xFF, 0, 0, 0, 0x9B, 0xAF, 0, // present, code, readable, accessed; 64-bit
        0xFF, 0xFF, 0, 0, 0, 0x93, 0xCF, 0, // present, data, writable, accessed
    };
    assert_memory_equal(gdt, expected, sizeof expected);
    assert_int_equal(built->handover.gdt_virtual % 8, 0);
}

void handover_check(struct built_handover *built, const char *command_line)
{
    assert_int_equal(built->walker.root_physical, built->physical + built->handover.tables_offset);
    check_tables(built);
    check_boot_info(built, command_line);
    check_gdt(built);
}
