// Builds hand-overs for the unit tests.
#include "built_handover.h"

#include "kernel_request.h"
#include "unit.h"

#define PAGE       4096u
#define MIB        0x100000ull
#define FILE_BYTES 0x4000u

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

static struct image_item *add_item(struct built_handover *built, uint32_t kind, uint64_t physical,
                                   uint64_t bytes)
{
    struct image_items *items = &built->items;
    assert_true(items->count < BUILT_ITEMS);
    items->all = built->item_storage;
    items->text_base = built->texts;
    struct image_item *item = &built->item_storage[items->count++];
    *item = (struct image_item){.kind = kind, .bytes = bytes, .physical_address = physical};
    return item;
}

static uint32_t add_text(struct built_handover *built, const char *text)
{
    const uint32_t bytes = (uint32_t)strlen(text) + 1;
    assert_true(built->items.modules_text_bytes + bytes <= sizeof built->texts);
    memcpy(built->texts + built->items.modules_text_bytes, text, bytes);
    built->items.modules_text_bytes += bytes;
    return bytes - 1;
}

void handover_add_module(struct built_handover *built, const char *name, const char *command_line,
                         uint64_t physical, uint64_t bytes)
{
    struct image_item *item = add_item(built, IMAGE_ITEM_MODULE, physical, bytes);
    item->text_offset = (uint32_t)built->items.modules_text_bytes;
    item->name_bytes = (uint16_t)add_text(built, name);
    item->command_line_bytes = (uint16_t)add_text(built, command_line);
    built->items.module_count++;
}

void handover_add_symbols(struct built_handover *built, uint64_t physical, uint64_t bytes)
{
    built->items.symbols = add_item(built, IMAGE_ITEM_SYMBOLS, physical, bytes);
    built->symbols.symbol_count = (uint32_t)(bytes / 32);
    built->symbols.names_bytes =
        (uint32_t)(bytes - sizeof built->symbols -
                   built->symbols.symbol_count * sizeof(struct boot_symbol));
}

static uint64_t find(const struct test_map *map, uint64_t bytes)
{
    struct memory_wish wish = {.bytes = bytes, .alignment = PAGE, .minimum = MIB};
    uint64_t address;
    assert_true(memory_map_find(&map->map, &wish, &address));
    return address;
}

static void claim(struct test_map *map, uint64_t address, uint64_t bytes, uint32_t kind)
{
    struct message why;
    assert_true(memory_map_claim(&map->map, address, bytes, BOOT_MEMORY_USABLE, kind, &why));
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
    for (uint32_t i = 0; i < built->items.count; i++) {
        built->item_times[i] = (struct boot_item){
            .kind = i, .begin = 1000 + i, .parts = {i, (uint64_t)2 * i, UINT64_MAX - i}};
    }
    // The last bytes of their block, not terminated: what is behind them must not be read.
    const size_t length = strlen(command_line);
    built->command_line = allocate(1 + length);
    memcpy(built->command_line + 1, command_line, length);
    const uint64_t kernel_physical = find(&built->map, built->layout.memory_bytes);
    claim(&built->map, kernel_physical, built->layout.memory_bytes, BOOT_MEMORY_KERNEL);
    built->input = (struct handover_input){
        .kernel = &built->layout,
        .kernel_physical = kernel_physical,
        .map = &built->map.map,
        .request = &built->request,
        .items = &built->items,
        .item_times = built->item_times,
        .symbols = built->items.symbols != NULL ? &built->symbols : NULL,
        .command_line = built->command_line + 1,
        .command_line_bytes = length,
        .facts = &built->facts,
        .nx = built->nx,
        .gigabyte_pages = built->gigabyte_pages,
    };
    return handover_plan(&built->input, &built->handover, why);
}

void handover_build_planned(struct built_handover *built)
{
    struct message why = {.text = ""};
    const struct handover *plan = &built->handover;
    built->physical = find(&built->map, plan->memory_bytes);
    built->memory = allocate_pages((size_t)plan->memory_bytes);
    if (!handover_build(&built->input, &built->handover, built->memory, built->physical, &why)) {
        fail_msg("%s", why.text);
    }
    claim(&built->map, built->physical, plan->memory_bytes, BOOT_MEMORY_LOADER_RECLAIMABLE);
    if (!boot_info_write(&built->input, plan, &why)) {
        fail_msg("%s", why.text);
    }
    built->walker = (struct page_walker){.pool = built->memory + plan->tables_offset,
                                         .pool_physical = built->physical + plan->tables_offset,
                                         .pool_bytes = plan->tables_bytes,
                                         .root_physical = plan->root_physical,
                                         .recursive_slot = built->request.recursive_slot,
                                         .nx = built->nx};
}

void handover_make(struct built_handover *built, const struct elf64_program_header *segments,
                   uint32_t count, const char *command_line)
{
    struct message why = {.text = ""};
    if (!handover_try(built, segments, count, command_line, &why)) {
        fail_msg("%s", why.text);
    }
    handover_build_planned(built);
}

void handover_free(struct built_handover *built)
{
    free(built->command_line);
    free_pages(built->memory);
    elf_file_free(&built->file);
}
