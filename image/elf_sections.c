// Finds the section headers of an ELF file and checks them against its size. Called by
// symbol_table.c and kernel_notes.c.
#include "elf_sections.h"

#include "elf.h"

#include <string.h>

struct elf64_section_header elf_section(const struct elf_sections *sections, uint64_t index)
{
    struct elf64_section_header section; // the table may be at any address: copied out

    memcpy(&section, sections->file + sections->offset + index * sizeof(section), sizeof(section));
    return section;
}

static bool refuse(struct message *why)
{
    return message_refuse(why, "the kernel's section headers are damaged: link it again");
}

// Numbers that have no room in the ELF header are in the first section header.
static bool find_true_numbers(struct elf_sections *sections, const struct elf64_header *header)
{
    const uint64_t room =
        (sections->file_size - sections->offset) / sizeof(struct elf64_section_header);

    if (room == 0) {
        return false;
    }
    const struct elf64_section_header first = elf_section(sections, 0);
    sections->count = header->e_shnum != 0 ? header->e_shnum : first.sh_size;
    sections->names = header->e_shstrndx != ELF_SHN_XINDEX ? header->e_shstrndx : first.sh_link;
    return sections->count <= room;
}

bool elf_sections_find(const uint8_t *file, uint64_t size, struct elf_sections *sections,
                       struct message *why)
{
    struct elf64_header header;

    memcpy(&header, file, sizeof(header));
    *sections = (struct elf_sections){.file = file, .file_size = size, .offset = header.e_shoff};
    if (header.e_shoff == 0) {
        return true; // none
    }
    if (header.e_shentsize != sizeof(struct elf64_section_header) || header.e_shoff > size ||
        !find_true_numbers(sections, &header)) {
        return refuse(why);
    }
    return true;
}

bool elf_section_in_file(const struct elf_sections *sections,
                         const struct elf64_section_header *section)
{
    return section->sh_type != ELF_SHT_NOBITS && section->sh_offset <= sections->file_size &&
           section->sh_size <= sections->file_size - section->sh_offset;
}

bool elf_section_is_named(const struct elf_sections *sections,
                          const struct elf64_section_header *section, const char *name)
{
    const uint64_t bytes = strlen(name) + 1;

    if (sections->names >= sections->count) {
        return false;
    }
    const struct elf64_section_header names = elf_section(sections, sections->names);
    return elf_section_in_file(sections, &names) && section->sh_name <= names.sh_size &&
           bytes <= names.sh_size - section->sh_name &&
           memcmp(sections->file + names.sh_offset + section->sh_name, name, (size_t)bytes) == 0;
}
