// Unit tests of bootloader/load/kernel_mapping.c: large pages, the alignment they ask for, RELRO.
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

// ---- RELRO --------------------------------------------------------------------------------

static struct elf64_program_header relro(uint64_t address, uint64_t bytes)
{
    return (struct elf64_program_header){
        .p_type = ELF_PT_GNU_RELRO, .p_flags = ELF_PF_R, .p_vaddr = address, .p_memsz = bytes};
}

static bool add_piece(const struct kernel_piece *piece, void *context)
{
    struct kernel_piece **next = context;
    *(*next)++ = *piece;
    return true;
}

static bool stop_at_second(const struct kernel_piece *piece, void *context)
{
    uint32_t *visited = context;
    (void)piece;
    return ++*visited < 2;
}

static void relro_pages_are_read_only(void **state)
{
    (void)state;
    const struct elf64_program_header segments[] = {
        loadable(RX, BASE, 0x1000, 0x1000, 0x1000),
        loadable(RW, BASE + 0x1000, 0x2000, 0x4800, 0x6000),
        relro(BASE + 0x2010, 0x2FF0 - 0x10), // one page, and most of the next
    };
    struct loaded_kernel kernel;
    loaded_kernel_load(&kernel, PHYSICAL, segments, COUNT(segments), 0x6800);
    loaded_kernel_check(&kernel);
    struct kernel_piece pieces[8];
    struct kernel_piece *end = pieces;
    assert_true(kernel_layout_walk(&kernel.layout, add_piece, &end));
    static const struct kernel_piece expected[] = {
        {BASE, 0x1000, 0x1000, PAGE_EXECUTE},
        {BASE + 0x1000, 0x2000, 0x1000, PAGE_WRITE},
        {BASE + 0x2000, 0x3000, 0x2000, 0},
        {BASE + 0x4000, 0x5000, 0x3000, PAGE_WRITE}, // file and .bss together
    };
    assert_int_equal(end - pieces, COUNT(expected));
    for (unsigned i = 0; i < COUNT(expected); i++) {
        assert_int_equal(pieces[i].virtual_address, expected[i].virtual_address);
        assert_int_equal(pieces[i].offset, expected[i].offset);
        assert_int_equal(pieces[i].bytes, expected[i].bytes);
        assert_int_equal(pieces[i].permissions, expected[i].permissions);
    }
    uint32_t visited = 0;
    assert_false(kernel_layout_walk(&kernel.layout, stop_at_second, &visited));
    assert_int_equal(visited, 2);
    loaded_kernel_free(&kernel);
}

// RELRO anywhere in two writable segments, in place or copied, beside code or in its run.
static void relro_of_every_size(void **state)
{
    (void)state;
    uint64_t seed = 71;
    for (unsigned round = 0; round < 2000; round++) {
        const uint64_t data = BASE + (random_chance(&seed, 2) ? 0x1000 : 0x3000);
        const uint64_t second = data + (random_chance(&seed, 2) ? 0x3000 : 0x2800);
        const uint64_t start = random_below(&seed, 0x6800);
        struct elf64_program_header segments[] = {
            loadable(RX, BASE, 0x1000, 0x1000, 0x1000),
            loadable(RW, data, 0x2000, random_below(&seed, 0x2800), second - data),
            loadable(RW, second, 0x5000, random_below(&seed, 0x2800), 0x4000),
            relro(data + start, random_below(&seed, 0x6800 - start)),
        };
        segments[2].p_align = 1;
        struct loaded_kernel kernel;
        loaded_kernel_load(&kernel, PHYSICAL, segments, COUNT(segments), 0x8000);
        loaded_kernel_check(&kernel);
        loaded_kernel_free(&kernel);
    }
}

static void relro_splits_large_pages(void **state)
{
    (void)state;
    const struct elf64_program_header segments[] = {
        loadable(RX, BASE, 0x1000, 0x1000, 0x1000),
        loadable(RW, BASE + 2 * MIB, 0x2000, 0, 6 * MIB),
        relro(BASE + 4 * MIB, 0x1000),
    };
    struct elf_file file = elf_file_make(segments, COUNT(segments), TABLE, 0x3000, BASE);
    struct loaded_kernel kernel;
    loaded_kernel_make(&kernel, &file, 4 * MIB - 0x3000);
    loaded_kernel_check(&kernel);
    assert_int_equal(kernel.mapped[1], 2);
    assert_int_equal(kernel.mapped[0], 1 + 512);
    loaded_kernel_free(&kernel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wishes_for_the_largest_pages),
        cmocka_unit_test(maps_bss_with_large_pages),
        cmocka_unit_test(one_large_page_across_file_and_bss),
        cmocka_unit_test(relro_pages_are_read_only),
        cmocka_unit_test(relro_of_every_size),
        cmocka_unit_test(relro_splits_large_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
