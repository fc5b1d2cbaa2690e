// Makes position-independent kernels with relocations in memory, for the tests of relocate.c.
#include "pie_builder.h"

#include "unit.h"

#define RX (ELF_PF_R | ELF_PF_X)
#define RW (ELF_PF_R | ELF_PF_W)

enum { HEADERS, TEXT, DATA, DYNAMIC, PROGRAM_HEADERS };

#define DISPLACEMENT 8 // bytes

struct elf_file pie_make(const struct pie_relocation *relocations, uint32_t count, bool displaced)
{
    const uint64_t data_offset = PIE_DATA + (displaced ? DISPLACEMENT : 0);
    struct elf64_program_header headers[PROGRAM_HEADERS] = {
        loadable(ELF_PF_R, 0, 0, PIE_TEXT, PIE_TEXT),
        loadable(RX, PIE_TEXT, PIE_TEXT, 0x1000, 0x1000),
        loadable(RW, PIE_DATA, data_offset, PIE_DATA_FILE_END - PIE_DATA, PIE_END - PIE_DATA),
        {.p_type = ELF_PT_DYNAMIC,
         .p_vaddr = PIE_DYNAMIC,
         .p_filesz = PIE_DYNAMIC_MAX * sizeof(struct pie_dynamic),
         .p_memsz = PIE_DYNAMIC_MAX * sizeof(struct pie_dynamic)},
    };
    headers[DATA].p_align = 1;
    struct elf_file file =
        elf_file_make(headers, PROGRAM_HEADERS, PIE_TABLE, PIE_FILE_SIZE, PIE_TEXT);
    elf_file_header(&file)->e_type = ELF_ET_DYN;
    assert_true(count <= PIE_RELOCATIONS_MAX);
    if (count != 0) {
        memcpy(file.bytes + PIE_RELOCATIONS, relocations, count * sizeof *relocations);
    }
    memset(file.bytes + data_offset, 0, PIE_DYNAMIC_MAX * sizeof(struct pie_dynamic));
    pie_set(&file, PIE_TAG_RELA, PIE_RELOCATIONS);
    pie_set(&file, PIE_TAG_RELASZ, count * sizeof *relocations);
    pie_set(&file, PIE_TAG_RELAENT, sizeof *relocations);
    return file;
}

struct pie_symbol *pie_symbols(const struct elf_file *file)
{
    return (struct pie_symbol *)(void *)(file->bytes + PIE_SYMBOLS);
}

struct pie_relocation *pie_relocations(const struct elf_file *file)
{
    return (struct pie_relocation *)(void *)(file->bytes + PIE_RELOCATIONS);
}

void pie_set(const struct elf_file *file, uint64_t tag, uint64_t value)
{
    uint8_t *section = file->bytes + elf_file_segment(file, DATA)->p_offset;
    struct pie_dynamic *entry = (struct pie_dynamic *)(void *)section;
    while (entry->tag != 0 && entry->tag != tag) {
        entry++;
    }
    assert_true((uint8_t *)(entry + 1) < section + PIE_DYNAMIC_MAX * sizeof *entry);
    *entry = (struct pie_dynamic){.tag = tag, .value = value};
}
