// Reads the kernel's .symtab and makes a table of functions of it. Called by bootimage and by the
// unit tests. Source of the layout: System V gABI 4.1 chapter 4, "Symbol Table".
#include "symbol_table.h"

#include "elf_sections.h"
#include "firstlight/boot_info.h"
#include "image_format.h"
#include "image_header.h"
#include "symbols.h"

#include <stdlib.h>
#include <string.h>

#define LOCAL_PREFIX    ".L"
#define NAME_MOST_BYTES 0xFFFFu // longer names are left out

// A symbol that may go into the table.
struct candidate {
    uint32_t offset; // from the lowest page of the kernel
    uint32_t rank;   // of several at one address the lowest stays
    const char *name;
    uint32_t length;
    uint32_t name_offset; // in the table
};

// .symtab and its names, both inside the file.
struct symbol_source {
    const struct elf_kernel *kernel;
    const uint8_t *symbols;
    uint64_t count;
    const char *names;
    uint64_t names_bytes;
};

static bool refuse(struct message *why, const char *what)
{
    return message_refuse(why,
                          "the kernel's symbol table %s: link it again, strip it, or leave the "
                          "symbols out (--no-symbols)",
                          what);
}

// Finds .symtab; `source->count` is 0 when there is none.
static bool find_source(const struct elf_kernel *kernel, struct symbol_source *source,
                        struct message *why)
{
    struct elf64_section_header section = {.sh_type = 0};
    struct elf_sections sections;
    uint64_t index = 0;

    *source = (struct symbol_source){.kernel = kernel};
    if (!elf_sections_find(kernel->file, kernel->file_size, &sections, why)) {
        return refuse(why, "cannot be found, its section headers are damaged");
    }
    while (index < sections.count && section.sh_type != ELF_SHT_SYMTAB) {
        section = elf_section(&sections, index++);
    }
    if (section.sh_type != ELF_SHT_SYMTAB) {
        return true;
    }
    if (section.sh_entsize != sizeof(struct elf64_symbol) ||
        section.sh_size % sizeof(struct elf64_symbol) != 0 ||
        !elf_section_in_file(&sections, &section)) {
        return refuse(why, "passes the end of the file or has entries of a wrong size");
    }
    if (section.sh_link >= sections.count) {
        return refuse(why, "has no names (sh_link)");
    }
    const struct elf64_section_header names = elf_section(&sections, section.sh_link);
    if (names.sh_type != ELF_SHT_STRTAB || !elf_section_in_file(&sections, &names)) {
        return refuse(why, "has names that do not lie in the file");
    }
    source->symbols = kernel->file + section.sh_offset;
    source->count = section.sh_size / sizeof(struct elf64_symbol);
    source->names = (const char *)kernel->file + names.sh_offset;
    source->names_bytes = names.sh_size;
    return true;
}

// ---- Choosing -----------------------------------------------------------------------------

static bool in_code(const struct elf_kernel *kernel, uint64_t address)
{
    struct elf_segment segment;
    uint32_t cursor = 0;

    while (elf_next_segment(kernel, &cursor, &segment)) {
        if ((segment.flags & ELF_PF_X) != 0 && address >= segment.virtual_address &&
            address - segment.virtual_address < segment.memory_size) {
            return true;
        }
    }
    return false;
}

// Function before label, then global before weak before local. False for what is neither.
static bool rank_symbol(const struct elf64_symbol *symbol, uint32_t *rank)
{
    const unsigned type = symbol->st_info & 0xF;
    const unsigned binding = symbol->st_info >> 4;

    if (symbol->st_shndx == ELF_SHN_UNDEF ||
        (type != ELF_STT_FUNC && (type != ELF_STT_NOTYPE || symbol->st_shndx == ELF_SHN_ABS))) {
        return false;
    }
    *rank = (type == ELF_STT_FUNC ? 0 : 3) +
            (binding == ELF_STB_GLOBAL ? 0 : (binding == ELF_STB_WEAK ? 1 : 2));
    return true;
}

// Whether the symbol goes into the table. False in *valid when its name does not lie in the file.
static bool choose(const struct symbol_source *source, uint64_t index, struct candidate *candidate,
                   bool *valid)
{
    struct elf64_symbol symbol;

    memcpy(&symbol, source->symbols + index * sizeof(symbol), sizeof(symbol));
    if (!rank_symbol(&symbol, &candidate->rank)) {
        return false;
    }
    const char *end = symbol.st_name < source->names_bytes
                          ? memchr(source->names + symbol.st_name, '\0',
                                   (size_t)(source->names_bytes - symbol.st_name))
                          : NULL;
    if (end == NULL) {
        *valid = false;
        return false;
    }
    candidate->name = source->names + symbol.st_name;
    const uint64_t length = (uint64_t)(end - candidate->name);
    const uint64_t offset = symbol.st_value - source->kernel->virtual_base;
    if (length == 0 || length > NAME_MOST_BYTES || offset > UINT32_MAX ||
        strncmp(candidate->name, LOCAL_PREFIX, strlen(LOCAL_PREFIX)) == 0 ||
        !in_code(source->kernel, symbol.st_value)) {
        return false;
    }
    candidate->length = (uint32_t)length;
    candidate->offset = (uint32_t)offset;
    return true;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_addresses(const void *left, const void *right)
{
    const struct candidate *a = left;
    const struct candidate *b = right;

    if (a->offset != b->offset) {
        return compare_numbers(a->offset, b->offset);
    }
    return a->rank != b->rank ? compare_numbers(a->rank, b->rank) : strcmp(a->name, b->name);
}

// Sorted by address, one for each. Gives their number.
static uint64_t sort_candidates(struct candidate *candidates, uint64_t count)
{
    uint64_t kept = 0;

    if (count == 0) {
        return 0;
    }
    qsort(candidates, (size_t)count, sizeof(*candidates), compare_addresses);
    for (uint64_t i = 1; i < count; i++) {
        if (candidates[i].offset != candidates[kept].offset) {
            candidates[++kept] = candidates[i];
        }
    }
    return kept + 1;
}

// ---- Names --------------------------------------------------------------------------------

// Order of the names read backwards, longest first where one is the end of the other: each name
// that another one ends with follows that one.
static int compare_ends(const void *left, const void *right)
{
    const struct candidate *a = *(struct candidate *const *)left;
    const struct candidate *b = *(struct candidate *const *)right;
    const uint32_t common = a->length < b->length ? a->length : b->length;

    for (uint32_t i = 1; i <= common; i++) {
        const uint8_t end_a = (uint8_t)a->name[a->length - i];
        const uint8_t end_b = (uint8_t)b->name[b->length - i];
        if (end_a != end_b) {
            return compare_numbers(end_a, end_b);
        }
    }
    return compare_numbers(b->length, a->length);
}

static bool ends_with(const struct candidate *name, const struct candidate *end)
{
    return name->length >= end->length &&
           memcmp(name->name + (name->length - end->length), end->name, end->length) == 0;
}

// Gives every name its offset; a name that another one ends with is that one's end. Gives the bytes
// of all.
static uint64_t place_names(struct candidate **sorted, uint64_t count)
{
    uint64_t bytes = 0;

    qsort(sorted, (size_t)count, sizeof(void *), compare_ends);
    for (uint64_t i = 0; i < count; i++) {
        if (i != 0 && ends_with(sorted[i - 1], sorted[i])) {
            sorted[i]->name_offset =
                sorted[i - 1]->name_offset + (sorted[i - 1]->length - sorted[i]->length);
        } else {
            sorted[i]->name_offset = (uint32_t)bytes;
            bytes += (uint64_t)sorted[i]->length + 1;
        }
    }
    return bytes;
}

// ---- The item -----------------------------------------------------------------------------

static bool write_table(const struct candidate *candidates, uint64_t count, uint64_t names_bytes,
                        struct symbol_table *table, struct message *why)
{
    const uint64_t names = sizeof(struct symbols_header) + count * sizeof(struct boot_symbol);
    const struct symbols_header header = {(uint32_t)count, (uint32_t)names_bytes};

    table->size = names + names_bytes;
    table->bytes = calloc((size_t)image_item_sectors(table->size), SECTOR_SIZE);
    if (table->bytes == NULL) {
        return message_refuse(why, "not enough memory for %llu symbols", (unsigned long long)count);
    }
    memcpy(table->bytes, &header, sizeof(header));
    for (uint64_t i = 0; i < count; i++) {
        const struct candidate *candidate = &candidates[i];
        const struct boot_symbol symbol = {candidate->offset, candidate->name_offset};
        memcpy(table->bytes + sizeof(header) + i * sizeof(symbol), &symbol, sizeof(symbol));
        memcpy(table->bytes + names + candidate->name_offset, candidate->name,
               (size_t)candidate->length + 1);
    }
    return symbols_check(table->bytes, table->size, why);
}

static bool make_table(struct candidate *candidates, uint64_t count, struct symbol_table *table,
                       struct message *why)
{
    struct candidate **sorted = calloc((size_t)count, sizeof(void *));
    uint64_t names_bytes;

    if (sorted == NULL) {
        return message_refuse(why, "not enough memory for %llu symbols", (unsigned long long)count);
    }
    for (uint64_t i = 0; i < count; i++) {
        sorted[i] = &candidates[i];
    }
    names_bytes = place_names(sorted, count);
    free(sorted);
    if (count > UINT32_MAX || names_bytes > UINT32_MAX) {
        return refuse(why, "has more than 4 GiB of names");
    }
    return write_table(candidates, count, names_bytes, table, why);
}

// All symbols of the source that go into the table, in its order.
static bool collect(const struct symbol_source *source, struct candidate *candidates,
                    uint64_t *count, struct message *why)
{
    bool valid = true;

    *count = 0;
    for (uint64_t i = 0; i < source->count && valid; i++) {
        if (choose(source, i, &candidates[*count], &valid)) {
            (*count)++;
        }
    }
    return valid || refuse(why, "has a name outside the table of names");
}

bool symbol_table_make(const struct elf_kernel *kernel, struct symbol_table *table,
                       struct message *why)
{
    struct symbol_source source;
    struct candidate *candidates;
    uint64_t count;
    bool done;

    memset(table, 0, sizeof(*table));
    if (!find_source(kernel, &source, why)) {
        return false;
    }
    if (source.count == 0) {
        return true;
    }
    candidates = source.count <= SIZE_MAX / sizeof(*candidates)
                     ? malloc((size_t)source.count * sizeof(*candidates))
                     : NULL;
    if (candidates == NULL) {
        return message_refuse(why, "not enough memory for %llu symbols",
                              (unsigned long long)source.count);
    }
    done = collect(&source, candidates, &count, why);
    if (done) {
        count = sort_candidates(candidates, count);
        done = count == 0 || make_table(candidates, count, table, why);
    }
    free(candidates);
    if (!done) {
        symbol_table_free(table);
    }
    return done;
}

void symbol_table_free(struct symbol_table *table)
{
    free(table->bytes);
    memset(table, 0, sizeof(*table));
}
