// Finds the note that holds a boot request. Called by kernel_pack.c.
// Source of the layout: System V gABI 4.1 chapter 5, "Note Section".
#include "kernel_notes.h"

#include "elf_sections.h"
#include "firstlight/boot_request.h"

#include <string.h>

#define NOTE_SECTION ".note.firstlight"

#define NOTE_ALIGNMENT_WIDE 8u // where p_align says so

struct note_header {
    uint32_t name_size;
    uint32_t descriptor_size;
    uint32_t type;
};

static bool in_file(const struct elf_kernel *kernel, const struct elf64_program_header *header)
{
    return header->p_offset <= kernel->file_size &&
           header->p_filesz <= kernel->file_size - header->p_offset;
}

// Looks for the request among the notes of one segment.
static bool find_in_segment(const struct elf_kernel *kernel,
                            const struct elf64_program_header *segment, uint64_t *offset,
                            uint64_t *bytes)
{
    const uint64_t mask =
        (segment->p_align == NOTE_ALIGNMENT_WIDE ? NOTE_ALIGNMENT_WIDE : NOTE_ALIGNMENT) - 1;
    struct note_header note;

    for (uint64_t at = 0; at < segment->p_filesz && segment->p_filesz - at >= sizeof(note);) {
        const uint8_t *start = kernel->file + segment->p_offset + at;
        memcpy(&note, start, sizeof(note));
        const uint64_t descriptor = (sizeof(note) + (uint64_t)note.name_size + mask) & ~mask;
        const uint64_t end = descriptor + note.descriptor_size;
        if (end > segment->p_filesz - at) {
            return false;
        }
        if (note.name_size == sizeof(BOOT_REQUEST_NOTE_NAME) &&
            memcmp(start + sizeof(note), BOOT_REQUEST_NOTE_NAME, note.name_size) == 0) {
            *offset = segment->p_offset + at;
            *bytes = end;
            return true;
        }
        at += (end + mask) & ~mask;
    }
    return false;
}

bool kernel_note_find(const struct elf_kernel *kernel, uint64_t *offset, uint64_t *bytes)
{
    for (uint32_t i = 0; i < kernel->program_header_count; i++) {
        struct elf64_program_header header;
        elf_program_header(kernel, i, &header);
        if (header.p_type == ELF_PT_NOTE && in_file(kernel, &header) &&
            find_in_segment(kernel, &header, offset, bytes)) {
            return true;
        }
    }
    return false;
}

static bool section_covered(const struct elf_kernel *kernel,
                            const struct elf64_section_header *section)
{
    for (uint32_t i = 0; i < kernel->program_header_count; i++) {
        struct elf64_program_header header;
        elf_program_header(kernel, i, &header);
        if (header.p_type == ELF_PT_NOTE && in_file(kernel, &header) &&
            section->sh_offset >= header.p_offset &&
            section->sh_offset - header.p_offset <= header.p_filesz &&
            section->sh_size <= header.p_filesz - (section->sh_offset - header.p_offset)) {
            return true;
        }
    }
    return false;
}

bool kernel_notes_covered(const struct elf_kernel *kernel, struct message *why)
{
    struct elf_sections sections;
    struct message ignored;

    if (!elf_sections_find(kernel->file, kernel->file_size, &sections, &ignored)) {
        return true;
    }
    for (uint64_t i = 0; i < sections.count; i++) {
        const struct elf64_section_header section = elf_section(&sections, i);
        if (section.sh_size != 0 && elf_section_is_named(&sections, &section, NOTE_SECTION) &&
            elf_section_in_file(&sections, &section) && !section_covered(kernel, &section)) {
            return message_refuse(why, "the boot request in section " NOTE_SECTION
                                       " lies in no PT_NOTE segment, where the loader would find "
                                       "it: put the section into one with PHDRS in the linker "
                                       "script");
        }
    }
    return true;
}
