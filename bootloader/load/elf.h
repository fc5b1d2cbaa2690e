// ELF64 executables: the format as far as a loader needs it, and the check of every field of it.
// Source of all layouts and values: System V gABI 4.1 chapters 4-5, and the AMD64 supplement.
#ifndef LOAD_ELF_H
#define LOAD_ELF_H

#include "message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf64_header {
    uint8_t e_ident[16];
    uint16_t e_type;
    uint16_t e_machine;
    uint32_t e_version;
    uint64_t e_entry;
    uint64_t e_phoff;
    uint64_t e_shoff;
    uint32_t e_flags;
    uint16_t e_ehsize;
    uint16_t e_phentsize;
    uint16_t e_phnum;
    uint16_t e_shentsize;
    uint16_t e_shnum;
    uint16_t e_shstrndx;
};

struct elf64_program_header {
    uint32_t p_type;
    uint32_t p_flags;
    uint64_t p_offset;
    uint64_t p_vaddr;
    uint64_t p_paddr;
    uint64_t p_filesz;
    uint64_t p_memsz;
    uint64_t p_align;
};

struct elf64_symbol {
    uint32_t st_name;
    uint8_t st_info; // binding in the high half, type in the low one
    uint8_t st_other;
    uint16_t st_shndx;
    uint64_t st_value;
    uint64_t st_size;
};

struct elf64_dynamic_entry {
    uint64_t tag; // DT_*
    uint64_t value;
};

struct elf64_relocation {
    uint64_t offset; // an address
    uint32_t type;
    uint32_t symbol;
    uint64_t addend;
};

_Static_assert(sizeof(struct elf64_header) == 64, "ELF64 header is 64 bytes");
_Static_assert(sizeof(struct elf64_program_header) == 56, "ELF64 program header is 56 bytes");
_Static_assert(sizeof(struct elf64_symbol) == 24, "ELF64 symbol is 24 bytes");
_Static_assert(sizeof(struct elf64_dynamic_entry) == 16, "Elf64_Dyn is 16 bytes");
_Static_assert(sizeof(struct elf64_relocation) == 24, "Elf64_Rela is 24 bytes");

// Places in e_ident.
enum {
    ELF_EI_CLASS = 4,
    ELF_EI_DATA = 5,
    ELF_EI_VERSION = 6,
    ELF_EI_OSABI = 7,
};

// Values of the fields.
enum {
    ELF_CLASS_32 = 1,
    ELF_CLASS_64 = 2,
    ELF_DATA_LITTLE_ENDIAN = 1,
    ELF_DATA_BIG_ENDIAN = 2,
    ELF_VERSION_CURRENT = 1,
    ELF_OSABI_SYSTEM_V = 0,
    ELF_OSABI_GNU = 3,
    ELF_OSABI_STANDALONE = 255,
    ELF_ET_REL = 1,
    ELF_ET_EXEC = 2,
    ELF_ET_DYN = 3,
    ELF_ET_CORE = 4,
    ELF_EM_X86_64 = 62,
    ELF_PN_XNUM = 0xFFFF, // the true number of program headers is elsewhere
    ELF_PT_LOAD = 1,
    ELF_PT_DYNAMIC = 2,
    ELF_PT_INTERP = 3,
    ELF_PT_NOTE = 4,
    ELF_PT_TLS = 7,
    ELF_PT_GNU_RELRO = 0x6474E552,
    ELF_PF_X = 1,
    ELF_PF_W = 2,
    ELF_PF_R = 4,
    ELF_SHN_UNDEF = 0,
    ELF_SHN_ABS = 0xFFF1,
    ELF_STB_LOCAL = 0,
    ELF_STB_GLOBAL = 1,
    ELF_STB_WEAK = 2,
    ELF_STT_NOTYPE = 0,
    ELF_STT_FUNC = 2,
    ELF_STT_TLS = 6,
    ELF_STT_GNU_IFUNC = 10,
};

// An executable that elf_parse has accepted. The file must stay where it is.
struct elf_kernel {
    const uint8_t *file;
    uint64_t file_size;
    uint64_t entry; // slide included
    uint64_t program_header_offset;
    uint32_t program_header_count;
    uint32_t segment_count;    // loadable, with p_memsz not 0; at least 1
    uint64_t virtual_base;     // first page of the first segment, slide included
    uint64_t virtual_end;      // one past the last page of the last segment; 0 means 2^64
    uint64_t slide;            // added, modulo 2^64, to all addresses of the file
    uint64_t alignment;        // largest p_align of a loadable segment, at least 4096
    bool position_independent; // ET_DYN: may be slid, has relocations
    // Whole pages that become read-only once relocated (PT_GNU_RELRO: both ends rounded down),
    // slide included; equal when none.
    uint64_t relro_start, relro_end;
    // The template of thread-local storage (PT_TLS), address with slide; all 0 when none.
    uint64_t tls_address, tls_file_size, tls_memory_size, tls_alignment;
    // PT_DYNAMIC of a position-independent kernel, in the file; 0 bytes when there is none.
    uint64_t dynamic_offset, dynamic_size;
};

/*@ predicate readable_file(struct elf_kernel *kernel) =
        \valid_read(kernel) && \valid_read(kernel->file + (0 .. kernel->file_size - 1));
    predicate headers_inside(struct elf_kernel *kernel) =
        kernel->program_header_offset <= kernel->file_size &&
        kernel->program_header_count * sizeof(struct elf64_program_header) <=
            kernel->file_size - kernel->program_header_offset;
    predicate dynamic_inside(struct elf_kernel *kernel) =
        kernel->dynamic_offset <= kernel->file_size &&
        kernel->dynamic_size <= kernel->file_size - kernel->dynamic_offset;
    // One past the program headers.
    logic integer headers_end(struct elf_kernel *kernel) =
        kernel->program_header_offset +
        kernel->program_header_count * sizeof(struct elf64_program_header);
*/

// One loadable segment.
struct elf_segment {
    uint64_t virtual_address; // slide included
    uint64_t memory_size;     // not 0
    uint64_t file_offset;
    uint64_t file_size;    // at most memory_size
    uint32_t flags;        // ELF_PF_*
    uint32_t header_index; // of its program header, from 0
};

// Checks the whole file: every field of header and program headers that a boot depends on (section
// headers, p_paddr and flags of an operating system are ignored), every sum for overflow, no
// segment writable and executable, no page with W and X from two segments (R beside RX or RW in
// one page takes the union), segments in order of p_vaddr, in one canonical half each, not in
// page 0 (but a position-independent kernel, which slide.c moves), entry inside the file's view of
// an executable segment; the template of PT_TLS inside a segment, the pages of PT_GNU_RELRO inside
// writable ones, PT_DYNAMIC inside a segment's part of the file, at most one of each. The slide is
// 0. False, with a message that names the segment (by the index of its program header) and the
// cure.
/*@ requires \valid_read((uint8_t *)file + (0 .. size - 1));
    requires \valid(kernel) && \valid(why);
    requires \separated((uint8_t *)file + (0 .. size - 1), kernel, why);
    assigns *kernel, *why;
    ensures \result ==>
            readable_file(kernel) && headers_inside(kernel) && dynamic_inside(kernel);
    ensures \result ==> kernel->file == file && kernel->file_size == size && kernel->slide == 0;
    ensures \result ==> kernel->segment_count >= 1; */
bool elf_parse(const void *file, uint64_t size, struct elf_kernel *kernel, struct message *why);

// Copies a program header out of the file; `index` is below program_header_count.
/*@ requires readable_file(kernel) && headers_inside(kernel) && \valid(header);
    requires index < kernel->program_header_count;
    assigns *header; */
void elf_program_header(const struct elf_kernel *kernel, uint32_t index,
                        struct elf64_program_header *header);

// Moves a position-independent kernel: `slide`, a multiple of kernel->alignment, replaces the one
// it has. The caller (slide.c) has seen that all segments stay in one canonical half, off page 0.
/*@ requires \valid(kernel);
    assigns *kernel;
    ensures kernel->slide == slide && kernel->file == \old(kernel->file);
    ensures \old(kernel->relro_start == kernel->relro_end) ==>
            kernel->relro_start == kernel->relro_end; */
void elf_set_slide(struct elf_kernel *kernel, uint64_t slide);

// The segment that holds `bytes` bytes from a virtual address on. False when none holds them all.
/*@ requires readable_file(kernel) && headers_inside(kernel) && \valid(segment);
    requires \separated(kernel, segment);
    assigns *segment;
    ensures \result ==> bytes <= segment->memory_size &&
            (uint64_t)(virtual_address - segment->virtual_address) <=
            segment->memory_size - bytes; */
bool elf_find_segment(const struct elf_kernel *kernel, uint64_t virtual_address, uint64_t bytes,
                      struct elf_segment *segment);

// Where in the file `bytes` bytes from a virtual address on lie, if they lie all in the file's part
// of one segment. False when they do not.
/*@ requires readable_file(kernel) && headers_inside(kernel) && \valid(offset);
    requires \separated(&kernel->file_size, offset);
    assigns *offset;
    ensures \result ==>
            *offset <= kernel->file_size && bytes <= kernel->file_size - *offset; */
bool elf_file_offset(const struct elf_kernel *kernel, uint64_t virtual_address, uint64_t bytes,
                     uint64_t *offset);

/*@ requires \valid_read(segment);
    assigns \nothing;
    ensures \result == (uint64_t)(segment->virtual_address + segment->memory_size - 1); */
static inline uint64_t elf_segment_last_byte(const struct elf_segment *segment)
{
    return segment->virtual_address + (segment->memory_size - 1);
}

// Steps through the loadable segments in order of address: start with *cursor 0; false at the end.
/*@ requires readable_file(kernel) && headers_inside(kernel);
    requires \valid(cursor) && \valid(segment) && \separated(kernel, cursor, segment);
    requires *cursor <= kernel->program_header_count;
    assigns *cursor, *segment;
    ensures \old(*cursor) <= *cursor <= kernel->program_header_count;
    ensures \result ==> \old(*cursor) < *cursor && segment->memory_size != 0 &&
            segment->header_index == *cursor - 1; */
bool elf_next_segment(const struct elf_kernel *kernel, uint32_t *cursor,
                      struct elf_segment *segment);

#endif
