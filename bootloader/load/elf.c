// Checks an ELF64 executable and steps through its loadable segments. Called by stage 2 on the
// kernel it has read, and by the host tool on the kernel it is given, so both refuse the same
// files.
#include "elf.h"

#include "page.h"

#include <string.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "on-disk structures are read as they lie in memory: this needs a little-endian machine"
#endif

#define LOW_HALF_LAST   0x00007FFFFFFFFFFFu // last byte of the lower canonical half
#define HIGH_HALF_FIRST 0xFFFF800000000000u // first byte of the higher one

#define WRITE_EXECUTE (ELF_PF_W | ELF_PF_X)

static const uint8_t elf_magic[4] = {0x7F, 'E', 'L', 'F'};

// What the walk over the segments has to remember of the segments before.
struct segment_walk {
    uint64_t previous_address;   // of the segment before
    uint64_t previous_last_byte; // of the segment before
    uint32_t last_page_flags;    // of all segments in its last page
    bool entry_found;
};

static bool is_canonical(uint64_t address)
{
    return address <= LOW_HALF_LAST || address >= HIGH_HALF_FIRST;
}

static bool refuse_field(struct message *why, const char *field, unsigned value, unsigned wanted)
{
    return message_refuse(why,
                          "the kernel's ELF header has %s %u instead of %u: the file is damaged or "
                          "not an x86-64 executable, link it again",
                          field, value, wanted);
}

static bool refuse_segment(struct message *why, uint32_t index, const char *text)
{
    return message_refuse(why, "kernel segment %u %s", (unsigned)index, text);
}

static bool check_identity(const uint8_t *file, uint64_t size, struct message *why)
{
    if (size < sizeof elf_magic || memcmp(file, elf_magic, sizeof elf_magic) != 0) {
        return message_refuse(why, "the kernel is not an ELF file: give the executable that the "
                                   "linker wrote, not a flat binary or a disk image");
    }
    if (size < sizeof(struct elf64_header)) {
        return message_refuse(why,
                              "the kernel ends within its ELF header, after %u bytes: the file is "
                              "cut short, build it again",
                              (unsigned)size);
    }
    if (file[ELF_EI_CLASS] == ELF_CLASS_32) {
        return message_refuse(why, "the kernel is a 32-bit ELF file: compile and link it for "
                                   "x86-64 (-m64, --target=x86_64-unknown-none-elf)");
    }
    if (file[ELF_EI_CLASS] != ELF_CLASS_64) {
        return refuse_field(why, "EI_CLASS", file[ELF_EI_CLASS], ELF_CLASS_64);
    }
    if (file[ELF_EI_DATA] == ELF_DATA_BIG_ENDIAN) {
        return message_refuse(why, "the kernel is a big-endian ELF file: compile it for x86-64, "
                                   "which is little-endian");
    }
    if (file[ELF_EI_DATA] != ELF_DATA_LITTLE_ENDIAN) {
        return refuse_field(why, "EI_DATA", file[ELF_EI_DATA], ELF_DATA_LITTLE_ENDIAN);
    }
    if (file[ELF_EI_VERSION] != ELF_VERSION_CURRENT) {
        return refuse_field(why, "EI_VERSION", file[ELF_EI_VERSION], ELF_VERSION_CURRENT);
    }
    uint8_t abi = file[ELF_EI_OSABI];
    if (abi != ELF_OSABI_SYSTEM_V && abi != ELF_OSABI_GNU && abi != ELF_OSABI_STANDALONE) {
        return message_refuse(why,
                              "the kernel's ELF header names OS ABI %u: link it for System V (0), "
                              "GNU/Linux (3) or standalone (255), for example with -m elf_x86_64",
                              (unsigned)abi);
    }
    return true;
}

static bool check_type(uint16_t type, struct message *why)
{
    switch (type) {
    case ELF_ET_EXEC:
        return true;
    case ELF_ET_REL:
        return message_refuse(why, "the kernel is an object file, not yet linked: link it to an "
                                   "executable with ld.lld or ld");
    case ELF_ET_DYN:
        return message_refuse(why, "position-independent kernels are not supported yet: compile "
                                   "with -fno-pie and link with -no-pie -static");
    case ELF_ET_CORE:
        return message_refuse(why, "the kernel is a core dump: give the executable instead");
    default:
        return refuse_field(why, "e_type", type, ELF_ET_EXEC);
    }
}

static bool check_header(const struct elf64_header *header, uint64_t size, struct message *why)
{
    if (header->e_machine != ELF_EM_X86_64) {
        return message_refuse(why,
                              "the kernel is for ELF machine %u, not for x86-64 (62): use a "
                              "compiler and linker for x86-64",
                              (unsigned)header->e_machine);
    }
    if (!check_type(header->e_type, why)) {
        return false;
    }
    if (header->e_version != ELF_VERSION_CURRENT) {
        return refuse_field(why, "e_version", header->e_version, ELF_VERSION_CURRENT);
    }
    if (header->e_flags != 0) {
        return refuse_field(why, "e_flags", header->e_flags, 0);
    }
    if (header->e_ehsize != sizeof *header) {
        return refuse_field(why, "e_ehsize", header->e_ehsize, sizeof *header);
    }
    if (header->e_phnum == 0) {
        return true; // the linker leaves the fields below 0; refused for want of a segment
    }
    if (header->e_phentsize != sizeof(struct elf64_program_header)) {
        return refuse_field(why, "e_phentsize", header->e_phentsize,
                            sizeof(struct elf64_program_header));
    }
    if (header->e_phnum == ELF_PN_XNUM) {
        return message_refuse(why, "the kernel has more than 65534 program headers: let the linker "
                                   "script put its sections into fewer segments");
    }
    uint64_t table_bytes = (uint64_t)header->e_phnum * sizeof(struct elf64_program_header);
    if (header->e_phoff > size || table_bytes > size - header->e_phoff) {
        return message_refuse(why,
                              "the kernel's %u program headers at byte %llu pass the end of its "
                              "%llu bytes: the file is cut short or damaged, link it again",
                              (unsigned)header->e_phnum, (unsigned long long)header->e_phoff,
                              (unsigned long long)size);
    }
    return true;
}

static struct elf64_program_header program_header(const struct elf_kernel *kernel, uint32_t index)
{
    struct elf64_program_header header; // the table may be at any address: copied out
    memcpy(&header, kernel->file + kernel->program_header_offset + (uint64_t)index * sizeof header,
           sizeof header);
    return header;
}

// Flags, sizes and the place in the file.
static bool check_file_part(const struct elf_kernel *kernel, uint32_t index,
                            const struct elf64_program_header *header, struct message *why)
{
    if (header->p_filesz > header->p_memsz) {
        return refuse_segment(why, index,
                              "is larger in the file (p_filesz) than in memory "
                              "(p_memsz): the file is damaged, link it again");
    }
    if (header->p_memsz == 0) {
        return true; // nothing to load
    }
    if ((header->p_flags & WRITE_EXECUTE) == WRITE_EXECUTE) {
        return refuse_segment(why, index,
                              "is both writable and executable: link with -z "
                              "separate-code and without -N/--omagic, or set FLAGS in "
                              "the linker script's PHDRS");
    }
    if ((header->p_flags & (WRITE_EXECUTE | ELF_PF_R)) == 0) {
        return refuse_segment(why, index,
                              "allows no access at all: set its FLAGS in the linker "
                              "script's PHDRS");
    }
    if (header->p_filesz != 0 && (header->p_offset > kernel->file_size ||
                                  header->p_filesz > kernel->file_size - header->p_offset)) {
        return refuse_segment(why, index,
                              "passes the end of the file: the file is cut short or "
                              "damaged, link it again");
    }
    if ((header->p_align & (header->p_align - 1)) != 0) {
        return refuse_segment(why, index,
                              "has an alignment (p_align) that is not a power of two: "
                              "correct ALIGN in the linker script");
    }
    if (header->p_align != 0 &&
        ((header->p_offset - header->p_vaddr) & (header->p_align - 1)) != 0) {
        return refuse_segment(why, index,
                              "lies at a file offset that does not fit its address "
                              "modulo p_align: correct ALIGN in the linker script");
    }
    return true;
}

// The segment by itself in the address space.
static bool check_address(uint32_t index, const struct elf64_program_header *header,
                          struct message *why)
{
    if (header->p_vaddr <= PAGE_MASK) {
        return refuse_segment(why, index,
                              "lies in page 0, which is never mapped: start the linker "
                              "script at an address of 0x1000 or more");
    }
    if (!is_canonical(header->p_vaddr)) {
        return refuse_segment(why, index,
                              "has an address that is not canonical: bits 63 to 47 "
                              "must be equal, correct the linker script");
    }
    uint64_t last_byte = header->p_vaddr + (header->p_memsz - 1);
    if (last_byte < header->p_vaddr) {
        return refuse_segment(why, index,
                              "passes the end of the address space: correct address "
                              "or size in the linker script");
    }
    if (header->p_vaddr <= LOW_HALF_LAST && last_byte > LOW_HALF_LAST) {
        return refuse_segment(why, index,
                              "crosses the hole between the canonical halves of the "
                              "address space: correct the linker script");
    }
    return true;
}

// The segment beside those before it; becomes the one before.
static bool check_neighbours(struct segment_walk *walk, const struct elf_kernel *kernel,
                             uint32_t index, const struct elf64_program_header *header,
                             struct message *why)
{
    uint64_t last_byte = header->p_vaddr + (header->p_memsz - 1);
    uint64_t first_page = header->p_vaddr >> PAGE_SHIFT;
    uint32_t flags = header->p_flags;
    if (kernel->segment_count > 0) {
        if (header->p_vaddr < walk->previous_address) {
            return refuse_segment(why, index,
                                  "has a lower address than the one before it: put "
                                  "the linker script's sections in order of address");
        }
        if (header->p_vaddr <= walk->previous_last_byte) {
            return refuse_segment(why, index,
                                  "overlaps the one before it: correct the addresses "
                                  "in the linker script");
        }
        if (first_page == walk->previous_last_byte >> PAGE_SHIFT) {
            flags |= walk->last_page_flags;
            if ((flags & WRITE_EXECUTE) == WRITE_EXECUTE) {
                return refuse_segment(why, index,
                                      "makes a page it shares with the one before it writable and "
                                      "executable: put ALIGN(4096) between them in the linker "
                                      "script, or link with -z separate-code");
            }
        }
    }
    walk->last_page_flags = first_page == last_byte >> PAGE_SHIFT ? flags : header->p_flags;
    walk->previous_address = header->p_vaddr;
    walk->previous_last_byte = last_byte;
    return true;
}

static bool check_segment(struct segment_walk *walk, struct elf_kernel *kernel, uint32_t index,
                          const struct elf64_program_header *header, struct message *why)
{
    if (!check_file_part(kernel, index, header, why)) {
        return false;
    }
    if (header->p_memsz == 0) {
        return true;
    }
    if (!check_address(index, header, why) || !check_neighbours(walk, kernel, index, header, why)) {
        return false;
    }
    if ((header->p_flags & ELF_PF_X) != 0 && kernel->entry >= header->p_vaddr &&
        kernel->entry - header->p_vaddr < header->p_filesz) {
        walk->entry_found = true;
    }
    if (kernel->segment_count == 0) {
        kernel->virtual_base = header->p_vaddr & ~PAGE_MASK;
    }
    kernel->virtual_end = (walk->previous_last_byte | PAGE_MASK) + 1;
    kernel->segment_count++;
    return true;
}

static bool check_program_headers(struct elf_kernel *kernel, struct message *why)
{
    struct segment_walk walk = {.entry_found = false};
    for (uint32_t i = 0; i < kernel->program_header_count; i++) {
        struct elf64_program_header header = program_header(kernel, i);
        if (header.p_type == ELF_PT_INTERP) {
            return message_refuse(why,
                                  "the kernel asks for a dynamic linker (PT_INTERP in program "
                                  "header %u): link it with -static and without shared libraries",
                                  (unsigned)i);
        }
        if (header.p_type == ELF_PT_LOAD && !check_segment(&walk, kernel, i, &header, why)) {
            return false;
        }
    }
    if (kernel->segment_count == 0) {
        return message_refuse(why, "the kernel has no loadable segment (PT_LOAD): check the linker "
                                   "script and that the linker was given the kernel's objects");
    }
    if (!walk.entry_found) {
        return message_refuse(why,
                              "the kernel's entry point 0x%llx is not in the file's part of an "
                              "executable segment: name it with ENTRY() or -e, and keep its "
                              "section when linking",
                              (unsigned long long)kernel->entry);
    }
    return true;
}

bool elf_parse(const void *file, uint64_t size, struct elf_kernel *kernel, struct message *why)
{
    struct elf64_header header;
    if (!check_identity(file, size, why)) {
        return false;
    }
    memcpy(&header, file, sizeof header);
    if (!check_header(&header, size, why)) {
        return false;
    }
    *kernel = (struct elf_kernel){
        .file = file,
        .file_size = size,
        .entry = header.e_entry,
        .program_header_offset = header.e_phoff,
        .program_header_count = header.e_phnum,
    };
    return check_program_headers(kernel, why);
}

bool elf_next_segment(const struct elf_kernel *kernel, uint32_t *cursor,
                      struct elf_segment *segment)
{
    while (*cursor < kernel->program_header_count) {
        uint32_t index = (*cursor)++;
        struct elf64_program_header header = program_header(kernel, index);
        if (header.p_type == ELF_PT_LOAD && header.p_memsz != 0) {
            *segment = (struct elf_segment){
                .virtual_address = header.p_vaddr,
                .memory_size = header.p_memsz,
                .file_offset = header.p_offset,
                .file_size = header.p_filesz,
                .flags = header.p_flags,
                .header_index = index,
            };
            return true;
        }
    }
    return false;
}
