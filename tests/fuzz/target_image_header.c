// Fuzzes image_header_parse: what it accepts is looked at again, by the format's rules alone.
// Input: LBA of the header (8 bytes), then the header as it was read.
#include "fuzz.h"
#include "image_header.h"
#include "page.h"
#include "unit.h"

#define LBA_BYTES sizeof(uint64_t)

struct fuzz_area fuzz_fields(const uint8_t *bytes, size_t size, uint64_t choice)
{
    struct image_header header;
    if (size < LBA_BYTES + sizeof header || choice % 4 == 0) {
        return (struct fuzz_area){0, size};
    }
    memcpy(&header, bytes + LBA_BYTES, sizeof header);
    return (struct fuzz_area){0, LBA_BYTES + sizeof header +
                                     header.item_count * sizeof(struct image_item)};
}

static void repair(uint8_t *bytes, size_t size)
{
    struct image_header header;
    if (size < LBA_BYTES + SECTOR_SIZE) {
        return;
    }
    memcpy(&header, bytes + LBA_BYTES, sizeof header);
    memcpy(header.magic, IMAGE_MAGIC, IMAGE_MAGIC_SIZE);
    header.version = IMAGE_VERSION;
    header.item_size = sizeof(struct image_item);
    const size_t most = (size - LBA_BYTES) / SECTOR_SIZE * SECTOR_SIZE;
    if (header.header_bytes == 0 || header.header_bytes > most) {
        header.header_bytes = (uint32_t)most;
    }
    header.header_bytes -= header.header_bytes % SECTOR_SIZE;
    if (header.header_bytes == 0) {
        header.header_bytes = SECTOR_SIZE;
    }
    memcpy(bytes + LBA_BYTES, &header, sizeof header);
    header.checksum = image_header_checksum(bytes + LBA_BYTES, header.header_bytes);
    memcpy(bytes + LBA_BYTES, &header, sizeof header);
}

fuzz_repair_function *const fuzz_repair = repair;

static void check_item(const struct image_item *item, const struct image_items *items,
                       uint64_t *next_lba)
{
    const uint64_t sectors = item->bytes / SECTOR_SIZE + (item->bytes % SECTOR_SIZE != 0);
    assert_in_range(item->kind, IMAGE_ITEM_KERNEL, IMAGE_ITEM_MODULE);
    assert_true(item->lba >= *next_lba && item->lba < items->image_sectors);
    assert_in_range(sectors, 1, items->image_sectors - item->lba);
    assert_int_equal(image_item_sectors(item->bytes), sectors);
    *next_lba = item->lba + sectors;
    // Room for every sector that is read, whose sum with an address cannot be known yet.
    assert_true(item->memory_bytes % PAGE_SIZE_4K == 0 &&
                item->memory_bytes / SECTOR_SIZE >= sectors);
    assert_in_range(item->memory_alignment, PAGE_SIZE_4K, PAGE_SIZE_1G);
    assert_int_equal(item->memory_alignment & (item->memory_alignment - 1), 0);
    assert_true(item->memory_phase % PAGE_SIZE_4K == 0 &&
                item->memory_phase < item->memory_alignment);
    assert_int_equal(item->physical_address, 0);
}

// Bytes of the module's texts, which end where they say.
static uint64_t check_module(const struct image_item *module, const struct image_items *items,
                             size_t header_bytes)
{
    const char *name = image_item_text(items, module);
    const char *end = items->text_base + header_bytes;
    assert_true(name >= (const char *)(items->all + items->count) && name < end);
    const size_t name_bytes = strnlen(name, (size_t)(end - name));
    assert_int_equal(name_bytes, module->name_bytes);
    assert_in_range(name_bytes, 1, MODULE_NAME_MAX_BYTES);
    const char *line = name + name_bytes + 1;
    assert_true(line < end);
    const size_t line_bytes = strnlen(line, (size_t)(end - line));
    assert_true(line + line_bytes < end);
    assert_int_equal(line_bytes, module->command_line_bytes);
    assert_true(line_bytes <= COMMAND_LINE_MAX_BYTES);
    return name_bytes + 1 + line_bytes + 1;
}

static void check_accepted(const struct image_header *header, size_t bytes, uint64_t lba,
                           struct image_items *items)
{
    unsigned counts[IMAGE_ITEM_MODULE + 1] = {0};
    uint64_t next_lba = lba + header->header_bytes / SECTOR_SIZE;
    assert_true(header->header_bytes <= bytes && next_lba > lba);
    assert_true((uint8_t *)(items->all + items->count) <= (uint8_t *)header + header->header_bytes);
    for (uint32_t i = 0; i < items->count; i++) {
        check_item(&items->all[i], items, &next_lba);
        counts[items->all[i].kind]++;
    }
    assert_int_equal(counts[IMAGE_ITEM_KERNEL], 1);
    assert_int_equal(items->kernel->kind, IMAGE_ITEM_KERNEL);
    assert_int_equal(counts[IMAGE_ITEM_COMMAND_LINE], items->command_line != NULL);
    assert_int_equal(counts[IMAGE_ITEM_SYMBOLS], items->symbols != NULL);
    assert_int_equal(counts[IMAGE_ITEM_MODULE], items->module_count);

    uint64_t text_bytes = 0;
    uint32_t cursor = 0;
    uint32_t modules = 0;
    for (const struct image_item *module = image_items_next_module(items, &cursor); module != NULL;
         module = image_items_next_module(items, &cursor)) {
        text_bytes += check_module(module, items, header->header_bytes);
        modules++;
    }
    assert_int_equal(modules, items->module_count);
    assert_int_equal(text_bytes, items->modules_text_bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct fuzz_input input = {bytes, size};
    struct image_items items;
    struct message why;
    const uint64_t lba = fuzz_number(&input, LBA_BYTES);
    const size_t header_bytes = input.left / SECTOR_SIZE * SECTOR_SIZE;
    uint8_t *header = fuzz_copy(input.bytes, header_bytes);
    if (image_header_parse(header, header_bytes, lba, &items, &why)) {
        check_accepted((const struct image_header *)(void *)header, header_bytes, lba, &items);
    } else {
        fuzz_check_refusal(&why);
    }
    free(header);
    return 0;
}
