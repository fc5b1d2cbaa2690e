// Disk images in memory for the fake machine.
#include "boot_image.h"

#include "checksum.h"
#include "compress.h"
#include "decompress_item.h"
#include "image_header.h"
#include "image_layout.h"
#include "kernel_pack.h"
#include "unit.h"

#define STAGE2_SECTORS 12u
#define PAGE           4096u

static bool append(void *context, const void *bytes, size_t size, struct message *why)
{
    struct boot_image *image = context;
    (void)why;
    if (image->capacity - image->size < size) {
        image->capacity = 2 * (image->size + size);
        image->bytes = realloc(image->bytes, (size_t)image->capacity);
        assert_non_null(image->bytes);
    }
    memcpy(image->bytes + image->size, bytes, size);
    image->size += size;
    return true;
}

// The loader is not run from the disk here: its headers and end marks are all that counts. Of
// `parts` all but the loader is the caller's.
static void write_image(struct boot_image *image, struct image_parts parts)
{
    static _Alignas(uint64_t) uint8_t stage2[STAGE2_SECTORS * SECTOR_SIZE];
    const struct stage2_header header = {
        .signature = {'1', 's', 't', 'L', 'i', 'g', 'h', 't'},
        .first_block_sectors = FIRST_BLOCK_SECTORS,
        .stage2_sectors = STAGE2_SECTORS,
    };
    memcpy(stage2, &header, sizeof header);
    uint8_t mbr[SECTOR_SIZE] = {[MBR_BOOT_SIGNATURE_OFFSET] = 0x55, 0xAA};
    parts.mbr = mbr;
    parts.mbr_bytes = sizeof mbr;
    parts.stage2 = stage2;
    parts.stage2_bytes = sizeof stage2;
    parts.command_line_bytes = strlen(parts.command_line);
    *image = (struct boot_image){.size = 0};
    const struct image_writer writer = {append, image};
    struct message why;
    if (!image_write(&parts, &writer, &why)) {
        fail_msg("%s", why.text);
    }
}

static void pack(const struct elf_file *kernel, struct packed_kernel *packed)
{
    struct elf_kernel elf;
    struct message why;
    if (!elf_parse(kernel->bytes, kernel->size, &elf, &why) || !kernel_pack(&elf, packed, &why)) {
        fail_msg("%s", why.text);
    }
}

void boot_image_make(struct boot_image *image, const struct elf_file *kernel,
                     const char *command_line)
{
    struct packed_kernel packed;
    pack(kernel, &packed);
    write_image(image, (struct image_parts){.kernel = &packed, .command_line = command_line});
    packed_kernel_free(&packed);
}

static bool read_module(void *context, uint64_t offset, void *buffer, size_t size,
                        struct message *why)
{
    const struct boot_image_module *module = context;
    (void)why;
    assert_true(offset <= module->size && size <= module->size - offset);
    memcpy(buffer, (const uint8_t *)module->bytes + offset, size);
    return true;
}

static void set_modules(struct image_module *parts, const struct boot_image_module *modules,
                        uint32_t count)
{
    assert_true(count <= BOOT_IMAGE_MODULES);
    for (uint32_t i = 0; i < count; i++) {
        parts[i] = (struct image_module){.name = modules[i].name,
                                         .command_line = modules[i].command_line,
                                         .file = {.read = read_module,
                                                  .context = (void *)(uintptr_t)&modules[i],
                                                  .bytes = modules[i].size}};
    }
}

void boot_image_make_with(struct boot_image *image, const struct elf_file *kernel,
                          const struct boot_image_module *modules, uint32_t count,
                          const uint8_t *symbols, size_t symbols_bytes)
{
    struct image_module parts[BOOT_IMAGE_MODULES];
    struct packed_kernel packed;
    set_modules(parts, modules, count);
    pack(kernel, &packed);
    const size_t sectors = (size_t)image_item_sectors(symbols_bytes);
    struct symbol_table table = {.bytes = calloc(sectors + 1, SECTOR_SIZE), .size = symbols_bytes};
    assert_non_null(table.bytes);
    if (symbols_bytes != 0) {
        memcpy(table.bytes, symbols, symbols_bytes);
    }
    write_image(image, (struct image_parts){.kernel = &packed,
                                            .command_line = "with",
                                            .symbols = table,
                                            .modules = parts,
                                            .module_count = count});
    free(table.bytes);
    packed_kernel_free(&packed);
}

void boot_image_make_compressed(struct boot_image *image, const struct elf_file *kernel,
                                const struct boot_image_module *modules, uint32_t count)
{
    struct image_module parts[BOOT_IMAGE_MODULES];
    struct compressed_item compressed;
    struct packed_kernel packed = {0};
    struct message why;
    if (!compression_available()) {
        skip();
    }
    set_modules(parts, modules, count);
    pack(kernel, &packed);
    assert_true(compress_bytes(packed.bytes, packed.size, COMPRESSION_LZ4, &compressed, &why));
    for (uint32_t i = 0; i < count; i++) {
        assert_true(compress_item(&parts[i].file, COMPRESSION_LZ4, &parts[i].compressed, &why));
    }
    write_image(image, (struct image_parts){.kernel = &packed,
                                            .compressed_kernel = compressed,
                                            .command_line = "with",
                                            .modules = parts,
                                            .module_count = count});
    for (uint32_t i = 0; i < count; i++) {
        compressed_item_free(&parts[i].compressed);
    }
    compressed_item_free(&compressed);
    packed_kernel_free(&packed);
}

void boot_image_make_unpacked(struct boot_image *image, const struct elf_file *kernel,
                              uint64_t memory_bytes)
{
    struct packed_kernel packed = {
        .bytes = calloc((size_t)image_item_sectors(kernel->size), SECTOR_SIZE),
        .size = kernel->size,
        .memory_bytes = memory_bytes,
        .memory_alignment = PAGE,
    };
    assert_non_null(packed.bytes);
    memcpy(packed.bytes, kernel->bytes, (size_t)kernel->size);
    write_image(image, (struct image_parts){.kernel = &packed, .command_line = ""});
    packed_kernel_free(&packed);
}

void boot_image_free(struct boot_image *image)
{
    free(image->bytes);
    image->bytes = NULL;
}

// ---- Structures ---------------------------------------------------------------------------

static void *at_sector(const struct boot_image *image, uint64_t lba)
{
    assert_true(lba < image->size / SECTOR_SIZE);
    return image->bytes + lba * SECTOR_SIZE;
}

struct stage2_header *boot_image_stage2(const struct boot_image *image)
{
    return at_sector(image, STAGE2_LBA);
}

struct image_header *boot_image_header(const struct boot_image *image)
{
    return at_sector(image, boot_image_stage2(image)->image_header_lba);
}

struct image_item *boot_image_item(const struct boot_image *image, uint32_t kind)
{
    struct image_header *header = boot_image_header(image);
    struct image_item *items = (struct image_item *)(header + 1);
    for (uint32_t i = 0; i < header->item_count; i++) {
        if (items[i].kind == kind) {
            return &items[i];
        }
    }
    fail_msg("there is no item of kind %u", (unsigned)kind);
    return NULL;
}

struct elf_file boot_image_kernel(const struct boot_image *image)
{
    struct image_item item = *boot_image_item(image, IMAGE_ITEM_KERNEL);
    const uint8_t *sectors = at_sector(image, item.lba);
    if (item_is_compressed(&item)) {
        struct message why;
        uint8_t *bytes = decompress_item(&item, sectors, &why);
        assert_non_null(bytes);
        return (struct elf_file){bytes, item.bytes};
    }
    uint8_t *bytes = allocate((size_t)item.bytes);
    memcpy(bytes, sectors, (size_t)item.bytes);
    return (struct elf_file){bytes, item.bytes};
}

static void seal_item(const struct boot_image *image, struct image_item *item)
{
    const uint64_t sectors = image_item_sectors(item->bytes);
    const uint64_t disk = image->size / SECTOR_SIZE;
    if (item->lba >= disk || sectors > disk - item->lba) {
        return;
    }
    struct checksum_state state;
    checksum_begin(&state);
    checksum_add(&state, at_sector(image, item->lba), (size_t)sectors * SECTOR_SIZE);
    item->checksum = checksum_end(&state);
}

void boot_image_seal(struct boot_image *image, bool items)
{
    struct image_header *header = boot_image_header(image);
    // Whatever the changed header says, the items are where image_write has put them.
    struct image_item *item = (struct image_item *)(header + 1);
    for (struct image_item *end = item + 2; items && item < end; item++) {
        if (item->kind != 0) {
            seal_item(image, item);
        }
    }
    header->checksum = image_header_checksum(header, SECTOR_SIZE);
}

void boot_image_seal_item(struct boot_image *image, struct image_item *item)
{
    seal_item(image, item);
    boot_image_seal(image, false);
}

static bool read_image(void *context, uint64_t offset, void *buffer, size_t size,
                       struct message *why)
{
    const struct boot_image *image = context;
    (void)why;
    assert_true(offset <= image->size && size <= image->size - offset);
    memcpy(buffer, image->bytes + offset, size);
    return true;
}

struct image_reader boot_image_reader(struct boot_image *image)
{
    return (struct image_reader){read_image, image, image->size};
}
