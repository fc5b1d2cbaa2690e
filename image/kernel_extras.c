// Collects the program headers beside PT_LOAD that go into the kernel item. Called by
// kernel_pack.c and boot_preview.c. Source: System V gABI 4.1 chapter 5, "Program Header" and
// "Dynamic Section".
#include "kernel_extras.h"

#include <stdlib.h>
#include <string.h>

#define RELOCATION_BYTES 24u // of an entry with addend

// Tags of tables that stage 2 looks up, and of their sizes.
enum {
    ELF_DT_NULL = 0,
    ELF_DT_PLTRELSZ = 2,
    ELF_DT_SYMTAB = 6,
    ELF_DT_RELA = 7,
    ELF_DT_RELASZ = 8,
    ELF_DT_JMPREL = 23,
};

struct dynamic_entry {
    uint64_t d_tag;
    uint64_t d_value;
};

static bool is_kept(const struct elf_kernel *kernel, const struct elf64_program_header *header)
{
    if (header->p_memsz == 0) {
        return false;
    }
    return header->p_type == ELF_PT_TLS || header->p_type == ELF_PT_GNU_RELRO ||
           (header->p_type == ELF_PT_DYNAMIC && kernel->position_independent);
}

bool kernel_extra_inside(const struct elf64_program_header *extra,
                         const struct elf_segment *segment)
{
    return extra->p_vaddr >= segment->virtual_address &&
           extra->p_vaddr - segment->virtual_address < segment->memory_size;
}

bool kernel_extra_takes_no_memory(const struct elf64_program_header *extra)
{
    return extra->p_type == ELF_PT_TLS && extra->p_filesz == 0;
}

static bool begins_in_segment(const struct elf_kernel *kernel,
                              const struct elf64_program_header *header)
{
    struct elf_segment segment;
    uint32_t cursor = 0;

    while (elf_next_segment(kernel, &cursor, &segment)) {
        if (kernel_extra_inside(header, &segment)) {
            return true;
        }
    }
    return false;
}

bool kernel_extras_collect(const struct elf_kernel *kernel, struct kernel_extras *extras,
                           struct message *why)
{
    *extras = (struct kernel_extras){
        .headers = calloc(kernel->program_header_count, sizeof(*extras->headers)),
    };
    if (extras->headers == NULL) {
        return message_refuse(why, "not enough memory to pack %u program headers",
                              (unsigned)kernel->program_header_count);
    }
    for (uint32_t i = 0; i < kernel->program_header_count; i++) {
        struct elf64_program_header header;
        elf_program_header(kernel, i, &header);
        if (!is_kept(kernel, &header)) {
            continue;
        }
        if (!kernel_extra_takes_no_memory(&header) && !begins_in_segment(kernel, &header)) {
            return message_refuse(why,
                                  "the kernel's program header %u lies in no loadable segment: put "
                                  "its sections into one with PHDRS in the linker script",
                                  (unsigned)i);
        }
        if (kernel_extra_takes_no_memory(&header)) {
            header.p_offset = 0; // what the source file says means nothing here
        }
        extras->headers[extras->count++] = header;
    }
    return true;
}

static bool is_table(uint64_t tag)
{
    return tag == ELF_DT_SYMTAB || tag == ELF_DT_RELA || tag == ELF_DT_JMPREL;
}

// Steps through the dynamic section: start with *at 0; false at its end.
static bool next_entry(const struct elf_kernel *kernel, uint64_t *at, struct dynamic_entry *entry)
{
    if (kernel->dynamic_size - *at < sizeof(*entry)) {
        return false;
    }
    memcpy(entry, kernel->file + kernel->dynamic_offset + *at, sizeof(*entry));
    *at += sizeof(*entry);
    return entry->d_tag != ELF_DT_NULL;
}

// Whether the dynamic section names a table in the segment.
static bool has_table(const struct elf_kernel *kernel, const struct elf_segment *segment)
{
    struct dynamic_entry entry;

    for (uint64_t at = 0; next_entry(kernel, &at, &entry);) {
        if (is_table(entry.d_tag) && entry.d_value >= segment->virtual_address &&
            entry.d_value - segment->virtual_address < segment->file_size) {
            return true;
        }
    }
    return false;
}

uint64_t kernel_extras_kept(const struct kernel_extras *extras, const struct elf_kernel *kernel,
                            const struct elf_segment *segment)
{
    uint64_t kept = 0;

    if (kernel->position_independent && has_table(kernel, segment)) {
        return segment->file_size;
    }
    for (uint32_t i = 0; i < extras->count; i++) {
        const struct elf64_program_header *extra = &extras->headers[i];
        if (extra->p_type != ELF_PT_GNU_RELRO && kernel_extra_inside(extra, segment)) {
            const uint64_t distance = extra->p_vaddr - segment->virtual_address;
            const uint64_t room = distance < segment->file_size ? segment->file_size - distance : 0;
            const uint64_t bytes = extra->p_filesz < room ? extra->p_filesz : room;
            kept = bytes != 0 && distance + bytes > kept ? distance + bytes : kept;
        }
    }
    return kept;
}

uint64_t kernel_relocation_count(const struct elf_kernel *kernel)
{
    struct dynamic_entry entry;
    uint64_t bytes = 0;

    for (uint64_t at = 0; next_entry(kernel, &at, &entry);) {
        if (entry.d_tag == ELF_DT_RELASZ || entry.d_tag == ELF_DT_PLTRELSZ) {
            bytes += entry.d_value;
        }
    }
    return bytes / RELOCATION_BYTES;
}

void kernel_extras_free(struct kernel_extras *extras)
{
    free(extras->headers);
    *extras = (struct kernel_extras){.headers = NULL};
}
