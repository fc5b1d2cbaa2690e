// Checks and applies the relocations of a position-independent kernel. Called by stage 2 once the
// kernel's memory is filled, and, only to check, by the host tool. Tables are read from the file as
// it lies in kernel memory, where a hostile relocation may hit them: every entry is copied out,
// then checked, then used.
#include "relocate.h"

#include "page.h"

#include <string.h>

// System V gABI 4.1, figures 5-9 to 5-11, and the AMD64 supplement's table of relocations.
enum {
    DT_NULL = 0,
    DT_NEEDED = 1,
    DT_PLTRELSZ = 2,
    DT_SYMTAB = 6,
    DT_RELA = 7,
    DT_RELASZ = 8,
    DT_RELAENT = 9,
    DT_SYMENT = 11,
    DT_REL = 17,
    DT_PLTREL = 20,
    DT_TEXTREL = 22,
    DT_JMPREL = 23,
    DT_RELR = 36,
    DT_COUNT = 38,
    R_X86_64_NONE = 0,
    R_X86_64_64 = 1,
    R_X86_64_RELATIVE = 8,
};

// What is known while relocations are walked.
struct relocator {
    const struct kernel_layout *layout;
    const struct elf_kernel *elf;
    uint8_t *memory;  // null: only check
    uint64_t symbols; // DT_SYMTAB, without slide; 0: none
    // The window: `bytes` bytes of one page and segment, none of them program headers.
    uint64_t window; // address of the first
    uint64_t bytes;
    uint64_t offset; // of the first in kernel memory
    uint64_t places; // so many addresses from the first on have 8 bytes in the window
    struct message *why;
};

/*@ predicate window_inside(struct relocator *relocator) =
        relocator->offset + relocator->bytes <= relocator->layout->memory_bytes &&
        (relocator->offset + relocator->bytes <= relocator->elf->program_header_offset ||
         relocator->offset >= headers_end(relocator->elf)) &&
        relocator->places == (relocator->bytes < 8 ? 0 : relocator->bytes - 7);
    predicate sound(struct relocator *relocator) =
        \valid(relocator) && planned(relocator->layout) && \valid(relocator->why) &&
        relocator->elf == relocator->layout->elf &&
        \separated(relocator, relocator->layout, relocator->elf, relocator->why) &&
        (relocator->memory == \null ||
         \valid(relocator->memory + (0 .. relocator->layout->memory_bytes - 1)));
*/

// For contracts alone: what a relocation may change, the window and kernel memory but its program
// headers.
#define WRITTEN(relocator)                                                                         \
    (relocator)->window, (relocator)->bytes, (relocator)->offset, (relocator)->places,             \
        (relocator)->memory[0..(relocator)->elf->program_header_offset - 1],                       \
        (relocator)->memory[headers_end((relocator)->elf)..(relocator)->layout->memory_bytes - 1]

// ---- Targets ------------------------------------------------------------------------------

// What linkers leave in executables; only the first two can be had without a dynamic linker.
static const struct type_name {
    uint8_t type;
    char name[10]; // behind R_X86_64_
} type_names[] = {
    {R_X86_64_64, "64"}, {R_X86_64_RELATIVE, "RELATIVE"},
    {2, "PC32"},         {5, "COPY"},
    {6, "GLOB_DAT"},     {7, "JUMP_SLOT"},
    {10, "32"},          {11, "32S"},
    {16, "DTPMOD64"},    {17, "DTPOFF64"},
    {18, "TPOFF64"},     {37, "IRELATIVE"},
};

#define TYPE_NAME_COUNT (sizeof(type_names) / sizeof(struct type_name))

/*@ requires \valid_read(relocator) && \valid_read(relocation) && \valid(relocator->why);
    assigns *relocator->why; ensures !\result; */
static bool refuse_relocation(const struct relocator *relocator,
                              const struct elf64_relocation *relocation, const char *fault)
{
    const char *name = "";
    /*@ loop invariant 0 <= i <= TYPE_NAME_COUNT; loop assigns i, name;
        loop variant TYPE_NAME_COUNT - i; */
    for (size_t i = 0; i < TYPE_NAME_COUNT; i++) {
        if (relocation->type == type_names[i].type) {
            name = type_names[i].name;
        }
    }
    return message_refuse(relocator->why,
                          "kernel relocation R_X86_64_%s (%u) at 0x%llx %s: compile with -fPIE, "
                          "link with -static -pie",
                          name, (unsigned)relocation->type, (unsigned long long)relocation->offset,
                          fault);
}

// Moves the window to an address whose segment has `before` bytes in front of it and `left` from it
// on. False when it is in the program headers, which must stay as they are: they are read again
// later.
/*@ requires sound(relocator) && left >= 1;
    assigns relocator->window, relocator->bytes, relocator->offset, relocator->places;
    ensures \result ==> window_inside(relocator);
    ensures \result ==> (uint64_t)(address - relocator->window) < relocator->bytes;
    ensures one_page: \result ==>
            (uint64_t)(address - relocator->window) <= address % PAGE_BYTES &&
            address % PAGE_BYTES - (uint64_t)(address - relocator->window) + relocator->bytes <=
            PAGE_BYTES;
    ensures one_segment: \result ==> (uint64_t)(address - relocator->window) <= before &&
            relocator->bytes - (uint64_t)(address - relocator->window) <= left; */
static bool move_window(struct relocator *relocator, uint64_t address, uint64_t before,
                        uint64_t left)
{
    const struct elf_kernel *elf = relocator->elf;
    struct kernel_run run;
    struct kernel_run_cursor cursor = {0};
    /*@ loop invariant cursor.segment <= relocator->layout->elf->program_header_count;
        loop assigns cursor, run;
        loop variant relocator->layout->elf->program_header_count - cursor.segment; */
    do {
        if (!kernel_layout_next_run(relocator->layout, &cursor, &run)) {
            return false;
        }
    } while ((address - run.virtual_base) >> PAGE_SHIFT >= run.pages);
    const uint64_t in_page = address % PAGE_BYTES;
    //@ assert in_page <= address && in_page < PAGE_BYTES;
    const uint64_t page = kernel_run_page_offset(&run, (address - run.virtual_base) >> PAGE_SHIFT);
    if (page > relocator->layout->memory_bytes - PAGE_BYTES) { // never: the proof wants it
        return false;
    }
    const uint64_t at = page + in_page;
    uint64_t start = at - (in_page < before ? in_page : before);
    uint64_t end = at + (left < PAGE_BYTES - in_page ? left : PAGE_BYTES - in_page);
    //@ assert page + PAGE_BYTES <= relocator->layout->memory_bytes && at == page + in_page;
    //@ assert page <= start <= at && at - start <= in_page && at - start <= before;
    //@ assert at < end <= page + PAGE_BYTES && end - at <= left;

    // The window ends before the table or begins behind it.
    const uint64_t table = elf->program_header_offset;
    const uint64_t table_end =
        table + (uint64_t)elf->program_header_count * sizeof(struct elf64_program_header);
    //@ assert table_end == headers_end(elf);
    if (at < table) {
        end = end < table ? end : table;
    } else if (at < table_end) {
        return false;
    } else if (start < table_end) {
        start = table_end;
    }
    //@ assert page <= start <= at && at - start <= in_page && at - start <= before;
    //@ assert at < end <= page + PAGE_BYTES && end - at <= left;
    //@ assert end <= table || start >= table_end;
    relocator->window = address - (at - start);
    //@ assert relocator->window == address - (at - start);
    relocator->offset = start;
    relocator->bytes = end - start;
    relocator->places =
        relocator->bytes < sizeof(uint64_t) ? 0 : relocator->bytes - (sizeof(uint64_t) - 1);
    //@ assert headers_end(relocator->elf) == table_end;
    //@ assert relocator->offset == start && relocator->bytes == end - start;
    //@ assert relocator->layout->memory_bytes == \at(relocator->layout->memory_bytes, Pre);
    //@ assert relocator->elf->program_header_offset == table;
    //@ assert window_inside(relocator);
    //@ assert end - at <= left && at - start <= before;
    //@ assert (uint64_t)(address - relocator->window) == at - start;
    return true;
}

// Writes one byte to an address as move_window takes it.
/*@ requires sound(relocator) && window_inside(relocator) && left >= 1;
    assigns WRITTEN(relocator); ensures \result ==> window_inside(relocator); */
static bool write_byte(struct relocator *relocator, uint64_t address, uint64_t before,
                       uint64_t left, uint8_t byte)
{
    uint64_t inside = address - relocator->window;
    if (inside >= relocator->bytes) {
        if (!move_window(relocator, address, before, left)) {
            return false;
        }
        inside = address - relocator->window;
    }
    if (relocator->memory != NULL) {
        relocator->memory[relocator->offset + inside] = byte;
    }
    return true;
}

/*@ requires sound(relocator) && window_inside(relocator);
    requires \valid_read(relocation) && \separated(relocator, relocation, relocator->why);
    assigns *relocator->why, WRITTEN(relocator); ensures \result ==> window_inside(relocator); */
static bool write_value(struct relocator *relocator, const struct elf64_relocation *relocation,
                        uint64_t value)
{
    const uint64_t address = relocation->offset + relocator->elf->slide;
    const uint64_t inside = address - relocator->window;
    if (inside < relocator->places) {
        if (relocator->memory != NULL) {
            memcpy(relocator->memory + relocator->offset + inside, &value, sizeof value);
        }
        return true;
    }
    struct elf_segment segment;
    if (!elf_find_segment(relocator->elf, address, sizeof value, &segment)) {
        return refuse_relocation(relocator, relocation, "is for 8 bytes in no segment");
    }
    // The parts in two pages need not follow one another in kernel memory.
    const uint64_t before = address - segment.virtual_address;
    //@ assert before <= segment.memory_size - 8 && segment.memory_size >= 8;
    const uint64_t left = segment.memory_size - before;
    //@ assert left >= 8 && before + left == segment.memory_size;
    /*@ loop invariant 0 <= i <= sizeof(uint64_t) && window_inside(relocator);
        loop assigns i, value, WRITTEN(relocator); loop variant sizeof(uint64_t) - i; */
    for (unsigned i = 0; i < sizeof value; i++, value >>= 8) {
        if (!write_byte(relocator, address + i, before + i, left - i, (uint8_t)value)) {
            return refuse_relocation(relocator, relocation, "is for the program headers");
        }
    }
    return true;
}

// ---- Values -------------------------------------------------------------------------------

// The symbol's address in the running kernel.
/*@ requires sound(relocator) && \valid_read(relocation) && \valid(value);
    requires \separated(relocator, relocator->layout, relocator->elf, relocator->why, relocation,
                        value);
    assigns *value, *relocator->why; */
static bool symbol_value(const struct relocator *relocator,
                         const struct elf64_relocation *relocation, uint64_t *value)
{
    const struct elf_kernel *elf = relocator->elf;
    struct elf64_symbol symbol;
    uint64_t offset;
    *value = 0;
    if (relocation->symbol == 0) {
        return true;
    }
    uint64_t address = relocator->symbols + (uint64_t)relocation->symbol * sizeof symbol;
    bool usable = relocator->symbols != 0 &&
                  elf_file_offset(elf, address + elf->slide, sizeof symbol, &offset);
    if (usable) {
        memcpy(&symbol, elf->file + offset, sizeof symbol);
        const unsigned type = symbol.st_info & 0xF;
        const bool undefined = symbol.st_shndx == ELF_SHN_UNDEF;
        if (undefined && symbol.st_info >> 4 == ELF_STB_WEAK) {
            return true;
        }
        usable = !undefined && type != ELF_STT_TLS && type != ELF_STT_GNU_IFUNC;
    }
    if (!usable) {
        return refuse_relocation(relocator, relocation,
                                 "has a symbol that is undefined, TLS, IFUNC or not in the file");
    }
    *value = symbol.st_value + (symbol.st_shndx == ELF_SHN_ABS ? 0 : elf->slide);
    return true;
}

/*@ requires sound(relocator) && window_inside(relocator);
    requires \valid_read(relocation) &&
             \separated(relocator, relocator->layout, relocator->elf, relocator->why, relocation);
    assigns *relocator->why, WRITTEN(relocator); ensures \result ==> window_inside(relocator); */
static bool apply(struct relocator *relocator, const struct elf64_relocation *relocation)
{
    uint64_t base = relocator->elf->slide;
    if (relocation->type == R_X86_64_64) {
        if (!symbol_value(relocator, relocation, &base)) {
            return false;
        }
    } else if (relocation->type != R_X86_64_RELATIVE) {
        return relocation->type == R_X86_64_NONE ||
               refuse_relocation(relocator, relocation, "is not supported");
    }
    //@ assert headers_end(relocator->elf) == \at(headers_end(relocator->elf), Pre);
    return write_value(relocator, relocation, base + relocation->addend);
}

// ---- The dynamic section ------------------------------------------------------------------

// What is refused if it is there.
#define BIT(tag)     ((uint64_t)1 << (tag))
#define REFUSED_TAGS (BIT(DT_NEEDED) | BIT(DT_REL) | BIT(DT_TEXTREL) | BIT(DT_RELR))

/*@ // Tables whose entries are as large as this file takes them to be.
    predicate sound_values(uint64_t *values) =
        (values[DT_RELASZ] != 0 ==> values[DT_RELAENT] == sizeof(struct elf64_relocation)) &&
        (values[DT_PLTRELSZ] != 0 ==> values[DT_PLTREL] == DT_RELA) &&
        (values[DT_SYMTAB] != 0 ==> values[DT_SYMENT] == sizeof(struct elf64_symbol)); */

/*@ requires \valid(why); assigns *why; ensures !\result; */
static bool refuse_dynamic(struct message *why)
{
    return message_refuse(why, "the kernel's DT_RELA, DT_JMPREL, DT_RELAENT, DT_PLTREL or "
                               "DT_SYMENT is wrong: link it again");
}

// Reads the values by tag; 0 where there is none.
/*@ requires readable_file(elf) && dynamic_inside(elf);
    requires \valid(values + (0 .. DT_COUNT - 1)) && \valid(why);
    requires \separated(elf, values + (0 .. DT_COUNT - 1), why);
    assigns values[0 .. DT_COUNT - 1], *why;
    ensures \result ==> sound_values(values); */
static bool read_dynamic(const struct elf_kernel *elf, uint64_t *values, struct message *why)
{
    struct elf64_dynamic_entry entry;
    memset(values, 0, DT_COUNT * sizeof *values);
    /*@ loop invariant at <= elf->dynamic_size; loop assigns at, entry, values[0 .. DT_COUNT - 1];
        loop variant elf->dynamic_size - at; */
    for (uint64_t at = 0; elf->dynamic_size - at >= sizeof entry; at += sizeof entry) {
        memcpy(&entry, elf->file + elf->dynamic_offset + at, sizeof entry);
        if (entry.tag == DT_NULL) {
            break;
        }
        if (entry.tag >= DT_COUNT) {
            continue;
        }
        values[entry.tag] = entry.value;
        if ((REFUSED_TAGS >> entry.tag & 1) != 0) {
            return message_refuse(why,
                                  "the kernel's dynamic section has tag %u (DT_NEEDED 1, REL 17, "
                                  "TEXTREL 22, RELR 36): link with -static -pie -z text "
                                  "--pack-dyn-relocs=none",
                                  (unsigned)entry.tag);
        }
    }
    const bool sound =
        (values[DT_RELASZ] == 0 || values[DT_RELAENT] == sizeof(struct elf64_relocation)) &&
        (values[DT_PLTRELSZ] == 0 || values[DT_PLTREL] == DT_RELA) &&
        (values[DT_SYMTAB] == 0 || values[DT_SYMENT] == sizeof(struct elf64_symbol));
    return sound || refuse_dynamic(why);
}

// ---- All relocations ----------------------------------------------------------------------

/*@ requires sound(relocator) && window_inside(relocator);
    assigns *relocator->why, WRITTEN(relocator); ensures \result ==> window_inside(relocator); */
static bool walk_table(struct relocator *relocator, uint64_t address, uint64_t bytes)
{
    const struct elf_kernel *elf = relocator->elf;
    struct elf64_relocation relocation;
    uint64_t offset = 0;
    if (bytes != 0 && (bytes % sizeof relocation != 0 ||
                       !elf_file_offset(elf, address + elf->slide, bytes, &offset))) {
        return refuse_dynamic(relocator->why);
    }
    const uint8_t *entry = elf->file + offset;
    //@ ghost uint64_t left = bytes;
    /*@ loop invariant left <= bytes && left % sizeof(struct elf64_relocation) == 0;
        loop invariant entry + left == end && window_inside(relocator);
        loop assigns entry, left, relocation, *relocator->why, WRITTEN(relocator);
        loop variant left; */
    for (const uint8_t *end = entry + bytes; entry != end; entry += sizeof relocation) {
        memcpy(&relocation, entry, sizeof relocation);
        if (!apply(relocator, &relocation)) {
            return false;
        }
        //@ ghost left -= sizeof relocation;
    }
    return true;
}

bool relocate(const struct kernel_layout *layout, uint8_t *memory, struct message *why)
{
    const struct elf_kernel *elf = layout->elf;
    if (!elf->position_independent) {
        return true;
    }
    uint64_t values[DT_COUNT];
    if (!read_dynamic(elf, values, why)) {
        return false;
    }
    struct relocator relocator = {
        .layout = layout,
        .elf = elf,
        .symbols = values[DT_SYMTAB],
        .why = why,
    };
    relocator.memory = memory;
    //@ assert elf == \at(layout->elf, Pre) && readable_file(elf) && headers_inside(elf);
    //@ assert headers_end(elf) == \at(headers_end(layout->elf), Pre);
    //@ assert elf->program_header_offset == \at(layout->elf->program_header_offset, Pre);
    //@ assert layout->memory_bytes == \at(layout->memory_bytes, Pre) && planned(layout);
    //@ assert sound(&relocator) && window_inside(&relocator);
    return walk_table(&relocator, values[DT_RELA], values[DT_RELASZ]) &&
           walk_table(&relocator, values[DT_JMPREL], values[DT_PLTRELSZ]);
}

bool relocate_check(const struct elf_kernel *kernel, struct message *why)
{
    struct kernel_layout layout;
    return !kernel->position_independent ||
           (kernel_layout_plan(kernel, &layout, why) && relocate(&layout, NULL, why));
}
