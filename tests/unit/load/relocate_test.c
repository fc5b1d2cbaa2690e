// Unit tests of bootloader/load/relocate.c: kernels are loaded and relocated, then compared with a
// flat picture of their memory that was relocated by a second formulation of the same.
#include "relocate.h"

#include "pie_builder.h"
#include "unit.h"

#include <stdio.h>

#define SLIDE 0xFFFFFFFF80000000u

enum { UNDEFINED = 0, SECTION = 1, ABSOLUTE = 0xFFF1, WEAK = 0x20 };

// A kernel in memory, up to where stage 2 relocates it.
struct loaded_pie {
    struct elf_kernel elf;
    struct kernel_layout layout;
    uint8_t *memory;
};

static void load(struct loaded_pie *pie, const struct elf_file *file, uint64_t slide)
{
    struct message why = {.text = ""};
    if (!elf_parse(file->bytes, file->size, &pie->elf, &why)) {
        fail_msg("%s", why.text);
    }
    elf_set_slide(&pie->elf, slide);
    assert_true(kernel_layout_plan(&pie->elf, &pie->layout, &why));
    pie->memory = allocate_pages((size_t)pie->layout.memory_bytes);
    memcpy(pie->memory, file->bytes, (size_t)file->size);
    pie->elf.file = pie->memory; // as in stage 2: no other copy
    kernel_layout_fill(&pie->layout, pie->memory);
}

// What the kernel finds at its addresses, from virtual_base on; zeros between its pages.
static void read_flat(const struct loaded_pie *pie, uint8_t *flat)
{
    struct kernel_run_cursor cursor = {0};
    struct kernel_run run;
    memset(flat, 0, PIE_END);
    while (kernel_layout_next_run(&pie->layout, &cursor, &run)) {
        for (uint64_t page = 0; page < run.pages; page++) {
            memcpy(flat + (run.virtual_base - pie->elf.virtual_base) + page * 4096,
                   pie->memory + kernel_run_page_offset(&run, page), 4096);
        }
    }
}

static uint64_t value_of(const struct elf_file *file, const struct pie_relocation *relocation,
                         uint64_t slide)
{
    if ((uint32_t)relocation->info == PIE_TYPE_RELATIVE) {
        return slide + relocation->addend;
    }
    const uint32_t index = (uint32_t)(relocation->info >> 32);
    const struct pie_symbol *symbol = &pie_symbols(file)[index];
    if (index == 0 || symbol->section == UNDEFINED) {
        return relocation->addend;
    }
    return symbol->value + relocation->addend + (symbol->section == ABSOLUTE ? 0 : slide);
}

// Relocates the kernel and checks every byte of it.
static void assert_relocates(const struct elf_file *file, uint32_t count, uint64_t slide)
{
    struct loaded_pie pie;
    struct message why = {.text = ""};
    uint8_t *expected = allocate(PIE_END);
    uint8_t *flat = allocate(PIE_END);
    load(&pie, file, slide);
    read_flat(&pie, expected);
    for (uint32_t i = 0; i < count; i++) {
        const struct pie_relocation *relocation = &pie_relocations(file)[i];
        const uint64_t value = value_of(file, relocation, slide);
        for (unsigned byte = 0; (uint32_t)relocation->info != PIE_TYPE_NONE && byte < 8; byte++) {
            expected[relocation->offset + byte] = (uint8_t)(value >> (8 * byte));
        }
    }
    assert_true(relocate_check(&pie.elf, &why));
    if (!relocate(&pie.layout, pie.memory, &why)) {
        fail_msg("%s", why.text);
    }
    read_flat(&pie, flat);
    assert_memory_equal(flat, expected, PIE_END);
    free(flat);
    free(expected);
    free_pages(pie.memory);
}

static void assert_refused(struct elf_file *file, const char *words)
{
    struct loaded_pie pie;
    struct message why = {.text = ""};
    load(&pie, file, SLIDE);
    assert_false(relocate(&pie.layout, pie.memory, &why));
    assert_message_has(why.text, words);
    assert_true(why.length < MESSAGE_CAPACITY - 1); // not cut short
    struct message check = {.text = ""};
    pie.elf.file = file->bytes; // nothing relocated
    assert_false(relocate_check(&pie.elf, &check));
    assert_string_equal(check.text, why.text);
    free_pages(pie.memory);
    elf_file_free(file);
}

static void assert_one_refused(uint64_t offset, uint64_t info, const char *words)
{
    const struct pie_relocation relocation = {offset, info, 0};
    struct elf_file file = pie_make(&relocation, 1, false);
    assert_refused(&file, words);
}

// ---- Applied -------------------------------------------------------------------------------

static const struct pie_relocation ordinary[] = {
    {PIE_DATA + 0x200, PIE_TYPE_RELATIVE, PIE_TEXT + 0x10},
    {PIE_DATA + 0x208, PIE_TYPE_RELATIVE, PIE_END},
    {PIE_TEXT + 0x123, PIE_TYPE_RELATIVE, 0 - 5ull}, // code, unaligned
    {0, PIE_TYPE_NONE, 77},
    {PIE_DATA + 0xFFC, PIE_TYPE_RELATIVE, 0x1122334455667788},  // in two pages
    {PIE_DATA + 0x1FFF, PIE_TYPE_RELATIVE, 0x1122334455667788}, // in two pages
    {PIE_DATA_FILE_END - 4, PIE_TYPE_RELATIVE, 0x99},           // half in .bss
    {PIE_DATA_FILE_END + 0x100, PIE_TYPE_RELATIVE, 0x99},
    {PIE_END - 8, PIE_TYPE_RELATIVE, 1},                    // the last place
    {PIE_DATA + 0x200, PIE_TYPE_RELATIVE, PIE_TEXT + 0x20}, // a second time
};
enum { ORDINARY = sizeof ordinary / sizeof ordinary[0] };

static void relative_relocations(void **state)
{
    (void)state;
    static const uint64_t slides[] = {SLIDE, 0, 0x1000, 0x7FFFFFC00000};
    for (unsigned i = 0; i < 8; i++) {
        struct elf_file file = pie_make(ordinary, ORDINARY, i % 2 != 0);
        assert_relocates(&file, ORDINARY, slides[i / 2]);
        elf_file_free(&file);
    }
}

static void relocations_with_symbols(void **state)
{
    (void)state;
    const struct pie_relocation relocations[] = {
        {PIE_DATA + 0x100, (uint64_t)1 << 32 | PIE_TYPE_64, 4},
        {PIE_DATA + 0x108, (uint64_t)2 << 32 | PIE_TYPE_64, 0},
        {PIE_DATA + 0x110, (uint64_t)3 << 32 | PIE_TYPE_64, 0},
        {PIE_DATA + 0x118, PIE_TYPE_64, 0x1234}, // no symbol
        {PIE_DATA + 0x120, (uint64_t)4 << 32 | PIE_TYPE_64, 0},
    };
    struct elf_file file = pie_make(relocations, 5, false);
    pie_set(&file, PIE_TAG_SYMTAB, PIE_SYMBOLS);
    pie_set(&file, PIE_TAG_SYMENT, sizeof(struct pie_symbol));
    struct pie_symbol *symbols = pie_symbols(&file);
    symbols[1] = (struct pie_symbol){.info = 0x12, .section = SECTION, .value = PIE_TEXT + 0x40};
    symbols[2] = (struct pie_symbol){.info = 0x10, .section = ABSOLUTE, .value = 0xB8000};
    symbols[3] = (struct pie_symbol){.info = WEAK, .section = UNDEFINED, .value = 99};
    symbols[4] = (struct pie_symbol){.info = WEAK | 2, .section = SECTION, .value = PIE_TEXT};
    assert_relocates(&file, 5, SLIDE);

    symbols[3].info = 0x12; // a strong one
    assert_refused(&file, "kernel relocation R_X86_64_64 (1) at 0x3110 has a symbol that is "
                          "undefined");
}

static void tables_in_both_places(void **state)
{
    (void)state;
    struct elf_file file = pie_make(ordinary, ORDINARY, false);
    pie_set(&file, PIE_TAG_RELASZ, 4ull * 24);
    pie_set(&file, PIE_TAG_JMPREL, PIE_RELOCATIONS + 4ull * 24);
    pie_set(&file, PIE_TAG_PLTRELSZ, (ORDINARY - 4ull) * 24);
    pie_set(&file, PIE_TAG_PLTREL, PIE_TAG_RELA);
    assert_relocates(&file, ORDINARY, SLIDE);
    pie_relocations(&file)[5].info = (uint64_t)1 << 32 | 7;
    assert_refused(&file, "kernel relocation R_X86_64_JUMP_SLOT (7) at 0x4fff is not supported");
}

static void nothing_to_do(void **state)
{
    (void)state;
    struct elf_file file = pie_make(NULL, 0, false);
    assert_relocates(&file, 0, SLIDE);
    elf_file_segment(&file, 3)->p_type = 0; // no dynamic section
    assert_relocates(&file, 0, SLIDE);
    elf_file_free(&file);

    // Relocations that a linker left in a kernel which is not moved (--emit-relocs).
    const struct pie_relocation bad = {UINT64_MAX, 99, 0};
    file = pie_make(&bad, 1, false);
    elf_file_header(&file)->e_type = ELF_ET_EXEC;
    elf_file_segment(&file, 0)->p_type = 0; // in page 0
    assert_relocates(&file, 0, 0);
    elf_file_free(&file);
}

static void random_relocations(void **state)
{
    (void)state;
    uint64_t seed = 51;
    struct pie_relocation relocations[200];
    for (unsigned round = 0; round < 300; round++) {
        const uint32_t count = (uint32_t)random_below(&seed, 200);
        for (uint32_t i = 0; i < count; i++) {
            const bool text = random_chance(&seed, 4);
            const uint64_t start = text ? PIE_TEXT : PIE_DATA + 0x100;
            const uint64_t end = text ? PIE_TEXT + 0x1000 : PIE_END;
            relocations[i] = (struct pie_relocation){
                .offset = !text && random_chance(&seed, 3)
                              ? PIE_DATA + 0x1000 - 1 - random_below(&seed, 7) // in two pages
                              : start + random_below(&seed, end - start - 7),
                .info = random_chance(&seed, 9) ? PIE_TYPE_NONE : PIE_TYPE_RELATIVE,
                .addend = random_next(&seed),
            };
        }
        struct elf_file file = pie_make(relocations, count, random_chance(&seed, 2));
        if (random_chance(&seed, 2)) { // .bss does not follow the file in memory
            elf_file_segment(&file, 2)->p_filesz = 0x1000 + random_below(&seed, 3) * 0x800;
        }
        assert_relocates(&file, count, random_next(&seed) & ~0xFFFull & SLIDE);
        elf_file_free(&file);
    }
}

// ---- Refused -------------------------------------------------------------------------------

static void refuses_other_types_by_name(void **state)
{
    (void)state;
    static const struct {
        uint32_t type;
        const char *name;
    } types[] = {{2, "PC32"},     {5, "COPY"},       {6, "GLOB_DAT"},  {7, "JUMP_SLOT"},
                 {10, "32"},      {11, "32S"},       {16, "DTPMOD64"}, {17, "DTPOFF64"},
                 {18, "TPOFF64"}, {37, "IRELATIVE"}, {3, ""},          {38, ""},
                 {0x10008, ""}};
    for (unsigned i = 0; i < sizeof types / sizeof types[0]; i++) {
        char words[80];
        (void)snprintf(words, sizeof words, "R_X86_64_%s (%u) at 0x3200 is not supported: compile",
                       types[i].name, (unsigned)types[i].type);
        assert_one_refused(PIE_DATA + 0x200, types[i].type, words);
    }
}

static void refuses_targets_outside_a_segment(void **state)
{
    (void)state;
    const char *words = "is for 8 bytes in no segment";
    assert_one_refused(PIE_END - 7, PIE_TYPE_RELATIVE, words);
    assert_one_refused(PIE_END, PIE_TYPE_RELATIVE, words);
    assert_one_refused(PIE_TEXT - 4, PIE_TYPE_RELATIVE, words); // in two segments
    assert_one_refused(UINT64_MAX, PIE_TYPE_RELATIVE, words);
    assert_one_refused(0 - 8ull, PIE_TYPE_RELATIVE, words);
    assert_one_refused(0x100000, PIE_TYPE_RELATIVE, words);
    // A segment of less than 8 bytes:
    const struct pie_relocation relocation = {PIE_TEXT, PIE_TYPE_RELATIVE, 0};
    struct elf_file file = pie_make(&relocation, 1, false);
    elf_file_segment(&file, 1)->p_filesz = 7;
    elf_file_segment(&file, 1)->p_memsz = 7;
    assert_refused(&file, words);
}

static void refuses_to_overwrite_the_program_headers(void **state)
{
    (void)state;
    const uint64_t table_end = PIE_TABLE + 4 * sizeof(struct elf64_program_header);
    const char *words = "is for the program headers";
    assert_one_refused(PIE_TABLE - 7, PIE_TYPE_RELATIVE, words);
    assert_one_refused(PIE_TABLE, PIE_TYPE_RELATIVE, words);
    assert_one_refused(PIE_TABLE + 100, PIE_TYPE_RELATIVE, words);
    assert_one_refused(table_end - 1, PIE_TYPE_RELATIVE, words);
    const struct pie_relocation beside[] = {{PIE_TABLE - 8, PIE_TYPE_RELATIVE, 1},
                                            {table_end, PIE_TYPE_RELATIVE, 2}};
    struct elf_file file = pie_make(beside, 2, false);
    assert_relocates(&file, 2, SLIDE);
    elf_file_free(&file);
}

static void a_relocation_of_the_relocations(void **state)
{
    (void)state;
    const struct pie_relocation relocations[] = {
        {PIE_RELOCATIONS + 24, PIE_TYPE_RELATIVE, 0x12345}, // the next one's target
        {PIE_DATA + 0x200, PIE_TYPE_RELATIVE, 0},
    };
    struct elf_file file = pie_make(relocations, 2, false);
    struct loaded_pie pie;
    struct message why = {.text = ""};
    load(&pie, &file, SLIDE);
    assert_false(relocate(&pie.layout, pie.memory, &why));
    assert_message_has(why.text, "is for 8 bytes in no segment");
    free_pages(pie.memory);
    elf_file_free(&file);
}

static void refuses_wrong_symbols(void **state)
{
    (void)state;
    const char *words = "has a symbol that is undefined, TLS, IFUNC or not in the file";
    const struct pie_relocation relocation = {PIE_DATA + 0x200, (uint64_t)1 << 32 | PIE_TYPE_64, 0};
    static const struct pie_symbol wrong[] = {
        {.info = 0x16, .section = SECTION},
        {.info = 0x1A, .section = SECTION},
        {.info = 0x10, .section = UNDEFINED},
    };
    for (unsigned i = 0; i < 3 + 4; i++) {
        struct elf_file file = pie_make(&relocation, 1, false);
        pie_set(&file, PIE_TAG_SYMTAB, PIE_SYMBOLS);
        pie_set(&file, PIE_TAG_SYMENT, sizeof(struct pie_symbol));
        pie_symbols(&file)[1] = i < 3 ? wrong[i] : (struct pie_symbol){.section = SECTION};
        if (i == 3) {
            pie_set(&file, PIE_TAG_SYMTAB, 0); // none
        } else if (i == 4) {
            pie_set(&file, PIE_TAG_SYMTAB, PIE_TEXT - 24 - 23);
        } else if (i == 5) {
            pie_relocations(&file)->info = 0xFFFFFFFFull << 32 | PIE_TYPE_64;
        } else if (i == 6) {
            pie_set(&file, PIE_TAG_SYMTAB, 0 - 24ull); // its second one is the ELF header
            pie_relocations(&file)->info = (uint64_t)0x10000 << 32 | PIE_TYPE_64;
        }
        assert_refused(&file, words);
    }
}

static void refuses_wrong_dynamic_sections(void **state)
{
    (void)state;
    static const struct {
        uint64_t tag, value;
        const char *words;
    } wrong[] = {
        {PIE_TAG_NEEDED, 0, "has tag 1 (DT_NEEDED 1,"},
        {PIE_TAG_REL, 0, "has tag 17 (DT_NEEDED 1, REL 17,"},
        {PIE_TAG_TEXTREL, 0, "has tag 22 "},
        {PIE_TAG_RELR, 0x1000, "has tag 36 "},
        {PIE_TAG_RELAENT, 16, "DT_RELAENT"},
        {PIE_TAG_RELASZ, 25, "DT_RELA, DT_JMPREL,"},
        {PIE_TAG_RELASZ, UINT64_MAX / 24 * 24, "DT_RELA, DT_JMPREL,"},
        {PIE_TAG_RELASZ, (PIE_RELOCATIONS_MAX + 1ull) * 24, "DT_RELA, DT_JMPREL,"},
        {PIE_TAG_RELA, PIE_TEXT - 24 * ORDINARY + 1, "DT_RELA, DT_JMPREL,"},
        {PIE_TAG_RELA, PIE_END, "DT_RELA, DT_JMPREL,"},
        {PIE_TAG_RELA, PIE_DATA_FILE_END - 8, "DT_RELA, DT_JMPREL,"}, // into .bss
        {PIE_TAG_RELA, 0 - 24ull, "DT_RELA, DT_JMPREL,"},
        {PIE_TAG_PLTRELSZ, 24, "DT_PLTREL"},
        {PIE_TAG_SYMTAB, PIE_SYMBOLS, "DT_SYMENT"},
    };
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct elf_file file = pie_make(ordinary, ORDINARY, false);
        pie_set(&file, wrong[i].tag, wrong[i].value);
        assert_refused(&file, wrong[i].words);
    }
}

static void survives_random_damage(void **state)
{
    (void)state;
    uint64_t seed = 52;
    unsigned applied = 0;
    for (unsigned round = 0; round < 5000; round++) {
        struct elf_file file = pie_make(ordinary, ORDINARY, random_chance(&seed, 2));
        pie_set(&file, PIE_TAG_SYMTAB, PIE_SYMBOLS);
        pie_set(&file, PIE_TAG_SYMENT, sizeof(struct pie_symbol));
        for (uint64_t changes = 1 + random_below(&seed, 3); changes > 0; changes--) {
            const uint64_t place = random_chance(&seed, 2)
                                       ? PIE_RELOCATIONS + random_below(&seed, ORDINARY * 24ull)
                                       : PIE_DYNAMIC + random_below(&seed, 6ull * 16);
            file.bytes[place] ^= (uint8_t)(1u << random_below(&seed, 8));
        }
        struct loaded_pie pie;
        struct message why = {.text = ""};
        load(&pie, &file, SLIDE);
        if (relocate(&pie.layout, pie.memory, &why)) {
            applied++;
        } else {
            assert_true(why.length > 0 && why.length < MESSAGE_CAPACITY - 1);
        }
        assert_memory_equal(pie.memory + PIE_TABLE, file.bytes + PIE_TABLE, (size_t)4 * 56);
        free_pages(pie.memory);
        elf_file_free(&file);
    }
    assert_in_range(applied, 500, 4500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(relative_relocations),
        cmocka_unit_test(relocations_with_symbols),
        cmocka_unit_test(tables_in_both_places),
        cmocka_unit_test(nothing_to_do),
        cmocka_unit_test(random_relocations),
        cmocka_unit_test(refuses_other_types_by_name),
        cmocka_unit_test(refuses_targets_outside_a_segment),
        cmocka_unit_test(refuses_to_overwrite_the_program_headers),
        cmocka_unit_test(a_relocation_of_the_relocations),
        cmocka_unit_test(refuses_wrong_symbols),
        cmocka_unit_test(refuses_wrong_dynamic_sections),
        cmocka_unit_test(survives_random_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
