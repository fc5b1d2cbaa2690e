// What the mutators of the targets that read images and kernels have in common. Called by them.
#include "image_mutation.h"

#include "checksum.h"
#include "decompress.h"
#include "elf.h"
#include "image_header.h"

#include <string.h>

#define UNPACKED_MOST 0x40000u
#define CHUNK_BYTES   ((size_t)COMPRESSED_CHUNK_BYTES)

// Makes a compressed item say of what it unpacks to what is right, if it can be unpacked.
static void repair_compressed(uint8_t *sectors, size_t size)
{
    static _Alignas(uint64_t) uint8_t output[UNPACKED_MOST];
    struct decompression state = {.output = output, .capacity = sizeof output};
    for (size_t at = 0; at < size; at += CHUNK_BYTES) {
        const size_t left = size - at;
        decompress_chunk(&state, sectors + at, left < CHUNK_BYTES ? left : CHUNK_BYTES, lz4_decode);
    }
    if (state.done == LZ4_DAMAGED) {
        return;
    }
    const size_t whole = (size_t)image_item_sectors(state.done) * SECTOR_SIZE;
    struct checksum_state sums;
    memset(output + state.done, 0, whole - state.done);
    checksum_begin(&sums);
    checksum_add(&sums, output, whole);
    const struct compressed_header header = {state.done, checksum_end(&sums)};
    memcpy(sectors, &header, sizeof header);
}

static void repair_item(uint8_t *bytes, size_t size, uint64_t lba, struct image_item *item)
{
    const uint64_t sectors = image_item_sectors(item->bytes);
    const uint64_t end = lba + size / SECTOR_SIZE;
    if (item->lba < lba || item->lba >= end || sectors > end - item->lba) {
        return;
    }
    uint8_t *content = bytes + (item->lba - lba) * SECTOR_SIZE;
    if ((item->flags & IMAGE_ITEM_LZ4) != 0 && sectors != 0) {
        repair_compressed(content, (size_t)sectors * SECTOR_SIZE);
    }
    struct checksum_state state;
    checksum_begin(&state);
    checksum_add(&state, content, (size_t)sectors * SECTOR_SIZE);
    item->checksum = checksum_end(&state);
}

void image_repair_items(uint8_t *bytes, size_t size, uint64_t lba)
{
    struct image_header header;
    if (size < SECTOR_SIZE) {
        return;
    }
    memcpy(&header, bytes, sizeof header);
    if (header.header_bytes < SECTOR_SIZE || header.header_bytes > size ||
        header.header_bytes % SECTOR_SIZE != 0) {
        return;
    }
    for (size_t i = 0, at = sizeof header; i < header.item_count; i++) {
        struct image_item item;
        if (sizeof item > header.header_bytes - at) {
            break;
        }
        memcpy(&item, bytes + at, sizeof item);
        repair_item(bytes, size, lba, &item);
        memcpy(bytes + at, &item, sizeof item);
        at += sizeof item;
    }
    header.checksum = image_header_checksum(bytes, header.header_bytes);
    memcpy(bytes, &header, sizeof header);
}

// ---- Fields -------------------------------------------------------------------------------

#define HEADERS_MOST         1024u // ELF header and some program headers
#define SECTION_HEADER_BYTES 64u
#define TAG_RELA             7u

static struct fuzz_area in_file(size_t start, uint64_t offset, uint64_t bytes)
{
    return (struct fuzz_area){start + (size_t)offset, (size_t)bytes};
}

// Where the relocations lie; the whole dynamic section when they cannot be found.
static struct fuzz_area relocations(const struct elf_kernel *elf, size_t start)
{
    for (uint64_t at = 0; at + 16 <= elf->dynamic_size; at += 16) {
        uint64_t entry[2];
        uint64_t offset;
        memcpy(entry, elf->file + elf->dynamic_offset + at, sizeof entry);
        if (entry[0] == TAG_RELA && elf_file_offset(elf, entry[1], 1, &offset)) {
            return in_file(start, offset, HEADERS_MOST);
        }
    }
    return in_file(start, elf->dynamic_offset, elf->dynamic_size);
}

struct fuzz_area fuzz_elf_fields(const uint8_t *bytes, size_t size, size_t start, uint64_t choice)
{
    struct elf_kernel elf;
    struct message why;
    if (start >= size || choice % 8 == 0) {
        return (struct fuzz_area){start, size};
    }
    if (choice % 2 != 0 && elf_parse(bytes + start, size - start, &elf, &why) &&
        elf.dynamic_size != 0) {
        return choice % 4 == 1 ? relocations(&elf, start)
                               : in_file(start, elf.dynamic_offset, elf.dynamic_size);
    }
    struct elf64_header header;
    if (choice % 4 != 0 && size - start >= sizeof header) {
        memcpy(&header, bytes + start, sizeof header);
        if (choice % 8 == 2 && header.e_shoff < size - start) {
            return in_file(start, header.e_shoff, (uint64_t)header.e_shnum * SECTION_HEADER_BYTES);
        }
        if (header.e_phoff < size - start) {
            return in_file(start, header.e_phoff,
                           header.e_phnum * sizeof(struct elf64_program_header));
        }
    }
    return (struct fuzz_area){start, HEADERS_MOST};
}

struct fuzz_area image_fields(const uint8_t *bytes, size_t size, size_t start, uint64_t lba,
                              uint64_t choice)
{
    struct image_header header;
    const struct fuzz_area whole = {start, HEADERS_MOST};
    if (choice % 2 == 0 || start >= size || size - start < SECTOR_SIZE) {
        return whole;
    }
    memcpy(&header, bytes + start, sizeof header);
    for (size_t i = 0, at = start + sizeof header; i < header.item_count; i++) {
        struct image_item item;
        if (at > size || sizeof item > size - at) {
            break;
        }
        memcpy(&item, bytes + at, sizeof item);
        if (item.kind == IMAGE_ITEM_KERNEL && item.lba >= lba &&
            item.lba - lba < (size - start) / SECTOR_SIZE) {
            return fuzz_elf_fields(bytes, size, start + (size_t)(item.lba - lba) * SECTOR_SIZE,
                                   choice / 2);
        }
        at += sizeof item;
    }
    return whole;
}
