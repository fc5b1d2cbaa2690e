// Fills boot_info and what lies behind it: GDT, modules, memory map, texts; and says where modules
// and symbols are in the loader region. Called by handover.c.
#include "image_header.h"
#include "loader_region.h"

#include <string.h>

#define LOADER_NAME "Firstlight"

// Offsets in the loader region (handover.h).
#define FRAMEBUFFER_OFFSET 0x100000000u
#define ITEMS_OFFSET       0x200000000u

#define MODULES_OFFSET (GDT_OFFSET + KERNEL_GDT_BYTES)

_Static_assert(GDT_OFFSET % 8 == 0 && MODULES_OFFSET % 8 == 0, "info structures are aligned");

// Flat segments, accessed bits set so that the CPU never writes here (Intel SDM volume 3A, figures
// 3-8 and 5-1): 64-bit code execute-read, data read-write.
static const uint64_t kernel_gdt[] = {0, 0x00AF9B000000FFFFu, 0x00CF93000000FFFFu};

_Static_assert(sizeof kernel_gdt == KERNEL_GDT_BYTES, "null, code and data");

// ---- The loader region --------------------------------------------------------------------

uint64_t region_framebuffer_offset(const struct boot_framebuffer *framebuffer)
{
    return FRAMEBUFFER_OFFSET + framebuffer->physical_address % PAGE_SIZE_2M;
}

bool region_item_next(struct region_item *item, const struct image_items *items)
{
    uint64_t offset = item->cursor == 0 ? ITEMS_OFFSET : item->offset + item->bytes;
    item->offset = offset;
    item->bytes = 0;
    while (item->cursor < items->count) {
        const struct image_item *next = &items->all[item->cursor++];
        if (next->physical_address != 0 &&
            (next->kind == IMAGE_ITEM_MODULE || next->kind == IMAGE_ITEM_SYMBOLS)) {
            item->item = next;
            item->bytes = page_round_up(next->bytes);
            if (next->bytes >= PAGE_SIZE_2M) {
                item->offset += (next->physical_address - offset) % PAGE_SIZE_2M;
            }
            return true;
        }
    }
    return false;
}

// ---- boot_info ----------------------------------------------------------------------------

uint64_t boot_info_bytes(const struct handover_input *input, uint64_t ranges)
{
    return MODULES_OFFSET + input->items->module_count * sizeof(struct boot_module) +
           ranges * sizeof(struct boot_memory_range) +
           input->items->count * sizeof(struct boot_item) + sizeof LOADER_NAME +
           sizeof FIRSTLIGHT_VERSION + input->command_line_bytes + sizeof(char) +
           input->items->modules_text_bytes;
}

static void *pointer_to(uint64_t virtual_address)
{
    return (void *)(uintptr_t)virtual_address;
}

// The bytes behind boot_info that are filled one after the other.
struct tail {
    uint8_t *memory;
    uint64_t to_virtual; // from there to where the kernel finds it, modulo 2^64
};

// Copies bytes to the tail; returns where the kernel finds them.
static const void *append(struct tail *tail, const void *bytes, uint64_t size)
{
    uint8_t *memory = tail->memory;
    memcpy(memory, bytes, (size_t)size);
    tail->memory = memory + size;
    return pointer_to((uintptr_t)memory + tail->to_virtual);
}

static void describe_symbols(const struct symbols_header *header, uint64_t virtual_address,
                             struct boot_symbols *symbols)
{
    const uint64_t table = virtual_address + sizeof *header;
    *symbols = (struct boot_symbols){
        .table = pointer_to(table),
        .count = header->symbol_count,
        .names = pointer_to(table + header->symbol_count * sizeof(struct boot_symbol)),
        .names_size = header->names_bytes,
    };
}

// Fills the table of modules, their texts, and the place of the symbols.
static void describe_items(const struct handover_input *input, const struct handover *handover,
                           struct tail *texts)
{
    struct boot_info *info = handover->boot_info;
    struct boot_module *module = (struct boot_module *)(void *)((uint8_t *)info + MODULES_OFFSET);
    struct region_item at = {0};
    while (region_item_next(&at, input->items)) {
        const uint64_t virtual_address = handover->loader_region + at.offset;
        if (at.item->kind == IMAGE_ITEM_SYMBOLS) {
            describe_symbols(input->symbols, virtual_address, &info->symbols);
            continue;
        }
        const uint32_t name_bytes = at.item->name_bytes + 1u;
        module->address = pointer_to(virtual_address);
        module->size = at.item->bytes;
        module->physical_address = at.item->physical_address;
        module->name = append(texts, image_item_text(input->items, at.item),
                              name_bytes + at.item->command_line_bytes + 1u);
        module->command_line = module->name + name_bytes;
        module++;
    }
}

static void describe_kernel(const struct handover_input *input, struct boot_info *info)
{
    const struct elf_kernel *elf = input->kernel->elf;
    info->kernel_physical_base = input->kernel_physical + input->kernel->base_offset;
    info->kernel_virtual_base = elf->virtual_base;
    info->kernel_virtual_size = elf->virtual_end - elf->virtual_base;
    info->kernel_slide = elf->slide;
    info->tls = (struct boot_tls){
        .address = pointer_to(elf->tls_address),
        .file_size = elf->tls_file_size,
        .memory_size = elf->tls_memory_size,
        .alignment = elf->tls_alignment,
    };
}

static void describe_screen(const struct handover *handover, struct boot_info *info)
{
    info->framebuffer.address = pointer_to(handover->framebuffer);
    const uint64_t text = info->text_mode.physical_address;
    if (text != 0 && handover->vga_text_mapped) {
        info->text_mode.address = pointer_to(text);
    } else if (text != 0 && handover->direct_map_size != 0) {
        info->text_mode.address = pointer_to(handover->direct_map + text);
    }
}

bool boot_info_write(const struct handover_input *input, const struct handover *handover,
                     struct message *why)
{
    const uint32_t modules = (uint32_t)input->items->module_count;
    if (boot_info_bytes(input, input->map->count) > handover->info_bytes) {
        return message_defect(why, "the memory map has outgrown its pages");
    }
    struct boot_info *info = handover->boot_info;
    memset(info, 0, (size_t)handover->info_bytes); // ends the command line, too
    *info = *input->facts;
    info->version = BOOT_INFO_VERSION;
    info->size = sizeof *info;
    info->flags = (input->nx ? BOOT_FLAG_NX : 0) |
                  (handover->vga_text_mapped ? BOOT_FLAG_VGA_TEXT_MAPPED : 0) |
                  (input->kernel->contiguous ? BOOT_FLAG_KERNEL_CONTIGUOUS : 0);
    info->direct_map_offset = handover->direct_map;
    info->direct_map_size = handover->direct_map_size;
    info->stack_bottom = handover->stack_virtual;
    info->stack_top = handover->stack_virtual + handover->stack_bytes;
    info->stack_guard_size = PAGE_BYTES;
    info->handover_page = handover->loader_region;
    info->recursive_slot = input->request->recursive_slot;
    info->module_count = modules;
    if (modules != 0) {
        info->modules = pointer_to(handover->info_virtual + MODULES_OFFSET);
    }
    describe_kernel(input, info);
    describe_screen(handover, info);

    struct tail tail = {
        .memory = (uint8_t *)info + MODULES_OFFSET + modules * sizeof(struct boot_module),
        .to_virtual = handover->info_virtual - (uintptr_t)info,
    };
    info->memory_map_count = input->map->count;
    info->memory_map =
        append(&tail, input->map->ranges, input->map->count * sizeof(struct boot_memory_range));
    info->item_count = input->items->count;
    info->items = append(&tail, input->item_times, input->items->count * sizeof(struct boot_item));
    info->loader_name = append(&tail, LOADER_NAME, sizeof LOADER_NAME);
    info->loader_version = append(&tail, FIRSTLIGHT_VERSION, sizeof FIRSTLIGHT_VERSION);
    describe_items(input, handover, &tail);
    info->command_line_length = input->command_line_bytes;
    info->command_line = append(&tail, input->command_line, input->command_line_bytes);
    memcpy((uint8_t *)info + GDT_OFFSET, kernel_gdt, sizeof kernel_gdt);
    return true;
}
