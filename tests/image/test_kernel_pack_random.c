// Unit tests of the kernel item with random kernels: whatever the linker made, the packed file
// gives the same memory, in place where that can be.
#include "packing_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RANDOM_KERNELS 4000

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packs_random_kernels_in_place),
        cmocka_unit_test(packs_random_kernels_with_much_bss),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
