// Checks the program headers of an ELF64 executable: the loadable segments by themselves and beside
// each other, and what must lie inside them. Called by elf.c.
#include "elf_segments.h"

#include "page.h"

#include <stddef.h>

#define LOW_HALF_LAST   0x00007FFFFFFFFFFFu // last byte of the lower canonical half
#define HIGH_HALF_FIRST 0xFFFF800000000000u // first byte of the higher one

#define WRITE_EXECUTE (ELF_PF_W | ELF_PF_X)

// ---- Loadable segments --------------------------------------------------------------------

// Program headers of which there may be one.
enum { RELRO, TLS, DYNAMIC, SINGLE_COUNT };

// What the walk over the program headers has to remember.
struct program_walk {
    const struct elf64_program_header *header; // the one that is looked at
    const char *cure;                          // for the message about it
    uint64_t previous_address;                 // of the segment before
    uint64_t previous_last_byte;               // of the segment before
    uint32_t last_page_flags;                  // of all segments in its last page
    bool entry_found;
    uint32_t single[SINGLE_COUNT]; // their index + 1; 0: none
};

static bool is_canonical(uint64_t address)
{
    return address <= LOW_HALF_LAST || address >= HIGH_HALF_FIRST;
}

static bool is_power_of_two_or_0(uint64_t value)
{
    return (value & (value - 1)) == 0;
}

// The checks below return what is wrong with the segment, or a null pointer.

// Flags, sizes and the place in the file.
static const char *file_part_fault(struct program_walk *walk, const struct elf_kernel *kernel)
{
    const struct elf64_program_header *header = walk->header;
    if (header->p_filesz != 0 && (header->p_offset > kernel->file_size ||
                                  header->p_filesz > kernel->file_size - header->p_offset)) {
        walk->cure = "build the kernel again";
        return "passes the end of the file";
    }
    if ((header->p_flags & WRITE_EXECUTE) == WRITE_EXECUTE) {
        walk->cure = "link with -z separate-code and without -N, or set its FLAGS in PHDRS";
        return "is both writable and executable";
    }
    if ((header->p_flags & (WRITE_EXECUTE | ELF_PF_R)) == 0) {
        walk->cure = "set its FLAGS in PHDRS";
        return "allows no access";
    }
    if (!is_power_of_two_or_0(header->p_align)) {
        return "has a p_align that is not a power of two";
    }
    if (header->p_align != 0 &&
        ((header->p_offset - header->p_vaddr) & (header->p_align - 1)) != 0) {
        return "lies at a file offset that does not fit its address modulo p_align";
    }
    if (kernel->position_independent && header->p_align > PAGE_SIZE_1G) {
        return "has a p_align above 1 GiB";
    }
    return NULL;
}

// The segment by itself in the address space.
static const char *address_fault(const struct elf64_program_header *header, uint64_t last_byte,
                                 bool position_independent)
{
    if (header->p_vaddr <= PAGE_MASK && !position_independent) {
        return "lies in page 0, which is never mapped";
    }
    if (!is_canonical(header->p_vaddr)) {
        return "has an address that is not canonical";
    }
    if (last_byte < header->p_vaddr) {
        return "passes the end of the address space";
    }
    if (header->p_vaddr <= LOW_HALF_LAST && last_byte > LOW_HALF_LAST) {
        return "crosses the hole between the canonical halves";
    }
    return NULL;
}

// The segment beside those before it; becomes the one before.
static const char *neighbour_fault(struct program_walk *walk, bool first, uint64_t last_byte)
{
    const struct elf64_program_header *header = walk->header;
    uint64_t first_page = header->p_vaddr >> PAGE_SHIFT;
    uint32_t flags = header->p_flags;
    if (!first) {
        if (header->p_vaddr < walk->previous_address) {
            return "has a lower address than the one before it";
        }
        if (header->p_vaddr <= walk->previous_last_byte) {
            return "overlaps the one before it";
        }
        if (first_page == walk->previous_last_byte >> PAGE_SHIFT) {
            flags |= walk->last_page_flags;
            if ((flags & WRITE_EXECUTE) == WRITE_EXECUTE) {
                walk->cure = "put ALIGN(4096) between them, or link with -z separate-code";
                return "makes a page it shares with the one before it writable and executable";
            }
        }
    }
    walk->last_page_flags = first_page == last_byte >> PAGE_SHIFT ? flags : header->p_flags;
    walk->previous_address = header->p_vaddr;
    walk->previous_last_byte = last_byte;
    return NULL;
}

static const char *segment_fault(struct program_walk *walk, struct elf_kernel *kernel)
{
    const struct elf64_program_header *header = walk->header;
    if (header->p_filesz > header->p_memsz) {
        return "is larger in the file than in memory";
    }
    if (header->p_memsz == 0) {
        return NULL; // nothing to load
    }
    uint64_t last_byte = header->p_vaddr + (header->p_memsz - 1);
    const char *fault = file_part_fault(walk, kernel);
    if (fault == NULL) {
        fault = address_fault(header, last_byte, kernel->position_independent);
    }
    if (fault == NULL) {
        fault = neighbour_fault(walk, kernel->segment_count == 0, last_byte);
    }
    if (fault != NULL) {
        return fault;
    }
    if ((header->p_flags & ELF_PF_X) != 0 && kernel->entry - header->p_vaddr < header->p_filesz) {
        walk->entry_found = true;
    }
    if (kernel->segment_count++ == 0) {
        kernel->virtual_base = header->p_vaddr & ~PAGE_MASK;
    }
    kernel->virtual_end = (last_byte | PAGE_MASK) + 1;
    if (header->p_align > kernel->alignment) {
        kernel->alignment = header->p_align;
    }
    return NULL;
}

// ---- What lies inside the loadable segments -----------------------------------------------

// RELRO in whole pages, as dynamic linkers take it: only the kernel's own writable ones.
static const char *relro_fault(const struct elf64_program_header *header, struct elf_kernel *kernel)
{
    uint64_t start = header->p_vaddr & ~PAGE_MASK;
    uint64_t end = (header->p_vaddr + header->p_memsz) & ~PAGE_MASK; // modulo 2^64
    uint64_t covered = start;
    struct elf_segment segment;
    for (uint32_t cursor = 0; elf_next_segment(kernel, &cursor, &segment);) {
        uint64_t first = segment.virtual_address & ~PAGE_MASK;
        uint64_t segment_end = page_round_up(segment.virtual_address + segment.memory_size);
        if ((segment.flags & ELF_PF_W) != 0 && covered - first < segment_end - first) {
            covered = segment_end;
        }
    }
    if (covered - start < end - start) {
        return "(PT_GNU_RELRO) passes the writable segments";
    }
    if (start != end) {
        kernel->relro_start = start;
        kernel->relro_end = end;
    }
    return NULL;
}

// Its initialised part must be in memory; .tbss takes none there.
static const char *tls_fault(const struct elf64_program_header *header, struct elf_kernel *kernel)
{
    struct elf_segment segment;
    bool inside = header->p_filesz == 0;
    for (uint32_t cursor = 0; !inside && elf_next_segment(kernel, &cursor, &segment);) {
        uint64_t offset = header->p_vaddr - segment.virtual_address;
        inside = offset < segment.memory_size && header->p_filesz <= segment.memory_size - offset;
    }
    if (!inside || header->p_filesz > header->p_memsz || !is_power_of_two_or_0(header->p_align)) {
        return "(PT_TLS) has a wrong size or p_align, or lies in no segment";
    }
    kernel->tls_address = header->p_vaddr;
    kernel->tls_file_size = header->p_filesz;
    kernel->tls_memory_size = header->p_memsz;
    kernel->tls_alignment = header->p_align != 0 ? header->p_align : 1;
    return NULL;
}

static const char *single_fault(uint32_t which, const struct elf64_program_header *header,
                                struct elf_kernel *kernel)
{
    switch (which) {
    case RELRO:
        return relro_fault(header, kernel);
    case TLS:
        return tls_fault(header, kernel);
    default:
        // Found by its address, which is where the kernel will see it, too.
        if (!elf_file_offset(kernel, header->p_vaddr, header->p_filesz, &kernel->dynamic_offset)) {
            return "(PT_DYNAMIC) lies in no segment's part of the file";
        }
        kernel->dynamic_size = header->p_filesz;
        return NULL;
    }
}

// ---- All program headers ------------------------------------------------------------------

// Notes the place of a program header of which there may be one.
static const char *note_single(struct program_walk *walk, uint32_t which, uint32_t index)
{
    if (walk->header->p_memsz == 0) {
        return NULL; // left over by a linker script
    }
    if (walk->single[which] != 0) {
        return "is a second PT_GNU_RELRO, PT_TLS or PT_DYNAMIC";
    }
    walk->single[which] = index + 1;
    return NULL;
}

static const char *program_header_fault(struct program_walk *walk, struct elf_kernel *kernel,
                                        uint32_t index)
{
    switch (walk->header->p_type) {
    case ELF_PT_LOAD:
        return segment_fault(walk, kernel);
    case ELF_PT_INTERP:
        walk->cure = "link with -static or --no-dynamic-linker";
        return "asks for a dynamic linker (PT_INTERP)";
    case ELF_PT_GNU_RELRO:
        return note_single(walk, RELRO, index);
    case ELF_PT_TLS:
        return note_single(walk, TLS, index);
    case ELF_PT_DYNAMIC:
        return kernel->position_independent ? note_single(walk, DYNAMIC, index) : NULL;
    default:
        return NULL;
    }
}

static bool refuse_segment(struct message *why, uint32_t index, const char *fault, const char *cure)
{
    return message_refuse(why, "kernel segment %u %s: %s", (unsigned)index, fault, cure);
}

bool elf_check_segments(struct elf_kernel *kernel, struct message *why)
{
    struct elf64_program_header header;
    struct program_walk walk = {.header = &header, .cure = "correct the linker script"};
    for (uint32_t i = 0; i < kernel->program_header_count; i++) {
        elf_program_header(kernel, i, &header);
        const char *fault = program_header_fault(&walk, kernel, i);
        if (fault != NULL) {
            return refuse_segment(why, i, fault, walk.cure);
        }
    }
    if (kernel->segment_count == 0) {
        return message_refuse(why, "the kernel has no loadable segment: check the linker script");
    }
    if (!walk.entry_found) {
        return message_refuse(why,
                              "the kernel's entry point 0x%llx is not in the file's part of an "
                              "executable segment: name it with ENTRY() or -e",
                              (unsigned long long)kernel->entry);
    }
    for (uint32_t which = 0; which < SINGLE_COUNT; which++) {
        uint32_t index = walk.single[which] - 1;
        if (walk.single[which] != 0) {
            elf_program_header(kernel, index, &header);
            const char *fault = single_fault(which, &header, kernel);
            if (fault != NULL) {
                return refuse_segment(why, index, fault, walk.cure);
            }
        }
    }
    return true;
}
