// Checks the program headers of an ELF64 executable: the loadable segments by themselves and beside
// each other, and what must lie inside them. Called by elf.c.
#include "elf_segments.h"

#include "page.h"

#include <stddef.h>

#define HALF_SHIFT     47       // the address bits from here up are equal:
#define HIGH_HALF_BITS 0x1FFFFu // all 0 in the lower canonical half, all 1 in the higher one

#define WRITE_EXECUTE (ELF_PF_W | ELF_PF_X)

// ---- Loadable segments --------------------------------------------------------------------

// What the walk over the segments has to remember of those before.
struct segment_walk {
    uint64_t previous_last_byte; // of the segment before
    uint32_t last_page_flags;    // of all segments in its last page
    bool entry_found;
};

/*@ assigns \nothing; */
static bool is_power_of_two_or_0(uint64_t value)
{
    return (value & (value - 1)) == 0;
}

// Flags, alignment and the place in the file.
/*@ requires \valid_read(header) && \valid_read(kernel);
    assigns \nothing;
    ensures \result == \null && header->p_filesz != 0 ==>
            header->p_offset + header->p_filesz <= kernel->file_size; */
static const char *file_part_fault(const struct elf64_program_header *header,
                                   const struct elf_kernel *kernel)
{
    if (header->p_filesz != 0 && (header->p_offset > kernel->file_size ||
                                  header->p_filesz > kernel->file_size - header->p_offset)) {
        return "passes the end of the file";
    }
    if ((header->p_flags & WRITE_EXECUTE) == WRITE_EXECUTE) {
        return "is both writable and executable: link with -z separate-code and without -N";
    }
    if ((header->p_flags & (WRITE_EXECUTE | ELF_PF_R)) == 0) {
        return "allows no access: set its FLAGS";
    }
    if (!is_power_of_two_or_0(header->p_align) ||
        (header->p_align != 0 &&
         ((header->p_offset - header->p_vaddr) & (header->p_align - 1)) != 0) ||
        (kernel->position_independent && header->p_align > PAGE_SIZE_1G)) {
        return "has a p_align that is no power of two, not that of offset and address, or above 1 "
               "GiB";
    }
    return NULL;
}

// The segment by itself in the address space.
/*@ requires \valid_read(header);
    assigns \nothing;
    ensures \result == \null ==> header->p_vaddr <= last_byte;
    ensures \result == \null && !position_independent ==> header->p_vaddr >= PAGE_BYTES; */
static const char *address_fault(const struct elf64_program_header *header, uint64_t last_byte,
                                 bool position_independent)
{
    if (header->p_vaddr <= PAGE_MASK && !position_independent) {
        return "lies in page 0, which is never mapped";
    }
    uint32_t half = (uint32_t)(header->p_vaddr >> HALF_SHIFT);
    if ((half != 0 && half != HIGH_HALF_BITS) || last_byte >> HALF_SHIFT != half ||
        last_byte < header->p_vaddr) {
        return "is not inside one canonical half";
    }
    return NULL;
}

// The segment beside those before it; becomes the one before.
/*@ requires \valid_read(header) && \valid(walk) && \separated(header, walk);
    assigns *walk;
    ensures \result == \null && !first ==> header->p_vaddr > \old(walk->previous_last_byte);
    ensures \result == \null ==> walk->previous_last_byte == last_byte; */
static const char *neighbour_fault(struct segment_walk *walk,
                                   const struct elf64_program_header *header, bool first,
                                   uint64_t last_byte)
{
    uint64_t first_page = header->p_vaddr >> PAGE_SHIFT;
    uint32_t flags = header->p_flags;
    if (!first) {
        if (header->p_vaddr <= walk->previous_last_byte) {
            return "overlaps the one before it, or has a lower address";
        }
        if (first_page == walk->previous_last_byte >> PAGE_SHIFT) {
            flags |= walk->last_page_flags;
            if ((flags & WRITE_EXECUTE) == WRITE_EXECUTE) {
                return "makes a page it shares with the one before it writable and executable: "
                       "put ALIGN(4096) between them";
            }
        }
    }
    walk->last_page_flags = first_page == last_byte >> PAGE_SHIFT ? flags : header->p_flags;
    walk->previous_last_byte = last_byte;
    return NULL;
}

/*@ requires \valid_read(header) && \valid(kernel) && \valid(walk);
    requires \separated(header, kernel, walk) && kernel->segment_count < UINT32_MAX;
    assigns *walk, kernel->segment_count, kernel->virtual_base, kernel->virtual_end,
            kernel->alignment;
    ensures kernel->segment_count <= \old(kernel->segment_count) + 1;
    behavior accepts:
        assumes header->p_type == ELF_PT_LOAD && header->p_memsz != 0;
        ensures \result == \null ==> kernel->segment_count == \old(kernel->segment_count) + 1;
        ensures \result == \null ==> header->p_filesz <= header->p_memsz;
        ensures in_the_file: \result == \null && header->p_filesz != 0 ==>
                header->p_offset + header->p_filesz <= kernel->file_size;
        ensures no_wrap: \result == \null ==>
                header->p_vaddr <= (uint64_t)(header->p_vaddr + (uint64_t)(header->p_memsz - 1));
        ensures page_0: \result == \null && !kernel->position_independent ==>
                header->p_vaddr >= PAGE_BYTES;
        ensures sorted: \result == \null && \old(kernel->segment_count) != 0 ==>
                header->p_vaddr > \old(walk->previous_last_byte);
        ensures last: \result == \null ==>
                walk->previous_last_byte ==
                (uint64_t)(header->p_vaddr + (uint64_t)(header->p_memsz - 1)); */
static const char *segment_fault(const struct elf64_program_header *header,
                                 struct elf_kernel *kernel, struct segment_walk *walk)
{
    if (header->p_type == ELF_PT_INTERP) {
        return "asks for a dynamic linker (PT_INTERP): link with -static";
    }
    if (header->p_type != ELF_PT_LOAD) {
        return NULL;
    }
    if (header->p_filesz > header->p_memsz) {
        return "is larger in the file than in memory";
    }
    if (header->p_memsz == 0) {
        return NULL; // nothing to load
    }
    uint64_t last_byte = header->p_vaddr + (header->p_memsz - 1);
    const char *fault = file_part_fault(header, kernel);
    if (fault == NULL) {
        fault = address_fault(header, last_byte, kernel->position_independent);
    }
    if (fault == NULL) {
        fault = neighbour_fault(walk, header, kernel->segment_count == 0, last_byte);
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
/*@ requires \valid_read(header) && \valid(kernel) && \separated(header, kernel);
    requires readable_file(kernel) && headers_inside(kernel);
    assigns kernel->relro_start, kernel->relro_end; */
static const char *relro_fault(const struct elf64_program_header *header, struct elf_kernel *kernel)
{
    uint64_t start = header->p_vaddr & ~PAGE_MASK;
    uint64_t end = (header->p_vaddr + header->p_memsz) & ~PAGE_MASK; // modulo 2^64
    uint64_t covered = start;
    struct elf_segment segment;
    /*@ loop invariant cursor <= kernel->program_header_count;
        loop assigns cursor, segment, covered;
        loop variant kernel->program_header_count - cursor; */
    for (uint32_t cursor = 0; elf_next_segment(kernel, &cursor, &segment);) {
        uint64_t first = segment.virtual_address & ~PAGE_MASK;
        uint64_t segment_end = page_round_up(segment.virtual_address + segment.memory_size);
        if ((segment.flags & ELF_PF_W) != 0 && covered - first < segment_end - first) {
            covered = segment_end;
        }
    }
    if (covered - start < end - start) {
        return "(PT_GNU_RELRO) passes the writable ones";
    }
    if (start != end) {
        kernel->relro_start = start;
        kernel->relro_end = end;
    }
    return NULL;
}

// Its initialised part must be in memory; .tbss takes none there.
/*@ requires \valid_read(header) && \valid(kernel) && \separated(header, kernel);
    requires readable_file(kernel) && headers_inside(kernel);
    assigns kernel->tls_address, kernel->tls_file_size, kernel->tls_memory_size,
            kernel->tls_alignment;
    ensures \result == \null ==> kernel->tls_file_size <= kernel->tls_memory_size &&
            kernel->tls_alignment >= 1; */
static const char *tls_fault(const struct elf64_program_header *header, struct elf_kernel *kernel)
{
    struct elf_segment segment;
    if (header->p_filesz > header->p_memsz || !is_power_of_two_or_0(header->p_align) ||
        (header->p_filesz != 0 &&
         !elf_find_segment(kernel, header->p_vaddr, header->p_filesz, &segment))) {
        return "(PT_TLS) has a wrong size or p_align, or lies in no other";
    }
    kernel->tls_address = header->p_vaddr;
    kernel->tls_file_size = header->p_filesz;
    kernel->tls_memory_size = header->p_memsz;
    kernel->tls_alignment = header->p_align != 0 ? header->p_align : 1;
    return NULL;
}

// Found by its address, which is where the kernel will see it, too.
/*@ requires \valid_read(header) && \valid(kernel) && \separated(header, kernel);
    requires readable_file(kernel) && headers_inside(kernel);
    assigns kernel->dynamic_offset, kernel->dynamic_size;
    ensures \result == \null ==> dynamic_inside(kernel); */
static const char *dynamic_fault(const struct elf64_program_header *header,
                                 struct elf_kernel *kernel)
{
    if (!elf_file_offset(kernel, header->p_vaddr, header->p_filesz, &kernel->dynamic_offset)) {
        return "(PT_DYNAMIC) is not inside another in the file";
    }
    kernel->dynamic_size = header->p_filesz;
    return NULL;
}

// ---- All program headers ------------------------------------------------------------------

// What lies inside the loadable segments, once these are known.
/*@ requires \valid_read(header) && \valid(kernel) && \separated(header, kernel);
    requires readable_file(kernel) && headers_inside(kernel);
    assigns kernel->relro_start, kernel->relro_end, kernel->tls_address, kernel->tls_file_size,
            kernel->tls_memory_size, kernel->tls_alignment, kernel->dynamic_offset,
            kernel->dynamic_size;
    ensures \result == \null && \old(dynamic_inside(kernel)) ==> dynamic_inside(kernel); */
static const char *inner_fault(const struct elf64_program_header *header, struct elf_kernel *kernel)
{
    bool second;
    const char *(*fault)(const struct elf64_program_header *, struct elf_kernel *);
    if (header->p_type == ELF_PT_GNU_RELRO) {
        second = kernel->relro_start != kernel->relro_end;
        fault = relro_fault;
    } else if (header->p_type == ELF_PT_TLS) {
        second = kernel->tls_memory_size != 0;
        fault = tls_fault;
    } else if (header->p_type == ELF_PT_DYNAMIC && kernel->position_independent) {
        second = kernel->dynamic_size != 0;
        fault = dynamic_fault;
    } else {
        return NULL;
    }
    if (header->p_memsz == 0) {
        return NULL; // left over by a linker script
    }
    //@ calls relro_fault, tls_fault, dynamic_fault;
    return second ? "is a second one of its type" : fault(header, kernel);
}

// Checks all program headers: `inside`, what lies inside segments, or else the segments themselves.
/*@ requires \valid(kernel) && \valid(walk) && \valid(why) && \separated(kernel, walk, why);
    requires readable_file(kernel) && headers_inside(kernel);
    requires !inside ==>
             kernel->segment_count == 0 && kernel->program_header_count <= ELF_PN_XNUM;
    requires dynamic_inside(kernel);
    assigns *kernel, *walk, *why;
    ensures \result ==> same_file{Pre, Post}(kernel) && dynamic_inside(kernel);
    ensures inside ==> kernel->segment_count == \old(kernel->segment_count); */
static bool check_all(struct elf_kernel *kernel, bool inside, struct segment_walk *walk,
                      struct message *why)
{
    struct elf64_program_header header;
    /*@ loop invariant 0 <= i <= kernel->program_header_count;
        loop invariant same_file{Pre, Here}(kernel);
        loop invariant dynamic_inside(kernel);
        loop invariant !inside ==> kernel->segment_count <= i;
        loop invariant inside ==> kernel->segment_count == \at(kernel->segment_count, Pre);
        loop assigns i, header, *kernel, *walk;
        loop variant kernel->program_header_count - i; */
    for (uint32_t i = 0; i < kernel->program_header_count; i++) {
        elf_program_header(kernel, i, &header);
        const char *fault =
            inside ? inner_fault(&header, kernel) : segment_fault(&header, kernel, walk);
        if (fault != NULL) {
            return message_refuse(why, "kernel segment %u %s; check the linker script", (unsigned)i,
                                  fault);
        }
    }
    return true;
}

bool elf_check_segments(struct elf_kernel *kernel, struct message *why)
{
    struct segment_walk walk = {.entry_found = false};
    if (!check_all(kernel, false, &walk, why)) {
        return false;
    }
    if (kernel->segment_count == 0) {
        return message_refuse(why, "the kernel has no loadable segment: check the linker script");
    }
    if (!walk.entry_found) {
        return message_refuse(why,
                              "the kernel's entry point 0x%llx is not in the file's part of an "
                              "executable segment: name it with ENTRY()",
                              (unsigned long long)kernel->entry);
    }
    return check_all(kernel, true, &walk, why);
}
