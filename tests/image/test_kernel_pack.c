// Unit tests of the kernel item, rule by rule.
#include "packing_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct elf64_program_header packed_header(const struct packing_case *test, uint32_t index)
{
    struct elf64_program_header header;

    memcpy(&header, test->packed.bytes + sizeof(struct elf64_header) + index * sizeof(header),
           sizeof(header));
    return header;
}

static void leaves_out_everything_else(void **state)
{
    struct packing_case test;
    struct elf64_header header;

    (void)state;
    memset(&test, 0, sizeof(test));
    elf_spec_simple(&test.spec);
    // Another's note, an empty segment, a stack: not loaded, not kept.
    static const uint8_t note[] = {4, 0, 0,   0,   4,   0, 0, 0, 1, 0,
                                   0, 0, 'G', 'N', 'U', 0, 1, 2, 3, 4};
    test.spec.segments[2] =
        (struct elf64_program_header){ELF_PT_NOTE, 4, 0x4000, 0, 0, sizeof(note), sizeof(note), 4};
    test.spec.segments[3] =
        (struct elf64_program_header){ELF_PT_LOAD, 4, 0, 0x1000, 0, 0, 0, 0x1000};
    test.spec.segments[4] = (struct elf64_program_header){0x6474E551, 6, 0, 0, 0, 0, 0, 16};
    test.spec.count = 5;
    test.file = elf_build(&test.spec, 1, &test.file_size);
    memcpy(test.file + 0x4000, note, sizeof(note));
    pack_file(&test);
    memcpy(&header, test.packed.bytes, sizeof(header));
    assert_int_equal(header.e_phnum, 2);
    assert_int_equal(header.e_phoff, sizeof(header));
    assert_int_equal(header.e_shoff, 0);
    assert_int_equal(header.e_shnum, 0);
    assert_int_equal(header.e_shstrndx, 0);
    // Header page, two pages of code, one of data cut at its last byte.
    assert_int_equal(test.packed.size, 3 * TEST_PAGE + 3000);
    check_in_place(&test);
    free_case(&test);
}

static void trims_zeros_at_the_end(void **state)
{
    struct packing_case test;

    (void)state;
    memset(&test, 0, sizeof(test));
    elf_spec_simple(&test.spec);
    test.spec.segments[1].p_filesz = 15000;
    test.file = elf_build(&test.spec, 1, &test.file_size);
    memset(test.file + test.spec.segments[1].p_offset + 100, 0, 15000 - 100);
    pack_file(&test);
    assert_int_equal(packed_header(&test, 1).p_filesz, 100);
    assert_int_equal(packed_header(&test, 1).p_memsz, 20000);
    check_memory(&test);
    check_in_place(&test);
    free_case(&test);
}

// Left out there, they would have to be written out again as .bss in the way.
static void keeps_zeros_in_the_middle(void **state)
{
    struct packing_case test;

    (void)state;
    memset(&test, 0, sizeof(test));
    elf_spec_simple(&test.spec);
    test.spec.segments[2] = test.spec.segments[1];
    test.spec.segments[1].p_flags = ELF_PF_R;
    test.spec.segments[1].p_filesz = 2 * INTERIOR_ZEROS_MAX;
    test.spec.segments[1].p_memsz = 2 * INTERIOR_ZEROS_MAX;
    test.spec.segments[2].p_vaddr += 2 * INTERIOR_ZEROS_MAX;
    test.spec.segments[2].p_offset += 2 * INTERIOR_ZEROS_MAX;
    test.spec.count = 3;
    test.file = elf_build(&test.spec, 1, &test.file_size);
    memset(test.file + test.spec.segments[1].p_offset, 0, 2 * INTERIOR_ZEROS_MAX);
    pack_file(&test);
    assert_int_equal(packed_header(&test, 1).p_filesz, 2 * INTERIOR_ZEROS_MAX);
    check_memory(&test);
    check_in_place(&test);
    free_case(&test);
}

// The limit holds for all of it together.
static void fills_interior_bss_up_to_the_limit(void **state)
{
    struct packing_case test;

    (void)state;
    memset(&test, 0, sizeof(test));
    elf_spec_simple(&test.spec);
    for (uint32_t i = 1; i < 4; i++) {
        test.spec.segments[i] = test.spec.segments[1];
        test.spec.segments[i].p_vaddr = test.spec.segments[0].p_vaddr + i * INTERIOR_ZEROS_MAX;
        test.spec.segments[i].p_filesz = 10;
        test.spec.segments[i].p_memsz = 10 + INTERIOR_ZEROS_MAX * 5ull / 8;
    }
    test.spec.count = 4;
    pack(&test, 1);
    assert_int_equal(packed_header(&test, 1).p_filesz, test.spec.segments[1].p_memsz);
    assert_int_equal(packed_header(&test, 2).p_filesz, 10);
    assert_int_equal(packed_header(&test, 3).p_filesz, 10);
    check_memory(&test);
    free_case(&test);
}

static void keeps_zeros_of_code(void **state)
{
    struct packing_case test;

    (void)state;
    memset(&test, 0, sizeof(test));
    elf_spec_simple(&test.spec);
    test.spec.count = 1;
    test.spec.entry = test.spec.segments[0].p_vaddr + 4900;
    test.file = elf_build(&test.spec, 1, &test.file_size);
    memset(test.file + test.spec.segments[0].p_offset, 0, 5000);
    pack_file(&test); // the entry point is in the file still, or this fails
    assert_int_equal(test.packed.size, TEST_PAGE + 5000);
    free_case(&test);
}

static void leaves_large_interior_bss_out(void **state)
{
    struct packing_case test;

    (void)state;
    memset(&test, 0, sizeof(test));
    elf_spec_simple(&test.spec);
    // .data, much .bss, and read-only bytes behind it.
    test.spec.segments[1].p_memsz = 3000 + INTERIOR_ZEROS_MAX + 1;
    test.spec.segments[2] = test.spec.segments[1];
    test.spec.segments[2].p_flags = ELF_PF_R;
    test.spec.segments[2].p_vaddr += 0x20000;
    test.spec.segments[2].p_filesz = 10;
    test.spec.segments[2].p_memsz = 10;
    test.spec.count = 3;
    pack(&test, 1);
    assert_int_equal(test.packed.size, 4 * TEST_PAGE + 10);
    check_memory(&test);
    free_case(&test);

    // One byte less, and it is written out: 17 pages of .data and .bss.
    test.spec.segments[1].p_memsz--;
    pack(&test, 1);
    assert_int_equal(test.packed.size, 20 * TEST_PAGE + 10);
    check_memory(&test);
    check_in_place(&test);
    free_case(&test);
}

// Without bytes in the file, p_offset is nobody's business.
static void copes_with_offsets_that_mean_nothing(void **state)
{
    struct packing_case test;

    (void)state;
    memset(&test, 0, sizeof(test));
    elf_spec_simple(&test.spec);
    test.spec.segments[1].p_filesz = 0;
    test.file = elf_build(&test.spec, 1, &test.file_size);
    test.spec.segments[1].p_offset = UINT64_MAX - TEST_PAGE + 1;
    memcpy(test.file + sizeof(struct elf64_header), test.spec.segments,
           2 * sizeof(test.spec.segments[0]));
    pack_file(&test);
    check_memory(&test);
    check_in_place(&test);
    free_case(&test);
}

static void copes_with_the_end_of_the_address_space(void **state)
{
    struct packing_case test;

    (void)state;
    memset(&test, 0, sizeof(test));
    elf_spec_simple(&test.spec);
    test.spec.segments[1].p_vaddr = UINT64_MAX - 20000 + 1;
    test.spec.segments[1].p_align = 1;
    pack(&test, 1);
    check_memory(&test);
    assert_int_equal(test.kernel.virtual_end, 0);
    free_case(&test);
}

static void same_bytes_for_the_same_kernel(void **state)
{
    struct packing_case test;
    struct packed_kernel again;
    struct message why;

    (void)state;
    memset(&test, 0, sizeof(test));
    elf_spec_simple(&test.spec);
    pack(&test, 1);
    assert_true(kernel_pack(&test.source, &again, &why));
    assert_int_equal(again.size, test.packed.size);
    assert_memory_equal(again.bytes, test.packed.bytes, again.size);
    packed_kernel_free(&again);
    free_case(&test);
}

// Segments that share their file bytes make the packed file larger than the original.
static void refuses_what_no_disk_holds(void **state)
{
    struct elf_spec spec;
    struct elf_kernel kernel;
    struct packed_kernel packed;
    struct message why;
    uint64_t size;

    (void)state;
    elf_spec_simple(&spec);
    spec.count = 1;
    uint8_t *file = elf_build(&spec, 1, &size);
    assert_true(elf_parse(file, size, &kernel, &why));
    // The parser's answer for a file of 3 TiB, which no test can hold.
    struct elf64_program_header *header =
        (struct elf64_program_header *)(void *)(file + sizeof(struct elf64_header));
    header->p_filesz = (uint64_t)3 << 40;
    header->p_memsz = header->p_filesz;
    assert_false(kernel_pack(&kernel, &packed, &why));
    assert_non_null(strstr(why.text, "2048 GiB"));
    assert_null(packed.bytes);
    free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_out_everything_else),
        cmocka_unit_test(trims_zeros_at_the_end),
        cmocka_unit_test(keeps_zeros_in_the_middle),
        cmocka_unit_test(keeps_zeros_of_code),
        cmocka_unit_test(fills_interior_bss_up_to_the_limit),
        cmocka_unit_test(leaves_large_interior_bss_out),
        cmocka_unit_test(copes_with_offsets_that_mean_nothing),
        cmocka_unit_test(copes_with_the_end_of_the_address_space),
        cmocka_unit_test(same_bytes_for_the_same_kernel),
        cmocka_unit_test(refuses_what_no_disk_holds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
