// Looks at what the kernel was given: its segments, modules, symbols and command line.
#include "entered_kernel.h"

#include "kernel_request.h"
#include "unit.h"

#define PAGE 4096u

// What all segments together allow of a page.
static uint32_t flags_of_page(const struct elf_file *file, uint64_t page)
{
    uint32_t flags = 0;
    for (uint32_t i = 0; i < elf_file_header(file)->e_phnum; i++) {
        const struct elf64_program_header *segment = elf_file_segment(file, i);
        if (segment->p_vaddr / PAGE <= page &&
            (segment->p_vaddr + (segment->p_memsz - 1)) / PAGE >= page) {
            flags |= segment->p_flags;
        }
    }
    return flags;
}

static void check_segment(const struct entered_kernel *kernel, const struct elf_file *file,
                          const struct elf64_program_header *segment)
{
    uint8_t *expected = calloc(1, (size_t)segment->p_memsz);
    uint8_t *actual = malloc((size_t)segment->p_memsz);
    assert_true(expected != NULL && actual != NULL);
    memcpy(expected, file->bytes + segment->p_offset, (size_t)segment->p_filesz);
    entered_kernel_read(kernel, segment->p_vaddr, actual, segment->p_memsz);
    assert_memory_equal(actual, expected, (size_t)segment->p_memsz);
    free(expected);
    free(actual);

    const uint64_t last = (segment->p_vaddr + (segment->p_memsz - 1)) / PAGE;
    for (uint64_t page = segment->p_vaddr / PAGE; page <= last; page++) {
        entered_kernel_check_access(kernel, page * PAGE, PAGE, flags_of_page(file, page));
        const struct fake_block *block =
            fake_machine_block(kernel->machine, entered_kernel_physical(kernel, page * PAGE));
        assert_ptr_equal(block, &kernel->machine->blocks[0]);
    }
}

static void check_zeros(const struct entered_kernel *kernel, uint64_t address, uint64_t bytes)
{
    static const uint8_t zeros[PAGE];
    uint8_t actual[PAGE];
    entered_kernel_read(kernel, address, actual, bytes);
    assert_memory_equal(actual, zeros, bytes);
}

void entered_kernel_check_segments(const struct entered_kernel *kernel, const struct elf_file *file)
{
    const struct elf64_header *header = elf_file_header(file);
    const struct boot_info *info = &kernel->info;
    uint64_t last_page = 0;
    uint64_t end = 0;
    for (uint32_t i = 0; i < header->e_phnum; i++) {
        const struct elf64_program_header *segment = elf_file_segment(file, i);
        check_segment(kernel, file, segment);
        last_page = (segment->p_vaddr + (segment->p_memsz - 1)) / PAGE * PAGE;
        if (segment->p_type == ELF_PT_LOAD) {
            end = segment->p_vaddr + segment->p_memsz;
        }
    }
    check_zeros(kernel, end, last_page + PAGE - end);
    const uint64_t first_page = elf_file_segment(file, 0)->p_vaddr / PAGE * PAGE;
    assert_int_equal(info->kernel_virtual_base, first_page);
    assert_int_equal(info->kernel_virtual_size, last_page - first_page + PAGE);
    assert_int_equal(info->kernel_physical_base, entered_kernel_physical(kernel, first_page));
    assert_int_equal(kernel->machine->entry.entry, header->e_entry);
    if ((info->flags & BOOT_FLAG_KERNEL_CONTIGUOUS) != 0) {
        assert_int_equal(entered_kernel_physical(kernel, last_page) - info->kernel_physical_base,
                         last_page - first_page);
    }
}

static void check_text(const struct entered_kernel *kernel, const char *at, const char *text)
{
    char actual[256];
    assert_true(strlen(text) < sizeof actual);
    entered_kernel_read(kernel, (uintptr_t)at, actual, strlen(text) + 1);
    assert_string_equal(actual, text);
}

static void check_bytes(const struct entered_kernel *kernel, uint64_t address, const void *bytes,
                        uint64_t size)
{
    uint8_t *actual = allocate((size_t)size);
    entered_kernel_read(kernel, address, actual, size);
    assert_memory_equal(actual, bytes, (size_t)size);
    entered_kernel_check_access(kernel, address, size, ELF_PF_R | ELF_PF_W);
    free(actual);
}

void entered_kernel_check_modules(const struct entered_kernel *kernel,
                                  const struct boot_image_module *modules, uint32_t count)
{
    assert_int_equal(kernel->info.module_count, count);
    for (uint32_t i = 0; i < count; i++) {
        struct boot_module module;
        entered_kernel_read(kernel, (uintptr_t)(kernel->info.modules + i), &module, sizeof module);
        assert_int_equal(module.size, modules[i].size);
        assert_int_equal((uintptr_t)module.address % PAGE, 0);
        assert_int_equal(entered_kernel_physical(kernel, (uintptr_t)module.address),
                         module.physical_address);
        check_bytes(kernel, (uintptr_t)module.address, modules[i].bytes, module.size);
        check_text(kernel, module.name, modules[i].name);
        check_text(kernel, module.command_line, modules[i].command_line);
        check_zeros(kernel, (uintptr_t)module.address + module.size,
                    (PAGE - module.size % PAGE) % PAGE);
    }
}

void entered_kernel_check_symbols(const struct entered_kernel *kernel, const uint8_t *item,
                                  uint64_t bytes)
{
    const struct boot_symbols *symbols = &kernel->info.symbols;
    const uint64_t table = symbols->count * sizeof(struct boot_symbol);
    assert_int_equal(sizeof(struct symbols_header) + table + symbols->names_size, bytes);
    check_bytes(kernel, (uintptr_t)symbols->table, item + sizeof(struct symbols_header), table);
    check_bytes(kernel, (uintptr_t)symbols->names, item + sizeof(struct symbols_header) + table,
                symbols->names_size);
}

void entered_kernel_check_command_line(const struct entered_kernel *kernel, const char *text)
{
    const size_t length = strlen(text);
    assert_int_equal(kernel->info.command_line_length, length);
    char *actual = allocate(length + 1);
    entered_kernel_read(kernel, (uintptr_t)kernel->info.command_line, actual, length + 1);
    assert_memory_equal(actual, text, length + 1);
    free(actual);
}

static void check_steps(const struct boot_info *info)
{
    static const enum boot_step in_time[] = {
        BOOT_STEP_MBR,      BOOT_STEP_STAGE2,  BOOT_STEP_A20,       BOOT_STEP_MEMORY_MAP,
        BOOT_STEP_HEADER,   BOOT_STEP_KERNEL,  BOOT_STEP_RELOCATED, BOOT_STEP_MODULES,
        BOOT_STEP_FIRMWARE, BOOT_STEP_PLANNED, BOOT_STEP_BUILT,
    };
    assert_int_equal(sizeof in_time / sizeof in_time[0], BOOT_STEP_COUNT);
    assert_int_equal(info->timestamp_count, BOOT_STEP_COUNT);
    for (size_t i = 1; i < BOOT_STEP_COUNT; i++) {
        assert_true(info->timestamps[in_time[i]] > info->timestamps[in_time[i - 1]]);
    }
}

// Which step an item of this kind is read in, between the ends of two others.
static void check_step_of(const struct boot_info *info, const struct boot_item *item, uint64_t end)
{
    const bool early = item->kind == BOOT_ITEM_COMMAND_LINE;
    const bool late = item->kind == BOOT_ITEM_MODULE || item->kind == BOOT_ITEM_SYMBOLS;
    const enum boot_step before = early  ? BOOT_STEP_MEMORY_MAP
                                  : late ? BOOT_STEP_RELOCATED
                                         : BOOT_STEP_HEADER;
    const enum boot_step after = early  ? BOOT_STEP_HEADER
                                 : late ? BOOT_STEP_MODULES
                                        : BOOT_STEP_KERNEL;
    assert_true(item->begin > info->timestamps[before] && end < info->timestamps[after]);
}

void entered_kernel_check_times(const struct entered_kernel *kernel)
{
    const struct boot_info *info = &kernel->info;
    check_steps(info);
    uint64_t kinds[BOOT_ITEM_MODULE + 1] = {0};
    uint64_t before = 0; // the end of the item before
    for (uint64_t i = 0; i < info->item_count; i++) {
        struct boot_item item;
        entered_kernel_read(kernel, (uintptr_t)(info->items + i), &item, sizeof item);
        assert_in_range(item.kind, BOOT_ITEM_KERNEL, BOOT_ITEM_MODULE);
        kinds[item.kind]++;
        assert_true(item.stored_bytes > 0 && item.bytes > 0 && item.begin > before);
        assert_true(item.parts[BOOT_ITEM_READ] > 0 && item.parts[BOOT_ITEM_VERIFY] > 0);
        assert_true(item.bytes == item.stored_bytes || item.parts[BOOT_ITEM_DECOMPRESS] > 0);
        before = item.begin + item.parts[BOOT_ITEM_READ] + item.parts[BOOT_ITEM_VERIFY] +
                 item.parts[BOOT_ITEM_DECOMPRESS];
        check_step_of(info, &item, before);
    }
    assert_int_equal(kinds[BOOT_ITEM_KERNEL], 1);
    assert_int_equal(kinds[BOOT_ITEM_COMMAND_LINE], info->command_line_length != 0);
    assert_int_equal(kinds[BOOT_ITEM_SYMBOLS], info->symbols.count != 0);
    assert_int_equal(kinds[BOOT_ITEM_MODULE], info->module_count);
}
