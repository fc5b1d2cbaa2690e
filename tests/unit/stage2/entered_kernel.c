// Looks at the fake machine as the kernel would find it.
#include "entered_kernel.h"

#include "kernel_request.h"
#include "memory_oracle.h"
#include "unit.h"

#define PAGE            4096u
#define VGA_TEXT_START  0xB8000u
#define VGA_TEXT_END    0xC0000u
#define GIB_4           0x100000000u
#define GDT_CODE_64_BIT 0x00AF9B000000FFFFu
#define GDT_DATA        0x00CF93000000FFFFu

// ---- Through the page tables --------------------------------------------------------------

uint64_t entered_kernel_physical(const struct entered_kernel *kernel, uint64_t address)
{
    struct mapping mapping;
    if (!page_walker_find(&kernel->walker, address, &mapping)) {
        fail_msg("virtual address 0x%llx is not mapped", (unsigned long long)address);
    }
    return mapping.physical_address + (address - mapping.virtual_address);
}

void entered_kernel_read(const struct entered_kernel *kernel, uint64_t address, void *destination,
                         uint64_t bytes)
{
    uint8_t *to = destination;
    while (bytes > 0) {
        const uint64_t in_page = PAGE - address % PAGE;
        const uint64_t part = bytes < in_page ? bytes : in_page;
        const uint64_t physical = entered_kernel_physical(kernel, address);
        const struct fake_block *block = fake_machine_block(kernel->machine, physical);
        assert_non_null(block);
        memcpy(to, block->host + (physical - block->physical), (size_t)part);
        to += part;
        address += part;
        bytes -= part;
    }
}

void entered_kernel_check_access(const struct entered_kernel *kernel, uint64_t address,
                                 uint64_t bytes, uint32_t flags)
{
    const uint64_t last = (address + (bytes - 1)) / PAGE;
    for (uint64_t page = address / PAGE; page <= last; page++) {
        struct mapping mapping;
        assert_true(page_walker_find(&kernel->walker, page * PAGE, &mapping));
        assert_int_equal(mapping.writable, (flags & ELF_PF_W) != 0);
        assert_int_equal(mapping.no_execute, kernel->machine->nx && (flags & ELF_PF_X) == 0);
    }
}

static void check_not_mapped(const struct entered_kernel *kernel, uint64_t address)
{
    struct mapping mapping;
    assert_false(page_walker_find(&kernel->walker, address, &mapping));
}

// ---- The address space --------------------------------------------------------------------

static bool in_direct_map(const struct boot_info *info, uint64_t address)
{
    return address - info->direct_map_offset < info->direct_map_size;
}

// Nothing is mapped but the direct map, the screen, and what the loader has asked for.
static void check_mapping(const struct mapping *mapping, void *context)
{
    struct entered_kernel *kernel = context;
    assert_true(mapping->virtual_address != 0);
    if (mapping->size > kernel->largest_page) {
        kernel->largest_page = mapping->size;
    }
    if (kernel->machine->nx) {
        assert_false(mapping->writable && !mapping->no_execute);
    }
    if (in_direct_map(&kernel->info, mapping->virtual_address)) {
        assert_int_equal(mapping->physical_address,
                         mapping->virtual_address - kernel->info.direct_map_offset);
        assert_true(mapping->writable);
        return;
    }
    const struct boot_framebuffer *screen = &kernel->info.framebuffer;
    if (mapping->virtual_address - (uintptr_t)screen->address < screen->size) {
        assert_int_equal(mapping->physical_address - screen->physical_address,
                         mapping->virtual_address - (uintptr_t)screen->address);
        assert_true(mapping->writable);
        return;
    }
    const struct fake_block *block = fake_machine_block(kernel->machine, mapping->physical_address);
    if (block == NULL) {
        assert_int_equal(mapping->physical_address, mapping->virtual_address);
        assert_in_range(mapping->virtual_address, VGA_TEXT_START, VGA_TEXT_END - 1);
        assert_true(mapping->writable);
        return;
    }
    const uint64_t offset = mapping->physical_address - block->physical;
    assert_true(mapping->size <= block->bytes - offset);
}

static void check_direct_map(const struct entered_kernel *kernel)
{
    const struct boot_info *info = &kernel->info;
    if ((kernel->asked.flags & BOOT_REQUEST_NO_DIRECT_MAP) != 0) {
        assert_int_equal(info->direct_map_size, 0);
        return;
    }
    if (kernel->asked.direct_map != 0) {
        assert_int_equal(info->direct_map_offset, kernel->asked.direct_map);
    } else {
        assert_true(info->direct_map_offset >= 0xFFFF800000000000u);
    }
    assert_int_equal(info->direct_map_offset % BOOT_REQUEST_DIRECT_MAP_UNIT, 0);
    assert_true(info->direct_map_size >= GIB_4);
    for (uint64_t i = 0; i < info->memory_map_count; i++) {
        const struct boot_memory_range *range = &kernel->map[i];
        if (range->kind <= BOOT_MEMORY_KERNEL) {
            const uint64_t last_page = range->base + range->length - PAGE;
            assert_true(last_page < info->direct_map_size);
            entered_kernel_check_access(kernel, info->direct_map_offset + range->base, 1,
                                        ELF_PF_R | ELF_PF_W);
            entered_kernel_check_access(kernel, info->direct_map_offset + last_page, 1,
                                        ELF_PF_R | ELF_PF_W);
        }
    }
}

static void check_screen(const struct entered_kernel *kernel)
{
    struct mapping mapping;
    const bool mapped = page_walker_find(&kernel->walker, VGA_TEXT_START, &mapping) &&
                        mapping.physical_address == VGA_TEXT_START;
    assert_int_equal((kernel->info.flags & BOOT_FLAG_VGA_TEXT_MAPPED) != 0, mapped);
    if (mapped) {
        entered_kernel_check_access(kernel, VGA_TEXT_START, VGA_TEXT_END - VGA_TEXT_START,
                                    ELF_PF_R | ELF_PF_W);
        assert_int_equal(entered_kernel_physical(kernel, VGA_TEXT_END - 1), VGA_TEXT_END - 1);
    }
}

// ---- What the CPU starts with -------------------------------------------------------------

static void check_stack(const struct entered_kernel *kernel)
{
    const struct boot_info *info = &kernel->info;
    const uint64_t bytes = kernel->asked.stack_size;
    assert_int_equal(info->stack_top - info->stack_bottom, bytes);
    assert_int_equal(kernel->machine->entry.stack_top, info->stack_top);
    entered_kernel_check_access(kernel, info->stack_bottom, bytes, ELF_PF_R | ELF_PF_W);
    check_not_mapped(kernel, info->stack_bottom - 1);
    check_not_mapped(kernel, info->stack_top);
}

static void check_handover_page(const struct entered_kernel *kernel)
{
    const struct kernel_entry *entry = &kernel->machine->entry;
    assert_int_equal(kernel->info.handover_page, entry->handover_page);
    entered_kernel_check_access(kernel, entry->handover_page, PAGE, ELF_PF_R | ELF_PF_X);
    const uint64_t physical = entered_kernel_physical(kernel, entry->handover_page);
    const struct fake_block *block = fake_machine_block(kernel->machine, physical);
    assert_non_null(block);
    assert_ptr_equal(entry->handover_memory, block->host + (physical - block->physical));
}

static void check_gdt(const struct entered_kernel *kernel)
{
    uint64_t gdt[3];
    entered_kernel_read(kernel, kernel->machine->entry.gdt, gdt, sizeof gdt);
    assert_true(gdt[0] == 0 && gdt[1] == GDT_CODE_64_BIT && gdt[2] == GDT_DATA);
}

// ---- The memory map -----------------------------------------------------------------------

static void check_order(const struct entered_kernel *kernel)
{
    for (uint64_t i = 0; i < kernel->info.memory_map_count; i++) {
        const struct boot_memory_range *range = &kernel->map[i];
        assert_true(range->length > 0 && range->length <= UINT64_MAX - range->base);
        if (range->kind == BOOT_MEMORY_USABLE) {
            assert_int_equal((range->base | range->length) % PAGE, 0);
            assert_true(range->base >= PAGE);
            assert_true(fake_machine_is_usable(kernel->machine, range->base, range->length));
        }
        if (i > 0) {
            const uint64_t end = range[-1].base + range[-1].length;
            assert_true(range->base > end || (range->base == end && range->kind != range[-1].kind));
        }
    }
}

// What the loader uses of its memory: all up to the last page table, which lie in a row.
static uint64_t loader_bytes(const struct entered_kernel *kernel, const struct fake_block *block)
{
    const uint64_t bytes =
        kernel->machine->entry.root_physical + kernel->tables * PAGE - block->physical;
    assert_true(bytes <= block->bytes);
    return bytes;
}

// The map is firmware's, and in it what the loader has taken: the kernel's piece, those of modules
// and symbols, its own at last; and over it the framebuffer.
static void check_claims(const struct entered_kernel *kernel)
{
    static struct test_map raw;
    static struct test_map expected;
    const struct fake_machine *machine = kernel->machine;
    struct message why;
    test_map_reset(&raw, FAKE_RANGES);
    for (uint32_t i = 0; i < machine->range_count; i++) {
        const struct boot_memory_range *range = &machine->ranges[i];
        test_map_add(&raw, range->base, range->length, range->kind);
    }
    test_map_normalise(&raw, &expected);
    const uint32_t last = 1 + (uint32_t)kernel->info.module_count + kernel->has_symbols;
    assert_int_equal(machine->block_count, last + 1);
    for (uint32_t i = 0; i <= last; i++) {
        const uint32_t kind = i == 0      ? BOOT_MEMORY_KERNEL
                              : i == last ? BOOT_MEMORY_LOADER_RECLAIMABLE
                                          : BOOT_MEMORY_MODULE;
        const struct fake_block *block = &machine->blocks[i];
        const uint64_t bytes = i == last ? loader_bytes(kernel, block) : block->bytes;
        assert_true(memory_map_claim(&expected.map, block->physical, bytes, BOOT_MEMORY_USABLE,
                                     kind, &why));
    }
    const struct boot_framebuffer *screen = &kernel->info.framebuffer;
    assert_true(screen->size == 0 || memory_map_overlay(&expected.map, screen->physical_address,
                                                        (screen->size + PAGE - 1) / PAGE * PAGE,
                                                        BOOT_MEMORY_FRAMEBUFFER, &why));
    assert_int_equal(kernel->info.memory_map_count, expected.map.count);
    assert_memory_equal(kernel->map, expected.ranges, expected.map.count * sizeof *kernel->map);
}

// ---- All of it ----------------------------------------------------------------------------

static void read_boot_info(struct entered_kernel *kernel)
{
    entered_kernel_read(kernel, kernel->machine->entry.boot_info, &kernel->info,
                        sizeof kernel->info);
    const struct boot_info *info = &kernel->info;
    assert_int_equal(info->version, BOOT_INFO_VERSION);
    assert_int_equal(info->size, sizeof *info);
    assert_int_equal((info->flags & BOOT_FLAG_NX) != 0, kernel->machine->nx);
    assert_int_equal(info->boot_drive, kernel->machine->disk.drive);
    assert_int_equal(info->reserved, 0);
    assert_in_range(info->memory_map_count, 1, MEMORY_MAP_MAX);
    kernel->has_symbols = info->symbols.count != 0;
    const size_t bytes = (size_t)info->memory_map_count * sizeof *kernel->map;
    kernel->map = allocate(bytes);
    entered_kernel_read(kernel, (uintptr_t)info->memory_map, kernel->map, bytes);
    // Writable, as all that boot_info points to.
    entered_kernel_check_access(kernel, kernel->machine->entry.boot_info, sizeof *info,
                                ELF_PF_R | ELF_PF_W);
    entered_kernel_check_access(kernel, (uintptr_t)info->memory_map, bytes, ELF_PF_R | ELF_PF_W);
}

void entered_kernel_begin(struct entered_kernel *kernel, const struct fake_machine *machine)
{
    const struct boot_request nothing = {.stack_size = DEFAULT_STACK_BYTES};
    entered_kernel_begin_asked(kernel, machine, &nothing);
}

void entered_kernel_begin_asked(struct entered_kernel *kernel, const struct fake_machine *machine,
                                const struct boot_request *asked)
{
    if (machine->ending != BOOT_ENTERED) {
        fail_msg("%s", machine->line.text);
    }
    assert_true(machine->disk.finished);
    const uint64_t root = machine->entry.root_physical;
    const struct fake_block *block = fake_machine_block(machine, root);
    assert_non_null(block);
    *kernel = (struct entered_kernel){
        .machine = machine,
        .asked = *asked,
        .walker = {.pool = block->host,
                   .pool_physical = block->physical,
                   .pool_bytes = block->bytes,
                   .root_physical = root,
                   .recursive_slot = asked->recursive_slot,
                   .nx = machine->nx},
    };
    read_boot_info(kernel);
    kernel->tables = page_walker_visit(&kernel->walker, check_mapping, kernel);
    check_order(kernel);
    check_claims(kernel);
    check_direct_map(kernel);
    check_screen(kernel);
    check_stack(kernel);
    check_handover_page(kernel);
    check_gdt(kernel);
    entered_kernel_check_times(kernel);
}

void entered_kernel_end(struct entered_kernel *kernel)
{
    free(kernel->map);
    kernel->map = NULL;
}
