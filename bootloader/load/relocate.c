// Checks and applies the relocations of a position-independent kernel. Called by stage 2 once the
// kernel's memory is filled, and, only to check, by the host tool. Tables are read from the file as
// it lies in kernel memory, where a hostile relocation may hit them: every entry is copied out,
// then checked, then used.
#include "relocate.h"

#include "page.h"

#include <string.h>

// System V gABI 4.1, figures 5-9 to 5-11, and chapter 4 for relocations and symbols.
struct dynamic_entry {
    uint64_t tag;
    uint64_t value;
};

struct relocation {
    uint64_t offset;
    uint32_t type;
    uint32_t symbol;
    uint64_t addend;
};

struct symbol {
    uint32_t name;
    uint8_t info; // binding in the high half, type in the low one
    uint8_t other;
    uint16_t section;
    uint64_t value;
    uint64_t size;
};

_Static_assert(sizeof(struct dynamic_entry) == 16, "Elf64_Dyn is 16 bytes");
_Static_assert(sizeof(struct relocation) == 24, "Elf64_Rela is 24 bytes");
_Static_assert(sizeof(struct symbol) == 24, "Elf64_Sym is 24 bytes");

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
    DT_FLAGS = 30,
    DT_RELR = 36,
    DT_COUNT = 38,
    DF_TEXTREL = 4, // of DT_FLAGS
    R_X86_64_NONE = 0,
    R_X86_64_64 = 1,
    R_X86_64_RELATIVE = 8,
    SHN_UNDEF = 0,
    SHN_ABS = 0xFFF1,
    STB_WEAK = 2,
    STT_TLS = 6,
    STT_GNU_IFUNC = 10,
};

// What is known while relocations are walked.
struct relocator {
    const struct kernel_layout *layout;
    const struct elf_kernel *elf;
    uint8_t *memory;        // null: only check
    uint64_t symbols;       // DT_SYMTAB, without slide; 0: none
    struct kernel_run run;  // of the last target
    uint64_t segment_start; // of the last target
    uint64_t places;        // where 8 bytes may begin in that segment; 0: none yet
    struct message *why;
};

// ---- Targets ------------------------------------------------------------------------------

static bool refuse(const struct relocator *relocator, const struct relocation *relocation,
                   const char *fault)
{
    return message_refuse(relocator->why,
                          "kernel relocation at 0x%llx %s: compile with -fPIE and link with "
                          "-static -pie",
                          (unsigned long long)relocation->offset, fault);
}

// Finds the segment that holds the 8 bytes at an address, and its run.
static bool find_segment(struct relocator *relocator, uint64_t address)
{
    struct kernel_run_cursor cursor = {0};
    struct kernel_run *run = &relocator->run;
    while (kernel_layout_next_run(relocator->layout, &cursor, run)) {
        if ((address - run->virtual_base) >> PAGE_SHIFT >= run->pages) {
            continue;
        }
        struct elf_segment segment;
        uint32_t segments = run->first_cursor;
        for (uint32_t i = 0; i < run->segment_count; i++) {
            elf_next_segment(relocator->elf, &segments, &segment);
            if (segment.memory_size >= sizeof(uint64_t)) {
                relocator->segment_start = segment.virtual_address;
                relocator->places = segment.memory_size - (sizeof(uint64_t) - 1);
                if (address - relocator->segment_start < relocator->places) {
                    return true;
                }
            }
        }
    }
    return false;
}

// Writes bytes that lie in one page. False when they would hit the program headers.
static bool put(const struct relocator *relocator, uint64_t address, const void *bytes, size_t size)
{
    const struct elf_kernel *elf = relocator->elf;
    uint64_t inside = address - relocator->run.virtual_base;
    uint64_t offset =
        kernel_run_page_offset(&relocator->run, inside >> PAGE_SHIFT) + (inside & PAGE_MASK);
    uint64_t table_bytes = elf->program_header_count * sizeof(struct elf64_program_header);
    if (offset + (size - 1) - elf->program_header_offset < table_bytes + (size - 1)) {
        return false;
    }
    if (relocator->memory != NULL) {
        memcpy(relocator->memory + offset, bytes, size);
    }
    return true;
}

static bool write_value(struct relocator *relocator, const struct relocation *relocation,
                        uint64_t value)
{
    const uint64_t address = relocation->offset + relocator->elf->slide;
    if (address - relocator->segment_start >= relocator->places &&
        !find_segment(relocator, address)) {
        return refuse(relocator, relocation, "is for 8 bytes that lie in no segment");
    }
    const uint64_t left = PAGE_BYTES - (address & PAGE_MASK); // in the page
    bool done;
    if (left >= sizeof value) {
        done = put(relocator, address, &value, sizeof value);
    } else {
        done = put(relocator, address, &value, (size_t)left) &&
               put(relocator, address + left, (const uint8_t *)&value + left,
                   sizeof value - (size_t)left);
    }
    return done || refuse(relocator, relocation, "is for the program headers");
}

// ---- Values -------------------------------------------------------------------------------

// What linkers may leave in an executable, but a loader without libraries cannot do.
static const struct {
    uint8_t type;
    char name[10]; // behind R_X86_64_
} refused_types[] = {
    {2, "PC32"},     {5, "COPY"},  {6, "GLOB_DAT"},  {7, "JUMP_SLOT"},
    {10, "32"},      {11, "32S"},  {16, "DTPMOD64"}, {17, "DTPOFF64"},
    {18, "TPOFF64"}, {24, "PC64"}, {36, "TLSDESC"},  {37, "IRELATIVE"},
};

static bool refuse_type(const struct relocator *relocator, const struct relocation *relocation)
{
    struct message fault;
    message_format(&fault, "has type %u", (unsigned)relocation->type);
    for (size_t i = 0; i < sizeof refused_types / sizeof refused_types[0]; i++) {
        if (relocation->type == refused_types[i].type) {
            message_append(&fault, " (R_X86_64_%s)", refused_types[i].name);
        }
    }
    return refuse(relocator, relocation, fault.text);
}

// The symbol's address in the running kernel.
static bool symbol_value(const struct relocator *relocator, const struct relocation *relocation,
                         uint64_t *value)
{
    const struct elf_kernel *elf = relocator->elf;
    struct symbol symbol;
    uint64_t offset;
    *value = 0;
    if (relocation->symbol == 0) {
        return true;
    }
    uint64_t address = relocator->symbols + (uint64_t)relocation->symbol * sizeof symbol;
    if (relocator->symbols == 0 ||
        !elf_file_offset(elf, address + elf->slide, sizeof symbol, &offset)) {
        return refuse(relocator, relocation, "has a symbol outside the file");
    }
    memcpy(&symbol, elf->file + offset, sizeof symbol);
    const unsigned type = symbol.info & 0xF;
    if (type == STT_TLS || type == STT_GNU_IFUNC) {
        return refuse(relocator, relocation, "has a TLS or IFUNC symbol");
    }
    if (symbol.section == SHN_UNDEF) {
        return symbol.info >> 4 == STB_WEAK ||
               refuse(relocator, relocation, "has an undefined symbol");
    }
    *value = symbol.value + (symbol.section == SHN_ABS ? 0 : elf->slide);
    return true;
}

static bool apply(struct relocator *relocator, const struct relocation *relocation)
{
    uint64_t base = relocator->elf->slide;
    switch (relocation->type) {
    case R_X86_64_NONE:
        return true;
    case R_X86_64_64:
        if (!symbol_value(relocator, relocation, &base)) {
            return false;
        }
        break;
    case R_X86_64_RELATIVE:
        break;
    default:
        return refuse_type(relocator, relocation);
    }
    return write_value(relocator, relocation, base + relocation->addend);
}

// ---- The dynamic section ------------------------------------------------------------------

// The values of its entries by tag; 0 where there is none.
struct dynamic {
    uint64_t value[DT_COUNT];
    uint64_t present; // bit n: there is an entry with tag n
};

static void read_dynamic(const struct elf_kernel *elf, struct dynamic *dynamic)
{
    struct dynamic_entry entry;
    memset(dynamic, 0, sizeof *dynamic);
    for (uint64_t at = 0; elf->dynamic_size - at >= sizeof entry; at += sizeof entry) {
        memcpy(&entry, elf->file + elf->dynamic_offset + at, sizeof entry);
        if (entry.tag == DT_NULL) {
            break;
        }
        if (entry.tag < DT_COUNT) {
            dynamic->value[entry.tag] = entry.value;
            dynamic->present |= (uint64_t)1 << entry.tag;
        }
    }
    if ((dynamic->value[DT_FLAGS] & DF_TEXTREL) != 0) {
        dynamic->present |= (uint64_t)1 << DT_TEXTREL;
    }
}

// What cannot be, with the cure.
static const struct {
    uint64_t tag;
    const char *text;
} refused_tags[] = {
    {DT_NEEDED, "DT_NEEDED: link with -static and without shared libraries"},
    {DT_REL, "DT_REL: link with -z rela"},
    {DT_TEXTREL, "DT_TEXTREL: compile with -fPIE and link with -z text"},
    {DT_RELR, "DT_RELR: link without -z pack-relative-relocs or --pack-dyn-relocs"},
};

// A tag that must have one value if another tag is not 0.
static const struct {
    uint8_t other;
    uint8_t tag;
    uint8_t value;
    char name[9]; // behind DT_
} wanted_tags[] = {
    {DT_RELASZ, DT_RELAENT, sizeof(struct relocation), "RELAENT"},
    {DT_PLTRELSZ, DT_PLTREL, DT_RELA, "PLTREL"},
    {DT_SYMTAB, DT_SYMENT, sizeof(struct symbol), "SYMENT"},
};

static bool check_dynamic(const struct dynamic *dynamic, struct message *why)
{
    for (size_t i = 0; i < sizeof refused_tags / sizeof refused_tags[0]; i++) {
        if ((dynamic->present >> refused_tags[i].tag & 1) != 0) {
            return message_refuse(why, "the kernel's dynamic section has %s", refused_tags[i].text);
        }
    }
    for (size_t i = 0; i < sizeof wanted_tags / sizeof wanted_tags[0]; i++) {
        uint64_t value = dynamic->value[wanted_tags[i].tag];
        if (dynamic->value[wanted_tags[i].other] != 0 && value != wanted_tags[i].value) {
            return message_refuse(why,
                                  "the kernel's dynamic section has DT_%s %llu instead of %u: link "
                                  "it again",
                                  wanted_tags[i].name, (unsigned long long)value,
                                  (unsigned)wanted_tags[i].value);
        }
    }
    return true;
}

// ---- All relocations ----------------------------------------------------------------------

static bool walk_table(struct relocator *relocator, uint64_t address, uint64_t bytes)
{
    const struct elf_kernel *elf = relocator->elf;
    struct relocation relocation;
    uint64_t offset = 0;
    if (bytes != 0 && (bytes % sizeof relocation != 0 ||
                       !elf_file_offset(elf, address + elf->slide, bytes, &offset))) {
        return message_refuse(relocator->why,
                              "the kernel's %llu bytes of relocations at 0x%llx pass their "
                              "segment or are cut short: link it again",
                              (unsigned long long)bytes, (unsigned long long)address);
    }
    const uint8_t *entry = elf->file + offset;
    for (const uint8_t *end = entry + bytes; entry != end; entry += sizeof relocation) {
        memcpy(&relocation, entry, sizeof relocation);
        if (!apply(relocator, &relocation)) {
            return false;
        }
    }
    return true;
}

bool relocate(const struct kernel_layout *layout, uint8_t *memory, struct message *why)
{
    const struct elf_kernel *elf = layout->elf;
    if (!elf->position_independent) {
        return true;
    }
    struct dynamic dynamic;
    read_dynamic(elf, &dynamic);
    struct relocator relocator = {
        .layout = layout,
        .elf = elf,
        .memory = memory,
        .symbols = dynamic.value[DT_SYMTAB],
        .why = why,
    };
    return check_dynamic(&dynamic, why) &&
           walk_table(&relocator, dynamic.value[DT_RELA], dynamic.value[DT_RELASZ]) &&
           walk_table(&relocator, dynamic.value[DT_JMPREL], dynamic.value[DT_PLTRELSZ]);
}

bool relocate_check(const struct elf_kernel *kernel, struct message *why)
{
    struct kernel_layout layout;
    return !kernel->position_independent ||
           (kernel_layout_plan(kernel, &layout, why) && relocate(&layout, NULL, why));
}
