// Checks the header of an ELF64 executable, has elf_segments.c check the rest, and finds what
// others want of it. Called by stage 2 on the kernel it has read, and by the host tool on the
// kernel it is given, so both refuse the same files.
#include "elf.h"

#include "elf_segments.h"
#include "page.h"

#include <string.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "on-disk structures are read as they lie in memory: this needs a little-endian machine"
#endif

static const uint8_t elf_magic[4] = {0x7F, 'E', 'L', 'F'};

// ---- The file's header --------------------------------------------------------------------

// A field that may have one of three values only.
struct header_field {
    uint8_t offset;
    uint8_t bytes;
    uint16_t allowed[3];
    char name[12];
};

#define HEADER_FIELD(field)                                                                        \
    offsetof(struct elf64_header, field), sizeof(((struct elf64_header *)0)->field)
#define IDENTITY(place) offsetof(struct elf64_header, e_ident) + (place), 1
#define ONLY(value)                                                                                \
    {                                                                                              \
        (value), (value), (value)                                                                  \
    }

// e_phentsize comes last: it may be anything when there are no program headers.
static const struct header_field header_fields[] = {
    {IDENTITY(ELF_EI_CLASS), ONLY(ELF_CLASS_64), "EI_CLASS"},
    {IDENTITY(ELF_EI_DATA), ONLY(ELF_DATA_LITTLE_ENDIAN), "EI_DATA"},
    {IDENTITY(ELF_EI_VERSION), ONLY(ELF_VERSION_CURRENT), "EI_VERSION"},
    {IDENTITY(ELF_EI_OSABI), {ELF_OSABI_SYSTEM_V, ELF_OSABI_GNU, ELF_OSABI_STANDALONE}, "OS ABI"},
    {HEADER_FIELD(e_machine), ONLY(ELF_EM_X86_64), "ELF machine"},
    {HEADER_FIELD(e_type), {ELF_ET_EXEC, ELF_ET_DYN, ELF_ET_DYN}, "e_type"},
    {HEADER_FIELD(e_version), ONLY(ELF_VERSION_CURRENT), "e_version"},
    {HEADER_FIELD(e_flags), ONLY(0), "e_flags"},
    {HEADER_FIELD(e_ehsize), ONLY(sizeof(struct elf64_header)), "e_ehsize"},
    {HEADER_FIELD(e_phentsize), ONLY(sizeof(struct elf64_program_header)), "e_phentsize"},
};

#define FIELD_COUNT (sizeof(header_fields) / sizeof(struct header_field))

/*@ requires \valid_read(file + (0 .. sizeof(struct elf64_header) - 1));
    requires count <= FIELD_COUNT && \valid(why);
    assigns *why; */
static bool check_header_fields(const uint8_t *file, size_t count, struct message *why)
{
    /*@ loop invariant 0 <= i <= count;
        loop assigns i;
        loop variant count - i; */
    for (size_t i = 0; i < count; i++) {
        //@ assert i <= 4 || i == 5 || i == 6 || i == 7 || i == 8 || i == 9;
        //@ assert i <= 4 ==> i == 0 || i == 1 || i == 2 || i == 3 || i == 4;
        /*@ assert header_fields[i].bytes <= sizeof(uint32_t) && header_fields[i].offset +
                   header_fields[i].bytes <= sizeof(struct elf64_header); */
        const struct header_field *field = &header_fields[i];
        uint32_t value = 0;
        memcpy(&value, file + field->offset, field->bytes);
        const uint16_t *allowed = field->allowed;
        if (value != allowed[0] && value != allowed[1] && value != allowed[2]) {
            return message_refuse(why,
                                  "the kernel's ELF header has %s %u instead of %u: link a 64-bit "
                                  "little-endian x86-64 executable",
                                  field->name, (unsigned)value, (unsigned)allowed[0]);
        }
    }
    return true;
}

/*@ requires \valid_read(file + (0 .. size - 1)) && size >= sizeof(struct elf64_header);
    requires \valid_read(header) && \valid(why) && \separated(header, why);
    assigns *why;
    ensures \result ==> header->e_phoff <= size && header->e_phnum < ELF_PN_XNUM &&
            header->e_phnum * sizeof(struct elf64_program_header) <= size - header->e_phoff; */
static bool check_header(const uint8_t *file, uint64_t size, const struct elf64_header *header,
                         struct message *why)
{
    if (!check_header_fields(file, FIELD_COUNT - (header->e_phnum == 0), why)) {
        return false;
    }
    if (header->e_phnum == ELF_PN_XNUM) {
        return message_refuse(
            why, "the kernel has more than 65534 program headers: make fewer segments");
    }
    uint64_t table_bytes = (uint64_t)header->e_phnum * sizeof(struct elf64_program_header);
    if (header->e_phoff > size || table_bytes > size - header->e_phoff) {
        return message_refuse(why, "the kernel's program headers pass the end of its file: build "
                                   "it again");
    }
    return true;
}

// ---- The kernel ---------------------------------------------------------------------------

// What the header says, once it is accepted.
/*@ requires \valid(kernel) && \valid_read(header) && \separated(kernel, header);
    assigns *kernel;
    ensures kernel->file == file && kernel->file_size == size;
    ensures kernel->program_header_offset == header->e_phoff;
    ensures kernel->program_header_count == header->e_phnum;
    ensures kernel->segment_count == 0 && kernel->slide == 0;
    ensures kernel->dynamic_offset == 0 && kernel->dynamic_size == 0; */
static void take_header(struct elf_kernel *kernel, const uint8_t *file, uint64_t size,
                        const struct elf64_header *header)
{
    memset(kernel, 0, sizeof *kernel);
    kernel->file = file;
    kernel->file_size = size;
    kernel->entry = header->e_entry;
    kernel->program_header_offset = header->e_phoff;
    kernel->program_header_count = header->e_phnum;
    kernel->alignment = PAGE_BYTES;
    kernel->position_independent = header->e_type == ELF_ET_DYN;
}

bool elf_parse(const void *file, uint64_t size, struct elf_kernel *kernel, struct message *why)
{
    struct elf64_header header;
    if (size < sizeof elf_magic || memcmp(file, elf_magic, sizeof elf_magic) != 0) {
        return message_refuse(why, "the kernel is not an ELF file: give the linker's output");
    }
    if (size < sizeof header) {
        return message_refuse(why, "the kernel ends within its ELF header: build it again");
    }
    memcpy(&header, file, sizeof header);
    if (!check_header(file, size, &header, why)) {
        return false;
    }
    take_header(kernel, file, size, &header);
    return elf_check_segments(kernel, why);
}

void elf_program_header(const struct elf_kernel *kernel, uint32_t index,
                        struct elf64_program_header *header)
{
    // The table may be at any address: copied out.
    memcpy(header, kernel->file + kernel->program_header_offset + (uint64_t)index * sizeof *header,
           sizeof *header);
}

void elf_set_slide(struct elf_kernel *kernel, uint64_t slide)
{
    uint64_t change = slide - kernel->slide;
    kernel->slide = slide;
    kernel->entry += change;
    kernel->virtual_base += change;
    kernel->virtual_end += change;
    kernel->relro_start += change;
    kernel->relro_end += change;
    if (kernel->tls_memory_size != 0) {
        kernel->tls_address += change;
    }
}

bool elf_find_segment(const struct elf_kernel *kernel, uint64_t virtual_address, uint64_t bytes,
                      struct elf_segment *segment)
{
    /*@ loop invariant cursor <= kernel->program_header_count;
        loop assigns cursor, *segment;
        loop variant kernel->program_header_count - cursor; */
    for (uint32_t cursor = 0; elf_next_segment(kernel, &cursor, segment);) {
        uint64_t inside = virtual_address - segment->virtual_address;
        if (inside < segment->memory_size && bytes <= segment->memory_size - inside) {
            return true;
        }
    }
    return false;
}

bool elf_file_offset(const struct elf_kernel *kernel, uint64_t virtual_address, uint64_t bytes,
                     uint64_t *offset)
{
    struct elf_segment segment;
    if (!elf_find_segment(kernel, virtual_address, bytes, &segment)) {
        return false;
    }
    uint64_t inside = virtual_address - segment.virtual_address;
    *offset = segment.file_offset + inside;
    // Read again from a file that lies in kernel memory: trusted no further than its end.
    return inside + bytes <= segment.file_size && *offset <= kernel->file_size &&
           bytes <= kernel->file_size - *offset;
}

bool elf_next_segment(const struct elf_kernel *kernel, uint32_t *cursor,
                      struct elf_segment *segment)
{
    /*@ loop invariant \at(*cursor, Pre) <= *cursor <= kernel->program_header_count;
        loop assigns *cursor;
        loop variant kernel->program_header_count - *cursor; */
    while (*cursor < kernel->program_header_count) {
        uint32_t index = (*cursor)++;
        struct elf64_program_header header;
        elf_program_header(kernel, index, &header);
        if (header.p_type == ELF_PT_LOAD && header.p_memsz != 0) {
            *segment = (struct elf_segment){
                .virtual_address = header.p_vaddr + kernel->slide,
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
