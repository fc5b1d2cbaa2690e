// Unit tests of the kernel item: whatever the linker made, the packed file gives the same memory,
// in place where that can be.
#include "kernel_layout.h"
#include "kernel_pack.h"
#include "test_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RANDOM_KERNELS 4000

struct packing_case {
    struct elf_spec spec;
    uint8_t *file;
    uint64_t file_size;
    struct elf_kernel source;
    struct packed_kernel packed;
    struct elf_kernel kernel; // as the packed file has it
    struct kernel_layout layout;
    uint8_t *memory; // as stage 2 leaves it
};

// Parses, packs, and does what stage 2 does with the packed file.
static void pack_file(struct packing_case *test)
{
    struct message why = {.length = 0};

    if (!elf_parse(test->file, test->file_size, &test->source, &why) ||
        !kernel_pack(&test->source, &test->packed, &why) ||
        !elf_parse(test->packed.bytes, test->packed.size, &test->kernel, &why) ||
        !kernel_layout_plan(&test->kernel, &test->layout, &why)) {
        fail_msg("refused: %s", why.text);
    }
    assert_int_equal(test->packed.memory_bytes, test->layout.memory_bytes);
    test->memory = malloc(test->layout.memory_bytes);
    assert_non_null(test->memory);
    memset(test->memory, 0xCC, test->layout.memory_bytes); // what was in memory before
    memcpy(test->memory, test->packed.bytes, test->packed.size);
    kernel_layout_fill(&test->layout, test->memory);
}

static void pack(struct packing_case *test, uint8_t seed)
{
    test->file = elf_build(&test->spec, seed, &test->file_size);
    pack_file(test);
}

static void free_case(struct packing_case *test)
{
    free(test->file);
    free(test->memory);
    packed_kernel_free(&test->packed);
}

// The run that holds a virtual address; fails the test when there is none.
static struct kernel_run find_run(const struct packing_case *test, uint64_t address)
{
    struct kernel_run_cursor cursor = {0};
    struct kernel_run run;

    while (kernel_layout_next_run(&test->layout, &cursor, &run)) {
        if (address - run.virtual_base < run.pages * TEST_PAGE) {
            return run;
        }
    }
    fail_msg("no run at %llx", (unsigned long long)address);
    return run;
}

// The byte that the kernel finds at a virtual address.
static uint8_t byte_at(const struct packing_case *test, const struct kernel_run *run,
                       uint64_t address)
{
    const uint64_t distance = address - run->virtual_base;
    const uint64_t offset =
        kernel_run_page_offset(run, distance / TEST_PAGE) + distance % TEST_PAGE;

    assert_true(offset < test->layout.memory_bytes);
    return test->memory[offset];
}

// Every byte of every segment of the original, by the rules of the ELF alone.
static void check_memory(const struct packing_case *test)
{
    for (uint32_t i = 0; i < test->spec.count; i++) {
        const struct elf64_program_header *segment = &test->spec.segments[i];
        if (segment->p_memsz == 0) {
            continue;
        }
        const struct kernel_run run = find_run(test, segment->p_vaddr);
        for (uint64_t at = 0; at < segment->p_memsz; at++) {
            const uint8_t expected =
                at < segment->p_filesz ? test->file[segment->p_offset + at] : 0;
            if (byte_at(test, &run, segment->p_vaddr + at) != expected) {
                fail_msg("segment %u differs at byte %llu", i, (unsigned long long)at);
            }
        }
    }
}

static void check_rights(const struct packing_case *test)
{
    uint32_t original_cursor = 0;
    uint32_t packed_cursor = 0;
    struct elf_segment original;
    struct elf_segment packed;

    assert_int_equal(test->source.entry, test->kernel.entry);
    assert_int_equal(test->source.segment_count, test->kernel.segment_count);
    while (elf_next_segment(&test->source, &original_cursor, &original)) {
        assert_true(elf_next_segment(&test->kernel, &packed_cursor, &packed));
        assert_int_equal(packed.virtual_address, original.virtual_address);
        assert_int_equal(packed.memory_size, original.memory_size);
        assert_int_equal(packed.flags, original.flags);
    }
}

static void check_in_place(const struct packing_case *test)
{
    struct kernel_run_cursor cursor = {0};
    struct kernel_run run;
    uint64_t virtual_end = 0;
    uint64_t offset_end = 0;

    while (kernel_layout_next_run(&test->layout, &cursor, &run)) {
        assert_true(run.in_place);
        // Where the addresses go on, so does memory.
        if (virtual_end == run.virtual_base) {
            assert_int_equal(offset_end, kernel_run_page_offset(&run, 0));
        }
        assert_int_equal(kernel_run_page_offset(&run, run.pages - 1),
                         kernel_run_page_offset(&run, 0) + (run.pages - 1) * TEST_PAGE);
        virtual_end = run.virtual_base + run.pages * TEST_PAGE;
        offset_end = kernel_run_page_offset(&run, run.pages - 1) + TEST_PAGE;
    }
}

// ---- Random kernels -----------------------------------------------------------------------

static uint32_t random_flags(uint64_t *random, bool shares, uint32_t previous)
{
    static const uint32_t choices[] = {ELF_PF_R, ELF_PF_R | ELF_PF_X, ELF_PF_R | ELF_PF_W,
                                       ELF_PF_X};
    const uint32_t forbidden =
        (previous & ELF_PF_W ? ELF_PF_X : 0) | (previous & ELF_PF_X ? ELF_PF_W : 0);

    for (;;) {
        const uint32_t flags = choices[random_below(random, 4)];
        if (!shares || (flags & forbidden) == 0) {
            return flags;
        }
    }
}

// Segments in order of address, some sharing a page, some with gaps, anywhere in the file.
static void random_spec(struct elf_spec *spec, uint64_t *random, uint64_t most_bss)
{
    uint64_t address = (random_below(random, 2) != 0 ? 0x200000 : 0xFFFFFFFF80000000u) +
                       random_below(random, 2) * random_below(random, TEST_PAGE);
    uint32_t page_flags = 0; // of all segments in the page that `address` is in
    bool has_entry = false;

    spec->count = 1 + (uint32_t)random_below(random, 8);
    for (uint32_t i = 0; i < spec->count; i++) {
        struct elf64_program_header *segment = &spec->segments[i];
        const uint64_t kind = random_below(random, 4);
        const uint64_t first_page = address / TEST_PAGE;
        *segment = (struct elf64_program_header){.p_type = ELF_PT_LOAD, .p_vaddr = address};
        segment->p_flags =
            i == 0 ? ELF_PF_R | ELF_PF_X : random_flags(random, page_flags != 0, page_flags);
        segment->p_filesz = kind == 0 ? 0 : random_below(random, 3 * TEST_PAGE);
        segment->p_filesz += i == 0 ? 1 : 0;
        segment->p_memsz = segment->p_filesz + (kind < 2 ? 1 + random_below(random, most_bss) : 0);
        segment->p_offset = sizeof(struct elf64_header) + random_below(random, 3 * TEST_PAGE);
        if (segment->p_memsz == 0) {
            continue;
        }
        if (!has_entry) {
            spec->entry = address;
            has_entry = true;
        }
        address += segment->p_memsz;
        const bool same_page = address % TEST_PAGE != 0 && random_below(random, 2) != 0;
        const bool one_page = first_page == address / TEST_PAGE;
        page_flags = !same_page ? 0 : segment->p_flags | (one_page ? page_flags : 0);
        if (same_page) {
            // Sometimes a gap of some bytes, never to the next page.
            address += random_below(random, TEST_PAGE - address % TEST_PAGE);
        } else {
            address = (address + TEST_PAGE - 1) / TEST_PAGE * TEST_PAGE;
            address += random_below(random, 2) * random_below(random, 5) * TEST_PAGE;
            address += random_below(random, 2) * random_below(random, TEST_PAGE);
        }
    }
}

// Random ends of zeros, as tables and buffers leave them.
static void put_zeros(struct packing_case *test, uint64_t *random)
{
    const uint64_t headers =
        sizeof(struct elf64_header) + test->spec.count * sizeof(struct elf64_program_header);
    const struct elf64_program_header *segment =
        &test->spec.segments[random_below(random, test->spec.count)];
    uint64_t zeros = random_below(random, segment->p_filesz + 1);

    while (zeros != 0 && segment->p_offset + segment->p_filesz - zeros < headers) {
        zeros--;
    }
    memset(test->file + segment->p_offset + segment->p_filesz - zeros, 0, zeros);
}

static void pack_random(uint64_t *random, uint64_t most_bss, bool in_place)
{
    struct packing_case test;

    memset(&test, 0, sizeof(test));
    random_spec(&test.spec, random, most_bss);
    test.file = elf_build(&test.spec, (uint8_t)random_next(random), &test.file_size);
    put_zeros(&test, random);
    pack_file(&test);
    check_memory(&test);
    check_rights(&test);
    if (in_place) {
        check_in_place(&test);
    }
    free_case(&test);
}

// With so little .bss that all that is in the way may be written out.
static void packs_random_kernels_in_place(void **state)
{
    uint64_t random = 0x1234567;

    (void)state;
    for (int i = 0; i < RANDOM_KERNELS; i++) {
        pack_random(&random, 2 * TEST_PAGE, true);
    }
}

static void packs_random_kernels_with_much_bss(void **state)
{
    uint64_t random = 0x89ABCDE;

    (void)state;
    for (int i = 0; i < RANDOM_KERNELS / 20; i++) {
        pack_random(&random, INTERIOR_ZEROS_MAX, false);
    }
}

// ---- Rules --------------------------------------------------------------------------------

static void leaves_out_everything_else(void **state)
{
    struct packing_case test;
    struct elf64_header header;

    (void)state;
    memset(&test, 0, sizeof(test));
    elf_spec_simple(&test.spec);
    // A note, an empty segment, a stack: not loaded, not kept.
    test.spec.segments[2] = (struct elf64_program_header){4, 4, 0x4000, 0, 0, 0x9000, 0x9000, 4};
    test.spec.segments[3] =
        (struct elf64_program_header){ELF_PT_LOAD, 4, 0, 0x1000, 0, 0, 0, 0x1000};
    test.spec.segments[4] = (struct elf64_program_header){0x6474E551, 6, 0, 0, 0, 0, 0, 16};
    test.spec.count = 5;
    pack(&test, 1);
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
    struct elf64_program_header packed;

    (void)state;
    memset(&test, 0, sizeof(test));
    elf_spec_simple(&test.spec);
    test.spec.segments[1].p_filesz = 15000;
    test.file = elf_build(&test.spec, 1, &test.file_size);
    memset(test.file + test.spec.segments[1].p_offset + 100, 0, 15000 - 100);
    pack_file(&test);
    memcpy(&packed, test.packed.bytes + sizeof(struct elf64_header) + sizeof(packed),
           sizeof(packed));
    assert_int_equal(packed.p_filesz, 100);
    assert_int_equal(packed.p_memsz, 20000);
    check_memory(&test);
    check_in_place(&test);
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
        cmocka_unit_test(packs_random_kernels_in_place),
        cmocka_unit_test(packs_random_kernels_with_much_bss),
        cmocka_unit_test(leaves_out_everything_else),
        cmocka_unit_test(trims_zeros_at_the_end),
        cmocka_unit_test(keeps_zeros_of_code),
        cmocka_unit_test(leaves_large_interior_bss_out),
        cmocka_unit_test(copes_with_the_end_of_the_address_space),
        cmocka_unit_test(same_bytes_for_the_same_kernel),
        cmocka_unit_test(refuses_what_no_disk_holds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
