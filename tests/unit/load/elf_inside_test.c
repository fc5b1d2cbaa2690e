// Unit tests of bootloader/load/elf.c and elf_segments.c: position-independent kernels, slides, and
// what must lie inside the loadable segments (RELRO, thread-local storage, dynamic section).
#include "elf_cases.h"

// Two constants at 0, code, two pages of data, of which the first and a half are RELRO; the
// dynamic section and the template of thread-local storage are in the data.
enum { HEADERS, TEXT, WRITABLE, RELRO, TLS, DYNAMIC, PIE_HEADERS };

static struct elf_file position_independent_kernel(void)
{
    const struct elf64_program_header headers[PIE_HEADERS] = {
        loadable(R, 0, 0, 0x800, 0x800),
        loadable(RX, 0x1000, 0x1000, 0x800, 0x800),
        loadable(RW, 0x2000, 0x2000, 0x1800, 0x4000),
        {.p_type = ELF_PT_GNU_RELRO, .p_vaddr = 0x2010, .p_memsz = 0x17F0},
        {.p_type = ELF_PT_TLS,
         .p_vaddr = 0x3000,
         .p_filesz = 0x30,
         .p_memsz = 0x100,
         .p_align = 32},
        {.p_type = ELF_PT_DYNAMIC, .p_vaddr = 0x2100, .p_filesz = 0x40, .p_memsz = 0x40},
    };
    struct elf_file file = elf_file_make(headers, PIE_HEADERS, TABLE, 0x3800, 0x17FF);
    elf_file_header(&file)->e_type = ELF_ET_DYN;
    return file;
}

static struct elf_kernel parse(const struct elf_file *file)
{
    struct elf_kernel kernel;
    struct message why = {.text = ""};
    if (!elf_parse(file->bytes, file->size, &kernel, &why)) {
        fail_msg("%s", why.text);
    }
    return kernel;
}

static void finds_all_of_it(void **state)
{
    (void)state;
    struct elf_file file = position_independent_kernel();
    elf_file_segment(&file, TEXT)->p_align = 0x1000;
    struct elf_kernel kernel = parse(&file);
    assert_true(kernel.position_independent);
    assert_int_equal(kernel.slide, 0);
    assert_int_equal(kernel.virtual_base, 0);
    assert_int_equal(kernel.virtual_end, 0x6000);
    assert_int_equal(kernel.alignment, 0x1000);
    assert_int_equal(kernel.relro_start, 0x2000); // both ends rounded down
    assert_int_equal(kernel.relro_end, 0x3000);
    assert_int_equal(kernel.tls_address, 0x3000);
    assert_int_equal(kernel.tls_file_size, 0x30);
    assert_int_equal(kernel.tls_memory_size, 0x100);
    assert_int_equal(kernel.tls_alignment, 32);
    assert_int_equal(kernel.dynamic_offset, 0x2100);
    assert_int_equal(kernel.dynamic_size, 0x40);
    elf_file_free(&file);
}

static void a_slide_moves_every_address(void **state)
{
    (void)state;
    static const uint64_t slides[] = {0xFFFFFFFF80000000u, 0x1000, 0u - 0x6000ull, 0};
    struct elf_file file = position_independent_kernel();
    struct elf_kernel kernel = parse(&file);
    for (unsigned i = 0; i < 4; i++) { // each replaces the one before
        const uint64_t slide = slides[i];
        elf_set_slide(&kernel, slide);
        assert_int_equal(kernel.slide, slide);
        assert_int_equal(kernel.entry, 0x17FF + slide);
        assert_int_equal(kernel.virtual_base, slide);
        assert_int_equal(kernel.virtual_end, 0x6000 + slide);
        assert_int_equal(kernel.relro_start, 0x2000 + slide);
        assert_int_equal(kernel.relro_end, 0x3000 + slide);
        assert_int_equal(kernel.tls_address, 0x3000 + slide);
        assert_int_equal(kernel.dynamic_offset, 0x2100);
        struct elf_segment segment;
        uint32_t cursor = 0;
        for (uint32_t at = HEADERS; at <= WRITABLE; at++) {
            assert_true(elf_next_segment(&kernel, &cursor, &segment));
            assert_int_equal(segment.virtual_address, at * 0x1000ull + slide);
            assert_int_equal(segment.file_offset, at * 0x1000ull);
        }
    }
    elf_file_free(&file);
}

static void finds_places_by_address(void **state)
{
    (void)state;
    struct elf_file file = position_independent_kernel();
    struct elf_kernel kernel = parse(&file);
    const uint64_t slide = 0xFFFFFFFF80000000u;
    elf_set_slide(&kernel, slide);
    uint64_t offset;
    struct elf_segment segment;
    assert_true(elf_file_offset(&kernel, slide + 0x2000, 0x1800, &offset));
    assert_int_equal(offset, 0x2000);
    assert_true(elf_file_offset(&kernel, slide + 0x37FF, 1, &offset));
    assert_int_equal(offset, 0x37FF);
    assert_false(elf_file_offset(&kernel, slide + 0x37FF, 2, &offset)); // into .bss
    assert_false(elf_file_offset(&kernel, slide + 0x3800, 1, &offset));
    assert_false(elf_file_offset(&kernel, 0x2000, 1, &offset)); // where it was linked
    assert_false(elf_file_offset(&kernel, slide + 0x2000, UINT64_MAX, &offset));
    assert_true(elf_find_segment(&kernel, slide + 0x5FF8, 8, &segment));
    assert_int_equal(segment.header_index, WRITABLE);
    assert_false(elf_find_segment(&kernel, slide + 0x5FF9, 8, &segment));
    assert_false(elf_find_segment(&kernel, slide + 0x6000, 1, &segment));
    assert_false(elf_find_segment(&kernel, slide + 0x800, 1, &segment)); // between two
    assert_false(elf_find_segment(&kernel, slide - 1, 1, &segment));
    elf_file_free(&file);
}

// ---- Alignment, entry, page 0 --------------------------------------------------------------

static void takes_the_largest_alignment(void **state)
{
    (void)state;
    struct elf_file file = ordinary_kernel();
    assert_int_equal(parse(&file).alignment, 0x1000);
    elf_file_segment(&file, CODE)->p_align = 0x200000;
    elf_file_segment(&file, CONSTANTS)->p_align = 16;
    assert_int_equal(parse(&file).alignment, 0x200000);
    elf_file_segment(&file, CODE)->p_align = 0; // as 1
    elf_file_segment(&file, DATA)->p_align = 0;
    assert_int_equal(parse(&file).alignment, 0x1000);
    elf_file_free(&file);

    file = position_independent_kernel();
    struct elf64_program_header *data = elf_file_segment(&file, WRITABLE);
    data->p_align = 0x40000000;
    data->p_vaddr += 0x40000000;
    elf_file_segment(&file, RELRO)->p_type = 0;
    elf_file_segment(&file, TLS)->p_type = 0;
    elf_file_segment(&file, DYNAMIC)->p_type = 0;
    assert_int_equal(parse(&file).alignment, 0x40000000);
    data->p_align = 0x80000000;
    data->p_vaddr += 0x40000000;
    assert_refused(&file, "kernel segment 2 has a p_align that is no power of two, not that of "
                          "offset and address, or above 1 GiB");
    elf_file_header(&file)->e_type = ELF_ET_EXEC; // it is not moved
    elf_file_segment(&file, HEADERS)->p_type = 0;
    assert_int_equal(parse(&file).alignment, 0x80000000);
    elf_file_free(&file);
}

static void only_what_moves_may_be_linked_at_0(void **state)
{
    (void)state;
    struct elf_file file = position_independent_kernel();
    elf_file_header(&file)->e_type = ELF_ET_EXEC;
    assert_refused(&file, "kernel segment 0 lies in page 0");
    elf_file_free(&file);
}

static void an_entry_in_the_last_byte(void **state)
{
    (void)state;
    const struct elf64_program_header adjoining[] = {
        loadable(RX, BASE, 0x1000, 0x1000, 0x1000),
        loadable(ELF_PF_X, BASE + 0x1000, 0x2000, 0x1000, 0x1000),
    };
    struct elf_file file = elf_file_make(adjoining, 2, TABLE, 0x3000, BASE + 0xFFF);
    assert_int_equal(parse(&file).entry, BASE + 0xFFF);
    elf_file_free(&file);
}

// ---- Refused -------------------------------------------------------------------------------

#define ASSERT_PIE_REFUSED(change, words)                                                          \
    do {                                                                                           \
        struct elf_file file = position_independent_kernel();                                      \
        struct elf64_program_header *segment = elf_file_segment(&file, 0);                         \
        change;                                                                                    \
        assert_refused(&file, words);                                                              \
        elf_file_free(&file);                                                                      \
    } while (0)

#define ASSERT_PIE_ACCEPTED(change)                                                                \
    do {                                                                                           \
        struct elf_file file = position_independent_kernel();                                      \
        struct elf64_program_header *segment = elf_file_segment(&file, 0);                         \
        change;                                                                                    \
        parse(&file);                                                                              \
        elf_file_free(&file);                                                                      \
    } while (0)

static void relro_covers_writable_pages_only(void **state)
{
    (void)state;
    ASSERT_PIE_REFUSED((segment[RELRO].p_vaddr = 0x1000, segment[RELRO].p_memsz = 0x1000),
                       "kernel segment 3 (PT_GNU_RELRO) passes the writable ones");
    ASSERT_PIE_REFUSED((segment[RELRO].p_vaddr = 0x1800, segment[RELRO].p_memsz = 0x1800),
                       "(PT_GNU_RELRO)");
    ASSERT_PIE_REFUSED(segment[RELRO].p_memsz = 0x4FF0, "(PT_GNU_RELRO)");
    ASSERT_PIE_REFUSED(segment[RELRO].p_vaddr = 0x100000, "(PT_GNU_RELRO)");
    ASSERT_PIE_REFUSED(segment[RELRO].p_memsz = UINT64_MAX - 0x10000, "(PT_GNU_RELRO)");
    ASSERT_PIE_REFUSED(segment[TLS] = segment[RELRO],
                       "kernel segment 4 is a second one of its type");
    ASSERT_PIE_ACCEPTED(segment[RELRO].p_memsz = 0x3FF0); // to the end of the last page
    ASSERT_PIE_ACCEPTED(segment[RELRO].p_memsz = 0x4FEF); // beyond, but not by a whole page
    ASSERT_PIE_ACCEPTED((segment[RELRO].p_memsz = 0, segment[RELRO].p_vaddr = 0x1000));
    // As lld has it: the end of RELRO lies behind its segment, in the last page of it.
    ASSERT_PIE_ACCEPTED((segment[WRITABLE].p_memsz = 0x1FE0, segment[RELRO].p_memsz = 0x1FF0));
}

static void relro_across_two_writable_segments(void **state)
{
    (void)state;
    struct elf64_program_header headers[] = {
        loadable(RX, BASE, 0x1000, 0x1000, 0x1000),
        loadable(RW, BASE + 0x1000, 0x2000, 0x1000, 0x1000),
        loadable(RW, BASE + 0x2000, 0x3000, 0x800, 0x1800),
        {.p_type = ELF_PT_GNU_RELRO, .p_vaddr = BASE + 0x1000, .p_memsz = 0x2000},
    };
    struct elf_file file = elf_file_make(headers, 4, TABLE, 0x4000, BASE);
    assert_int_equal(parse(&file).relro_end, BASE + 0x3000);
    elf_file_segment(&file, 2)->p_vaddr += 0x1000; // a page between them
    assert_refused(&file, "(PT_GNU_RELRO)");
    elf_file_free(&file);

    // Up to the end of the address space.
    for (unsigned i = 0; i < 3; i++) {
        headers[i].p_vaddr += 0x7FFFC000 + 0x1000;
    }
    headers[2].p_memsz = 0x1000;
    headers[3].p_vaddr += 0x7FFFC000 + 0x1000;
    file = elf_file_make(headers, 4, TABLE, 0x4000, headers[0].p_vaddr);
    struct elf_kernel kernel = parse(&file);
    assert_int_equal(kernel.relro_end, 0);
    assert_int_equal(kernel.virtual_end, 0);
    elf_file_segment(&file, 3)->p_memsz = 0x3000;
    assert_refused(&file, "(PT_GNU_RELRO)");
    elf_file_free(&file);
}

static void thread_local_storage_lies_in_a_segment(void **state)
{
    (void)state;
    const char *words = "kernel segment 4 (PT_TLS) has a wrong size or p_align, or lies in no";
    ASSERT_PIE_REFUSED(segment[TLS].p_filesz = 0x101, words);
    ASSERT_PIE_REFUSED(segment[TLS].p_align = 24, words);
    ASSERT_PIE_REFUSED(segment[TLS].p_vaddr = 0x5FD1, words);
    ASSERT_PIE_REFUSED(segment[TLS].p_vaddr = 0x1FF0, words);
    ASSERT_PIE_REFUSED(segment[TLS].p_vaddr = UINT64_MAX, words);
    ASSERT_PIE_REFUSED((segment[TLS].p_filesz = segment[TLS].p_memsz = UINT64_MAX), words);
    ASSERT_PIE_REFUSED(segment[RELRO] = segment[TLS], "kernel segment 4 is a second");
    ASSERT_PIE_ACCEPTED(segment[TLS].p_vaddr = 0x5FD0);
    ASSERT_PIE_ACCEPTED((segment[TLS].p_filesz = 0, segment[TLS].p_vaddr = 0x5FFF)); // .tbss
    ASSERT_PIE_ACCEPTED((segment[RELRO] = segment[TLS], segment[RELRO].p_memsz = 0));
    struct elf_file file = position_independent_kernel();
    elf_file_segment(&file, TLS)->p_align = 0;
    assert_int_equal(parse(&file).tls_alignment, 1);
    elf_file_free(&file);
}

static void the_dynamic_section_lies_in_the_file(void **state)
{
    (void)state;
    const char *words = "kernel segment 5 (PT_DYNAMIC) is not inside another in the file";
    ASSERT_PIE_REFUSED(segment[DYNAMIC].p_vaddr = 0x37C1, words);
    ASSERT_PIE_REFUSED(segment[DYNAMIC].p_vaddr = 0x800, words);
    ASSERT_PIE_REFUSED(segment[DYNAMIC].p_filesz = UINT64_MAX, words);
    ASSERT_PIE_REFUSED(segment[TLS] = segment[DYNAMIC], "kernel segment 5 is a second");
    ASSERT_PIE_ACCEPTED(segment[DYNAMIC].p_vaddr = 0x37C0);
    // A kernel that is not moved has no use for it.
    struct elf_file file = ordinary_kernel();
    *elf_file_segment(&file, CONSTANTS) =
        (struct elf64_program_header){.p_type = ELF_PT_DYNAMIC, .p_filesz = 16, .p_memsz = 16};
    assert_int_equal(parse(&file).dynamic_size, 0);
    elf_file_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_all_of_it),
        cmocka_unit_test(a_slide_moves_every_address),
        cmocka_unit_test(finds_places_by_address),
        cmocka_unit_test(takes_the_largest_alignment),
        cmocka_unit_test(only_what_moves_may_be_linked_at_0),
        cmocka_unit_test(an_entry_in_the_last_byte),
        cmocka_unit_test(relro_covers_writable_pages_only),
        cmocka_unit_test(relro_across_two_writable_segments),
        cmocka_unit_test(thread_local_storage_lies_in_a_segment),
        cmocka_unit_test(the_dynamic_section_lies_in_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
