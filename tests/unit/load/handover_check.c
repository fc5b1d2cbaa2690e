// Holds a hand-over that was built against the boot contract: every mapping, and every byte of
// boot_info.
#include "built_handover.h"

#include "unit.h"

#define PAGE               4096u
#define FRAMEBUFFER_OFFSET 0x100000000u
#define ITEMS_OFFSET       0x200000000u

static uint64_t round_up(uint64_t bytes)
{
    return (bytes + PAGE - 1) / PAGE * PAGE;
}

// Where item `index` must lie by handover.h; 0 when it is not mapped.
static uint64_t item_address(const struct built_handover *built, uint32_t index)
{
    uint64_t next = built->handover.loader_region + ITEMS_OFFSET;
    for (uint32_t i = 0;; i++) {
        const struct image_item *item = &built->items.all[i];
        const bool mapped = item->kind == IMAGE_ITEM_MODULE || item->kind == IMAGE_ITEM_SYMBOLS;
        while (mapped && item->bytes >= PAGE_SIZE_2M &&
               next % PAGE_SIZE_2M != item->physical_address % PAGE_SIZE_2M) {
            next += PAGE;
        }
        if (i == index) {
            return mapped ? next : 0;
        }
        next += mapped ? round_up(item->bytes) : 0;
    }
}

// ---- Page tables --------------------------------------------------------------------------

// Counted while all mappings are visited.
struct check {
    const struct built_handover *built;
    uint64_t vga_bytes, kernel_bytes, direct_bytes, loader_bytes, framebuffer_bytes, item_bytes;
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

// A page of a contiguous piece, all of it read-write: where it must be, and as large as it may be.
static bool in_piece(const struct built_handover *built, const struct mapping *mapping,
                     uint64_t virtual_base, uint64_t physical_base, uint64_t bytes)
{
    if (!inside(mapping->virtual_address, virtual_base, bytes)) {
        return false;
    }
    const uint64_t offset = mapping->virtual_address - virtual_base;
    assert_int_equal(mapping->physical_address - physical_base, offset);
    assert_true(mapping->size <= bytes - offset);
    assert_true(mapping->writable && mapping->no_execute == built->nx);
    const uint64_t large = mapping->virtual_address & ~(PAGE_SIZE_2M - 1ull);
    if (virtual_base % PAGE_SIZE_2M == physical_base % PAGE_SIZE_2M && large >= virtual_base &&
        large + PAGE_SIZE_2M <= virtual_base + bytes) {
        assert_int_equal(mapping->size, PAGE_SIZE_2M);
    }
    return true;
}

static bool in_framebuffer(const struct built_handover *built, const struct mapping *mapping)
{
    const struct boot_framebuffer *screen = &built->facts.framebuffer;
    const uint64_t before = screen->physical_address % PAGE;
    return screen->size != 0 &&
           in_piece(built, mapping,
                    built->handover.loader_region + FRAMEBUFFER_OFFSET +
                        screen->physical_address % PAGE_SIZE_2M - before,
                    screen->physical_address - before, round_up(before + screen->size));
}

static bool in_item(const struct built_handover *built, const struct mapping *mapping)
{
    for (uint32_t i = 0; i < built->items.count; i++) {
        const struct image_item *item = &built->items.all[i];
        const uint64_t address = item_address(built, i);
        if (address != 0 &&
            in_piece(built, mapping, address, item->physical_address, round_up(item->bytes))) {
            return true;
        }
    }
    return false;
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
    } else if (in_framebuffer(built, mapping)) {
        check->framebuffer_bytes += mapping->size;
    } else if (in_item(built, mapping)) {
        check->item_bytes += mapping->size;
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
    const struct boot_framebuffer *screen = &built->facts.framebuffer;
    assert_int_equal(check.framebuffer_bytes,
                     screen->size == 0 ? 0
                                       : round_up(screen->physical_address % PAGE + screen->size));
    uint64_t item_bytes = 0;
    for (uint32_t i = 0; i < built->items.count; i++) {
        item_bytes += item_address(built, i) != 0 ? round_up(built->items.all[i].bytes) : 0;
    }
    assert_int_equal(check.item_bytes, item_bytes);
    uint64_t direct_bytes = 0;
    assert_true((built->request.flags & BOOT_REQUEST_NO_DIRECT_MAP) != 0 ||
                direct_map_walk(&built->map.map, add_bytes, &direct_bytes));
    assert_int_equal(check.direct_bytes, direct_bytes);
    assert_int_equal(built->tables, plan->tables_bytes / PAGE);

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

static void *pointer(uint64_t address)
{
    return (void *)(uintptr_t)address;
}

static const char *text_at(const struct built_handover *built, const char *text)
{
    return at_virtual(built, (uintptr_t)text);
}

// What the plan and the input say; everything else is as gather gave it.
static struct boot_info expected_info(const struct built_handover *built,
                                      const struct boot_info *actual)
{
    const struct handover *plan = &built->handover;
    const struct elf_kernel *elf = &built->elf;
    struct boot_info info = built->facts;
    info.version = 3;
    info.size = sizeof info;
    info.flags = (built->nx ? 1u : 0u) | (plan->vga_text_mapped ? 2u : 0u) |
                 (built->layout.contiguous ? 4u : 0u);
    if ((built->request.flags & BOOT_REQUEST_NO_DIRECT_MAP) == 0) {
        info.direct_map_offset = plan->direct_map;
        info.direct_map_size = direct_map_last_byte(&built->map.map) + 1;
    }
    struct mapping mapping;
    assert_true(page_walker_find(&built->walker, elf->virtual_base, &mapping));
    info.kernel_physical_base =
        mapping.physical_address + (elf->virtual_base - mapping.virtual_address);
    info.kernel_virtual_base = elf->virtual_base;
    info.kernel_virtual_size = elf->virtual_end - elf->virtual_base;
    info.kernel_slide = elf->slide;
    info.tls = (struct boot_tls){pointer(elf->tls_address), elf->tls_file_size,
                                 elf->tls_memory_size, elf->tls_alignment};
    info.stack_bottom = plan->stack_virtual;
    info.stack_top = plan->stack_virtual + built->request.stack_size;
    info.stack_guard_size = PAGE;
    info.handover_page = plan->loader_region;
    info.recursive_slot = built->request.recursive_slot;
    info.memory_map_count = built->map.map.count;
    info.command_line_length = built->input.command_line_bytes;
    info.module_count = built->items.module_count;
    info.item_count = built->items.count;
    if (info.framebuffer.size != 0) {
        info.framebuffer.address = pointer(plan->loader_region + FRAMEBUFFER_OFFSET +
                                           info.framebuffer.physical_address % PAGE_SIZE_2M);
    }
    if (info.text_mode.physical_address != 0) {
        info.text_mode.address =
            pointer(plan->vga_text_mapped       ? VGA_TEXT_ADDRESS
                    : plan->direct_map_size > 0 ? plan->direct_map + info.text_mode.physical_address
                                                : 0);
    }
    // Looked at one by one.
    info.memory_map = actual->memory_map;
    info.command_line = actual->command_line;
    info.loader_name = actual->loader_name;
    info.loader_version = actual->loader_version;
    info.modules = actual->modules;
    info.symbols = actual->symbols;
    info.items = actual->items;
    return info;
}

static void check_items(const struct built_handover *built, const struct boot_info *info)
{
    const struct boot_module *module =
        info->modules == NULL ? NULL : at_virtual(built, (uintptr_t)info->modules);
    assert_true((info->module_count == 0) == (module == NULL));
    for (uint32_t i = 0; i < built->items.count; i++) {
        const struct image_item *item = &built->items.all[i];
        if (module != NULL && item->kind == IMAGE_ITEM_MODULE) {
            assert_ptr_equal(module->address, pointer(item_address(built, i)));
            assert_int_equal(module->size, item->bytes);
            assert_int_equal(module->physical_address, item->physical_address);
            const char *name = built->texts + item->text_offset;
            assert_string_equal(text_at(built, module->name), name);
            assert_string_equal(text_at(built, module->command_line), name + strlen(name) + 1);
            assert_int_equal(module->reserved, 0);
            module++;
        }
    }
}

static void check_symbols(const struct built_handover *built, const struct boot_symbols *symbols)
{
    struct boot_symbols expected = {.table = NULL};
    for (uint32_t i = 0; i < built->items.count; i++) {
        if (built->items.all[i].kind == IMAGE_ITEM_SYMBOLS) {
            const uint64_t table = item_address(built, i) + sizeof(struct symbols_header);
            const uint64_t count = built->symbols.symbol_count;
            expected = (struct boot_symbols){pointer(table), count, pointer(table + count * 8),
                                             built->symbols.names_bytes};
        }
    }
    assert_memory_equal(symbols, &expected, sizeof expected);
}

static void check_boot_info(const struct built_handover *built, const char *command_line)
{
    const struct boot_info *info = at_virtual(built, built->handover.boot_info_virtual);
    assert_ptr_equal(info, built->handover.boot_info);
    const struct boot_info expected = expected_info(built, info);
    assert_memory_equal(info, &expected, sizeof expected);
    assert_int_equal(info->direct_map_offset % PAGE_TABLE_SLOT_SIZE, 0);
    assert_memory_equal(at_virtual(built, (uintptr_t)info->memory_map), built->map.ranges,
                        built->map.map.count * sizeof(struct boot_memory_range));
    assert_true((uintptr_t)info->memory_map % 8 == 0 && (uintptr_t)info->modules % 8 == 0);
    assert_string_equal(text_at(built, info->command_line), command_line);
    assert_string_equal(text_at(built, info->loader_name), "Firstlight");
    assert_string_equal(text_at(built, info->loader_version), FIRSTLIGHT_VERSION);
    check_items(built, info);
    assert_memory_equal(at_virtual(built, (uintptr_t)info->items), built->item_times,
                        built->items.count * sizeof built->item_times[0]);
    assert_int_equal((uintptr_t)info->items % 8, 0);
    check_symbols(built, &info->symbols);
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
