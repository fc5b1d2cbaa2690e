// Shared by the unit tests of the kernel item.
#include "packing_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void pack_file(struct packing_case *test)
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

void pack(struct packing_case *test, uint8_t seed)
{
    test->file = elf_build(&test->spec, seed, &test->file_size);
    pack_file(test);
}

void free_case(struct packing_case *test)
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

void check_memory(const struct packing_case *test)
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

void check_rights(const struct packing_case *test)
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

void check_in_place(const struct packing_case *test)
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
