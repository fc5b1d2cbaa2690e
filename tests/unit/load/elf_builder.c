// Makes ELF files in memory for the unit tests.
#include "elf_builder.h"

#include "unit.h"

#define ALIGNMENT 0x1000u

struct elf_file elf_file_make(const struct elf64_program_header *segments, uint32_t count,
                              uint64_t table_offset, uint64_t size, uint64_t entry)
{
    struct elf_file file = {.bytes = allocate((size_t)size), .size = size};
    for (uint64_t i = 0; i < size; i++) {
        file.bytes[i] = (uint8_t)((i * 0x9E3779B97F4A7C15u >> 56) | 1); // never 0
    }
    struct elf64_header header = {
        .e_ident = {0x7F, 'E', 'L', 'F', ELF_CLASS_64, ELF_DATA_LITTLE_ENDIAN, ELF_VERSION_CURRENT},
        .e_type = ELF_ET_EXEC,
        .e_machine = ELF_EM_X86_64,
        .e_version = ELF_VERSION_CURRENT,
        .e_entry = entry,
        .e_phoff = table_offset,
        .e_ehsize = sizeof(struct elf64_header),
        .e_phentsize = sizeof(struct elf64_program_header),
        .e_phnum = (uint16_t)count,
    };
    memcpy(file.bytes, &header, sizeof header);
    assert_true(table_offset + count * sizeof segments[0] <= size);
    if (count != 0) {
        memcpy(file.bytes + table_offset, segments, count * sizeof segments[0]);
    }
    return file;
}

void elf_file_free(struct elf_file *file)
{
    free(file->bytes);
    file->bytes = NULL;
}

struct elf64_header *elf_file_header(const struct elf_file *file)
{
    return (struct elf64_header *)(void *)file->bytes;
}

struct elf64_program_header *elf_file_segment(const struct elf_file *file, uint32_t index)
{
    uint8_t *table = file->bytes + elf_file_header(file)->e_phoff;
    return &((struct elf64_program_header *)(void *)table)[index];
}

struct elf64_program_header loadable(uint32_t flags, uint64_t address, uint64_t offset,
                                     uint64_t file_size, uint64_t memory_size)
{
    return (struct elf64_program_header){
        .p_type = ELF_PT_LOAD,
        .p_flags = flags,
        .p_offset = offset,
        .p_vaddr = address,
        .p_paddr = address,
        .p_filesz = file_size,
        .p_memsz = memory_size,
        .p_align = ALIGNMENT,
    };
}
