// Unit tests of bootloader/load/kernel_mapping.c: large pages, and the alignment they ask for.
// kernel_layout_test.c checks permissions and contents.
#include "elf_builder.h"
#include "kernel_layout.h"
#include "loaded_kernel.h"
#include "unit.h"

#define RX (ELF_PF_R | ELF_PF_X)
#define RW (ELF_PF_R | ELF_PF_W)

#define BASE     0xFFFFFFFF80000000u
#define PHYSICAL 0x1000000u // where kernel memory lies, unless a test says otherwise
#define TABLE    64u
#define MIB      0x100000ull

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void assert_wish(const struct elf64_program_header *segments, uint32_t count,
                        uint64_t file_size, uint64_t alignment, uint64_t phase)
{
    struct elf_file file = elf_file_make(segments, count, TABLE, file_size, segments[0].p_vaddr);
    struct elf_kernel elf;
    struct kernel_layout layout;
    struct message why = {.text = ""};
    if (!elf_parse(file.bytes, file.size, &elf, &why) || !kernel_layout_plan(&elf, &layout, &why)) {
        fail_msg("%s", why.text);
    }
    uint64_t wished_alignment;
    uint64_t wished_phase;
    kernel_layout_wish(&layout, &wished_alignment, &wished_phase);
    assert_int_equal(wished_alignment, alignment);
    assert_int_equal(wished_phase, phase);
    elf_file_free(&file);
}

static void wishes_for_the_largest_pages(void **state)
{
    (void)state;
    struct elf64_program_header segments[] = {
        loadable(RX, BASE + 0x1000, 0x1000, 0x1000, 0x1000),
        loadable(RW, BASE + 0x2000, 0x2000, 0x1000, 0x1000),
    };
    assert_wish(segments, 2, 0x3000, 0x1000, 0);
    // 4 MiB of .bss behind it hold a large page: address = virtual address modulo 2 MiB.
    segments[1].p_memsz = 4 * MIB;
    assert_wish(segments, 2, 0x3000, PAGE_SIZE_2M, 0);
    segments[1].p_memsz = 2 * MIB; // does not reach the end of the page at BASE + 2 MiB
    assert_wish(segments, 2, 0x3000, 0x1000, 0);
    // .bss alone comes behind the file, at another distance.
    segments[1] = loadable(RW, BASE + 8 * MIB, 0x2000, 0, 5 * MIB);
    assert_wish(segments, 2, 0x2800, PAGE_SIZE_2M, 2 * MIB - 0x3000);
    segments[1] = loadable(RW, 0xFFFFFFFFC0000000u, 0x2000, 0, 0x40000000 - 0x1000);
    assert_wish(segments, 2, 0x2800, PAGE_SIZE_2M, 2 * MIB - 0x3000);
    segments[1] = loadable(RW, 0xFFFFFFFFC0000000u, 0x2000, 0, 0x40000000);
    assert_wish(segments, 2, 0x2800, PAGE_SIZE_1G, 0x40000000 - 0x3000);
}

static void maps_bss_with_large_pages(void **state)
{
    (void)state;
    const struct elf64_program_header segments[] = {
        loadable(RX, BASE + 0x1000, 0x1000, 0x1000, 0x1000),
        loadable(RW, BASE + 0x2000, 0x2000, 0x1000, 6 * MIB),
    };
    struct loaded_kernel kernel;
    loaded_kernel_load(&kernel, PHYSICAL, segments, COUNT(segments), 0x3000);
    loaded_kernel_check(&kernel);
    assert_int_equal(kernel.mapped[1], 2); // pages of 2 MiB
    // Root, two above, and tables of 4 KiB pages for both ends.
    assert_int_equal(kernel.tables.used, 5);
    loaded_kernel_free(&kernel);
}

// .data and its .bss, one page long together, granted the wish.
static void one_large_page_across_file_and_bss(void **state)
{
    (void)state;
    const struct elf64_program_header segments[] = {
        loadable(RX, BASE, 0x1000, 0x1000, 0x1000),
        loadable(RW, BASE + 2 * MIB, 0x2000, 0x1000, 2 * MIB),
    };
    struct elf_file file = elf_file_make(segments, COUNT(segments), TABLE, 0x3000, BASE);
    struct loaded_kernel kernel;
    loaded_kernel_make(&kernel, &file, 4 * MIB - 0x2000);
    uint64_t alignment;
    uint64_t phase;
    kernel_layout_wish(&kernel.layout, &alignment, &phase);
    assert_int_equal(alignment, PAGE_SIZE_2M);
    assert_int_equal(kernel.physical % alignment, phase);
    loaded_kernel_check(&kernel);
    assert_int_equal(kernel.mapped[0], 1);
    assert_int_equal(kernel.mapped[1], 1);
    loaded_kernel_free(&kernel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wishes_for_the_largest_pages),
        cmocka_unit_test(maps_bss_with_large_pages),
        cmocka_unit_test(one_large_page_across_file_and_bss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
