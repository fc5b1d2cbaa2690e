// Checks boot_info; see check_info.h.
#include "check_info.h"

#include "check_memory.h"
#include "lib/string.h"
#include "page_walk.h"
#include "panic.h"

#include <stdbool.h>
#include <stddef.h>

#define HIGHER_HALF          UINT64_C(0xFFFF800000000000)
#define FOUR_GIB             UINT64_C(0x100000000)
#define KNOWN_FLAGS          (BOOT_FLAG_NX | BOOT_FLAG_VGA_TEXT_MAPPED | BOOT_FLAG_KERNEL_CONTIGUOUS)
#define DIRECT_MAP_UNIT      (UINT64_C(512) << 30)
#define COMMAND_LINE_MAX     4095u
#define MODULE_NAME_MAX      255u
#define RECURSIVE_SLOT_MAX   511u
#define SMALLEST_STACK_GUARD PAGE_BYTES

static bool in_kernel(const struct boot_info *info, uint64_t address)
{
    return address - info->kernel_virtual_base < info->kernel_virtual_size;
}

// All that boot_info points to lies in the higher half, whether or not there is a direct map.
static void check_pointer(const void *pointer)
{
    ASSERT(pointer != NULL && (uint64_t)pointer >= HIGHER_HALF);
}

static void check_text(const char *text, uint64_t length)
{
    check_pointer(text);
    ASSERT(strlen(text) == length);
}

static bool is_version(const char *text)
{
    unsigned dots = 0;
    for (char before = '.'; *text != '\0'; before = *text++) {
        if (*text == '.' && before != '.') {
            dots++;
        } else if (*text < '0' || *text > '9') {
            return false;
        }
    }
    return dots == 2 && text[-1] != '.';
}

void check_identity(const struct boot_info *info)
{
    check_pointer(info);
    ASSERT(info->version == BOOT_INFO_VERSION && info->size == sizeof *info);
    ASSERT((info->flags & ~(uint64_t)KNOWN_FLAGS) == 0);
    ASSERT(info->reserved == 0);
    check_text(info->loader_name, sizeof "Firstlight" - 1);
    ASSERT(memcmp(info->loader_name, "Firstlight", sizeof "Firstlight") == 0);
    check_text(info->loader_version, strlen(info->loader_version));
    ASSERT(is_version(info->loader_version));
    ASSERT(info->firmware == BOOT_FIRMWARE_BIOS);
    ASSERT(info->command_line_length <= COMMAND_LINE_MAX);
    check_text(info->command_line, info->command_line_length);
}

// The kernel's own first bytes are at kernel_physical_base.
static void check_placement(const struct boot_info *info)
{
    struct mapping mapping;
    ASSERT(page_walk(info, info->kernel_virtual_base, &mapping));
    const volatile uint64_t *by_map = direct(info, info->kernel_physical_base);
    const volatile uint64_t *by_address = (const volatile uint64_t *)info->kernel_virtual_base;
    for (unsigned i = 0; i < PAGE_BYTES / sizeof *by_map; i++) {
        ASSERT(by_map[i] == by_address[i]);
    }
}

static void check_direct_map(const struct boot_info *info)
{
    if (info->direct_map_offset == 0) {
        ASSERT(info->direct_map_size == 0);
        return;
    }
    ASSERT(info->direct_map_offset % DIRECT_MAP_UNIT == 0);
    ASSERT(info->direct_map_size >= FOUR_GIB && info->direct_map_size % PAGE_BYTES == 0);
    check_placement(info);
}

void check_address_space(const struct boot_info *info)
{
    ASSERT(info->kernel_physical_base % PAGE_BYTES == 0 && info->kernel_physical_base != 0);
    ASSERT(info->kernel_virtual_base % PAGE_BYTES == 0 && info->kernel_virtual_base != 0);
    ASSERT(info->kernel_virtual_size % PAGE_BYTES == 0 && info->kernel_virtual_size != 0);
    ASSERT(info->kernel_slide % PAGE_BYTES == 0);
    ASSERT(in_kernel(info, (uint64_t)check_address_space));

    const uint64_t here = (uint64_t)__builtin_frame_address(0);
    ASSERT(info->stack_bottom % PAGE_BYTES == 0 && info->stack_top % PAGE_BYTES == 0);
    ASSERT(info->stack_bottom >= HIGHER_HALF);
    ASSERT(here > info->stack_bottom && here < info->stack_top);
    ASSERT(info->stack_guard_size % PAGE_BYTES == 0);
    ASSERT(info->stack_guard_size >= SMALLEST_STACK_GUARD);
    ASSERT(info->handover_page % PAGE_BYTES == 0 && info->handover_page >= HIGHER_HALF);
    ASSERT(info->recursive_slot <= RECURSIVE_SLOT_MAX);
    check_direct_map(info);
}

static void check_module(const struct boot_module *module)
{
    const uint64_t first = (uint64_t)module->address;
    const uint64_t end = first + ((module->size + PAGE_BYTES - 1) & ~(uint64_t)(PAGE_BYTES - 1));
    check_pointer(module->address);
    ASSERT(first % PAGE_BYTES == 0 && module->physical_address % PAGE_BYTES == 0);
    ASSERT(module->size >= 1 && module->physical_address != 0 && module->reserved == 0);
    for (const volatile uint8_t *tail = (uint8_t *)first + module->size; (uint64_t)tail < end;
         tail++) {
        ASSERT(*tail == 0);
    }
    ASSERT(module->name[0] != '\0' && strlen(module->name) <= MODULE_NAME_MAX);
    check_text(module->name, strlen(module->name));
    ASSERT(strlen(module->command_line) <= COMMAND_LINE_MAX);
    check_text(module->command_line, strlen(module->command_line));
    volatile uint8_t *last = (uint8_t *)end - 1; // writable to its last byte
    const uint8_t old = *last;
    *last = (uint8_t)~old;
    ASSERT(*last == (uint8_t)~old);
    *last = old;
}

// Where it is in memory, as the map and the page tables have it.
static void check_module_memory(const struct boot_info *info, const struct boot_module *module)
{
    const struct boot_memory_range *range = range_at(info, module->physical_address);
    ASSERT(range != NULL && range->kind == BOOT_MEMORY_MODULE);
    ASSERT(range_at(info, module->physical_address + module->size - 1) == range);
    for (uint64_t page = 0; info->direct_map_offset != 0 && page < module->size;
         page += PAGE_BYTES) {
        ASSERT(physical_address(info, (uint64_t)module->address + page) ==
               module->physical_address + page);
    }
}

void check_modules(const struct boot_info *info)
{
    ASSERT((info->modules == NULL) == (info->module_count == 0));
    for (uint64_t i = 0; i < info->module_count; i++) {
        check_module(&info->modules[i]);
        check_module_memory(info, &info->modules[i]);
    }
}

void check_symbols(const struct boot_info *info)
{
    const struct boot_symbols *symbols = &info->symbols;
    if (symbols->count == 0) {
        ASSERT(symbols->table == NULL && symbols->names == NULL && symbols->names_size == 0);
        return;
    }
    check_pointer(symbols->table);
    check_pointer(symbols->names);
    ASSERT(symbols->names_size >= 1 && symbols->names[symbols->names_size - 1] == '\0');
    for (uint64_t i = 0; i < symbols->count; i++) {
        ASSERT(symbols->table[i].name < symbols->names_size);
        ASSERT(symbols->table[i].offset < info->kernel_virtual_size);
        ASSERT(i == 0 || symbols->table[i].offset >= symbols->table[i - 1].offset);
    }
}

void check_tls(const struct boot_info *info)
{
    const struct boot_tls *tls = &info->tls;
    if (tls->address == NULL) {
        ASSERT(tls->file_size == 0 && tls->memory_size == 0 && tls->alignment == 0);
        return;
    }
    ASSERT(tls->memory_size >= tls->file_size && tls->memory_size > 0);
    ASSERT(tls->alignment != 0 && (tls->alignment & (tls->alignment - 1)) == 0);
    ASSERT(in_kernel(info, (uint64_t)tls->address));
}

void check_boot_info(const struct boot_info *info)
{
    check_identity(info);
    check_memory_map(info);
    check_address_space(info);
    check_modules(info);
    check_symbols(info);
    check_tls(info);
    check_screen(info);
    check_tables(info);
    check_disk(info);
    check_entropy(info);
    check_timestamps(info);
    if (info->direct_map_offset != 0) {
        check_firmware_memory(info);
        check_memory_in_use(info);
    }
}
