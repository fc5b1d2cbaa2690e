// Unit tests of bootloader/load/kernel_layout.c: kernels of every kind are planned, filled and
// mapped, then read back through the page tables and compared with their ELF.
#include "elf_builder.h"
#include "kernel_layout.h"
#include "loaded_kernel.h"
#include "unit.h"

#define R  ELF_PF_R
#define RX (ELF_PF_R | ELF_PF_X)
#define RW (ELF_PF_R | ELF_PF_W)

#define BASE     0xFFFFFFFF80000000u
#define PHYSICAL 0x1000000u // where kernel memory lies, unless a test says otherwise
#define TABLE    64u

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct kernel_run run_at(const struct loaded_kernel *kernel, uint32_t index)
{
    struct kernel_run_cursor cursor = {0};
    struct kernel_run run;
    for (uint32_t i = 0; i <= index; i++) {
        assert_true(kernel_layout_next_run(&kernel->layout, &cursor, &run));
    }
    return run;
}

static uint32_t count_runs(const struct loaded_kernel *kernel)
{
    struct kernel_run_cursor cursor = {0};
    struct kernel_run run;
    uint32_t count = 0;
    while (kernel_layout_next_run(&kernel->layout, &cursor, &run)) {
        count++;
    }
    return count;
}

// ---- In place -----------------------------------------------------------------------------

static void a_kernel_laid_out_by_bootimage(void **state)
{
    (void)state;
    const struct elf64_program_header segments[] = {
        loadable(RX, BASE + 0x1000, 0x1000, 0x1800, 0x1800),
        loadable(R, BASE + 0x3000, 0x3000, 0x1000, 0x1000),
        loadable(RW, BASE + 0x4000, 0x4000, 0x1234, 0x3000),
    };
    struct loaded_kernel kernel;
    loaded_kernel_load(&kernel, PHYSICAL, segments, COUNT(segments), 0x5234);
    assert_int_equal(kernel.layout.file_bytes, 0x6000);
    assert_int_equal(kernel.layout.memory_bytes, 0x7000);
    assert_true(kernel.layout.in_file_order);
    assert_true(kernel.layout.contiguous);
    assert_int_equal(kernel.layout.base_offset, 0x1000);
    assert_int_equal(count_runs(&kernel), 3);
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(run_at(&kernel, i).in_place);
        assert_int_equal(run_at(&kernel, i).file_offset, segments[i].p_offset);
    }
    struct kernel_run data = run_at(&kernel, 2);
    assert_int_equal(data.pages, 3);
    assert_int_equal(data.file_pages, 2);
    assert_int_equal(data.fresh_offset, 0x6000);
    assert_int_equal(data.tail_start, 0x5234);
    assert_int_equal(kernel_run_page_offset(&data, 0), 0x4000);
    assert_int_equal(kernel_run_page_offset(&data, 1), 0x5000);
    assert_int_equal(kernel_run_page_offset(&data, 2), 0x6000);
    loaded_kernel_check(&kernel);
    loaded_kernel_free(&kernel);
}

static void bss_alone_takes_fresh_pages(void **state)
{
    (void)state;
    const struct elf64_program_header segments[] = {
        loadable(RX, BASE, 0x1000, 0x1000, 0x1000),
        loadable(RW, BASE + 0x1000, 0x2000, 0, 0x2345),
    };
    struct loaded_kernel kernel;
    loaded_kernel_load(&kernel, PHYSICAL, segments, COUNT(segments), 0x2000);
    struct kernel_run bss = run_at(&kernel, 1);
    assert_true(bss.in_place);
    assert_int_equal(bss.file_pages, 0);
    assert_int_equal(bss.pages, 3);
    assert_int_equal(bss.fresh_offset, 0x2000);
    assert_true(kernel.layout.contiguous);
    loaded_kernel_check(&kernel);
    loaded_kernel_free(&kernel);
}

// A linker script with .data and .bss in segments of their own that share a page.
static void bss_segment_in_the_page_of_data(void **state)
{
    (void)state;
    const struct elf64_program_header segments[] = {
        loadable(RX, BASE, 0x1000, 0x1000, 0x1000),
        loadable(RW, BASE + 0x1000, 0x2000, 0x800, 0x800),
        loadable(RW, BASE + 0x1800, 0x7800, 0, 0x3000),
    };
    struct loaded_kernel kernel;
    loaded_kernel_load(&kernel, PHYSICAL, segments, COUNT(segments), 0x3000);
    assert_int_equal(count_runs(&kernel), 2);
    struct kernel_run data = run_at(&kernel, 1);
    assert_true(data.in_place);
    assert_int_equal(data.segment_count, 2);
    assert_int_equal(data.file_pages, 1);
    assert_int_equal(data.tail_start, 0x2800);
    loaded_kernel_check(&kernel);
    loaded_kernel_free(&kernel);
}

static void segments_of_one_run_stay_in_place(void **state)
{
    (void)state;
    const struct elf64_program_header segments[] = {
        loadable(R, BASE, 0x1000, 0x400, 0x400),
        loadable(RX, BASE + 0x400, 0x1400, 0x1400, 0x1400),
        loadable(R, BASE + 0x1900, 0x2900, 0x3000, 0x3000),
    };
    struct loaded_kernel kernel;
    loaded_kernel_load(&kernel, PHYSICAL, segments, COUNT(segments), 0x5900);
    assert_int_equal(count_runs(&kernel), 1);
    assert_true(run_at(&kernel, 0).in_place);
    loaded_kernel_check(&kernel);
    loaded_kernel_free(&kernel);
}

// ---- Copied -------------------------------------------------------------------------------

// Loads two segments of which the second is made wrong; returns which of the two runs are in place.
static unsigned in_place_with(struct elf64_program_header second, uint64_t file_size)
{
    const struct elf64_program_header segments[] = {loadable(RX, BASE, 0x1000, 0x1800, 0x1800),
                                                    second};
    struct loaded_kernel kernel;
    loaded_kernel_load(&kernel, PHYSICAL, segments, COUNT(segments), file_size);
    loaded_kernel_check(&kernel);
    unsigned in_place = 0;
    for (uint32_t i = 0; i < count_runs(&kernel); i++) {
        in_place |= (unsigned)run_at(&kernel, i).in_place << i;
    }
    loaded_kernel_free(&kernel);
    return in_place;
}

static void copies_what_breaks_the_rules(void **state)
{
    (void)state;
    struct elf64_program_header second = loadable(RW, BASE + 0x3000, 0x3000, 0x800, 0x3000);
    assert_int_equal(in_place_with(second, 0x4000), 3);
    // In the file page in which code ends: neither may show the other's bytes.
    second = loadable(RW, BASE + 0x3800, 0x2800, 0x800, 0x3000);
    assert_int_equal(in_place_with(second, 0x3000), 0);
    // The offset does not fit the address modulo the page size.
    second = loadable(RW, BASE + 0x3000, 0x3010, 0x800, 0x3000);
    second.p_align = 16;
    assert_int_equal(in_place_with(second, 0x4000), 1);
    // Before code in the file: no order, everything is copied.
    second = loadable(RW, BASE + 0x3000, 0, 0x1000, 0x3000);
    assert_int_equal(in_place_with(second, 0x4000), 0);
    // Over code's own bytes.
    second = loadable(R, BASE + 0x3000, 0x1000, 0x1800, 0x1800);
    assert_int_equal(in_place_with(second, 0x4000), 0);
    // .bss, wherever its offset points.
    second = loadable(RW, BASE + 0x3000, 0, 0, 0x1000);
    assert_int_equal(in_place_with(second, 0x2800), 3);
}

static void copies_a_run_with_bss_inside(void **state)
{
    (void)state;
    const struct elf64_program_header segments[] = {
        loadable(RX, BASE, 0x1000, 0x1000, 0x1000),
        loadable(RW, BASE + 0x1000, 0x2000, 0x200, 0x1400),
        loadable(RW, BASE + 0x2600, 0x3600, 0x300, 0x2000),
    };
    struct loaded_kernel kernel;
    loaded_kernel_load(&kernel, PHYSICAL, segments, COUNT(segments), 0x3900);
    assert_int_equal(count_runs(&kernel), 2);
    assert_true(run_at(&kernel, 0).in_place);
    assert_false(run_at(&kernel, 1).in_place);
    assert_false(kernel.layout.contiguous);
    loaded_kernel_check(&kernel);
    loaded_kernel_free(&kernel);
}

static void copies_a_run_whose_segments_moved_apart(void **state)
{
    (void)state;
    const struct elf64_program_header segments[] = {
        loadable(RX, BASE, 0x1000, 0x800, 0x800),
        loadable(R, BASE + 0x800, 0x2800, 0x800, 0x800),
    };
    struct loaded_kernel kernel;
    loaded_kernel_load(&kernel, PHYSICAL, segments, COUNT(segments), 0x3000);
    assert_int_equal(count_runs(&kernel), 1);
    assert_false(run_at(&kernel, 0).in_place);
    loaded_kernel_check(&kernel);
    loaded_kernel_free(&kernel);
}

// Zeroing the end of .data's page must not destroy the headers that mapping still reads.
static void program_headers_in_the_tail_of_data(void **state)
{
    (void)state;
    const struct elf64_program_header segments[] = {
        loadable(RX, BASE, 0x1000, 0x1000, 0x1000),
        loadable(RW, BASE + 0x1000, 0x2000, 0x800, 0x1000),
    };
    for (unsigned behind = 0; behind < 2; behind++) {
        uint64_t table = behind != 0 ? 0x3000 : 0x2F00;
        struct elf_file file = elf_file_make(segments, 2, table, 0x4000, BASE);
        struct loaded_kernel kernel;
        loaded_kernel_make(&kernel, &file, PHYSICAL);
        assert_int_equal(run_at(&kernel, 1).in_place, behind);
        loaded_kernel_check(&kernel);
        loaded_kernel_free(&kernel);
    }
}

static void everything_in_one_file_page(void **state)
{
    (void)state;
    const struct elf64_program_header segments[] = {
        loadable(RX, BASE, 0, 0x300, 0x300),
        loadable(R, BASE + 0x1300, 0x300, 0x100, 0x100),
        loadable(RW, BASE + 0x2400, 0x400, 0x100, 0x5000),
    };
    struct loaded_kernel kernel;
    loaded_kernel_load(&kernel, PHYSICAL, segments, COUNT(segments), 0x500);
    for (uint32_t i = 0; i < 3; i++) {
        assert_false(run_at(&kernel, i).in_place);
    }
    assert_int_equal(kernel.layout.memory_bytes, 0x1000 + 0x1000 + 0x1000 + 0x6000);
    loaded_kernel_check(&kernel);
    loaded_kernel_free(&kernel);
}

// ---- Many, random -------------------------------------------------------------------------

static void five_thousand_segments(void **state)
{
    (void)state;
    enum { SEGMENTS = 5000, FIRST_PAGE = 70 };
    struct elf64_program_header *segments = allocate(SEGMENTS * sizeof *segments);
    for (unsigned copied = 0; copied < 2; copied++) {
        for (uint64_t i = 0; i < SEGMENTS; i++) {
            // Every other one is .bss; in the second round the file's bytes are packed.
            uint64_t offset = copied != 0 ? 0x46000 + i * 0x10 : (FIRST_PAGE + i / 2) * 0x1000;
            segments[i] = loadable(i == 0 ? RX : RW, BASE + i * 0x1000, offset,
                                   i % 2 == 0 ? 0x10 : 0, 0x1000);
            segments[i].p_align = 1;
        }
        struct loaded_kernel kernel;
        loaded_kernel_load(&kernel, PHYSICAL, segments, SEGMENTS, (FIRST_PAGE + 2500) * 0x1000ull);
        assert_int_equal(count_runs(&kernel), SEGMENTS);
        assert_int_equal(run_at(&kernel, 0).in_place, !copied);
        loaded_kernel_check(&kernel);
        loaded_kernel_free(&kernel);
    }
    free(segments);
}

// Segments as linkers make them and as they never would, but all acceptable to elf_parse.
static uint32_t random_segments(struct elf64_program_header *segments, uint32_t most,
                                uint64_t file_size, uint64_t *seed)
{
    static const uint32_t flags[] = {R, RW, RX};
    uint64_t address = BASE + random_below(seed, 4) * 0x1000;
    uint64_t offset = 0x1000;
    bool page_bound = random_chance(seed, 2);
    bool packed = random_chance(seed, 3);
    uint32_t count = 1 + (uint32_t)random_below(seed, most);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t gap = random_chance(seed, 2) ? 0 : random_below(seed, 0x2800);
        address += gap;
        if (page_bound) {
            address = (address + 0xFFF) & ~0xFFFull;
        }
        uint64_t size = 1 + random_below(seed, random_chance(seed, 2) ? 0x3000 : 0x400);
        if (!packed) {
            offset = ((offset + 0xFFF) & ~0xFFFull) + (address & 0xFFF);
        }
        if (random_chance(seed, 8)) {
            offset = random_below(seed, file_size); // no order
        }
        uint64_t in_file = random_chance(seed, 4) ? random_below(seed, size) : size;
        in_file = random_chance(seed, 10) ? 0 : in_file;
        if (offset > file_size || in_file > file_size - offset) {
            offset = file_size - in_file;
        }
        segments[i] = loadable(flags[random_below(seed, 3)], address, offset, in_file, size);
        segments[i].p_align = 1;
        address += size;
        offset += in_file;
    }
    return count;
}

static void random_kernels(void **state)
{
    (void)state;
    uint64_t seed = 61;
    unsigned checked = 0;
    unsigned with_in_place = 0;
    unsigned with_copies = 0;
    while (checked < 3000) {
        struct elf64_program_header segments[8];
        uint64_t size = 0x8000 + random_below(&seed, 0x10000);
        uint32_t count = random_segments(segments, 8, size, &seed);
        uint64_t entry = segments[random_below(&seed, count)].p_vaddr;
        uint64_t table =
            random_chance(&seed, 2) ? TABLE : random_below(&seed, (size - 448) / 8) * 8;
        table = table < TABLE ? TABLE : table;
        struct elf_file file = elf_file_make(segments, count, table, size, entry);
        struct loaded_kernel kernel;
        if (!loaded_kernel_try(&kernel, &file, random_below(&seed, 16) * 0x1000 + PHYSICAL)) {
            continue; // W and X in one page, or no code at the entry
        }
        loaded_kernel_check(&kernel);
        for (uint32_t i = 0; i < count_runs(&kernel); i++) {
            with_in_place += run_at(&kernel, i).in_place;
            with_copies += !run_at(&kernel, i).in_place;
        }
        loaded_kernel_free(&kernel);
        checked++;
    }
    assert_true(with_in_place > 1000 && with_copies > 1000);
}

// ---- Refused ------------------------------------------------------------------------------

static void refuses_sums_that_overflow(void **state)
{
    (void)state;
    struct elf_file file = elf_file_make(NULL, 0, TABLE, 0x1000, 0);
    struct elf_kernel elf = {.file = file.bytes, .file_size = UINT64_MAX};
    struct kernel_layout layout;
    struct message why;
    assert_false(kernel_layout_plan(&elf, &layout, &why));
    assert_message_has(why.text, "the kernel is too large");
    elf.file_size = UINT64_MAX - 0xFFE; // the least that is
    assert_false(kernel_layout_plan(&elf, &layout, &why));
    assert_message_has(why.text, "the kernel is too large");
    elf_file_free(&file);

    const struct elf64_program_header bss = loadable(RW, BASE, 0, 0, 0x1000);
    file = elf_file_make(&bss, 1, TABLE, 0x1000, 0);
    elf = (struct elf_kernel){.file = file.bytes,
                              .file_size = UINT64_MAX - 0xFFF,
                              .program_header_offset = TABLE,
                              .program_header_count = 1};
    assert_false(kernel_layout_plan(&elf, &layout, &why));
    assert_message_has(why.text, "the kernel is too large");
    elf_file_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kernel_laid_out_by_bootimage),
        cmocka_unit_test(bss_alone_takes_fresh_pages),
        cmocka_unit_test(bss_segment_in_the_page_of_data),
        cmocka_unit_test(segments_of_one_run_stay_in_place),
        cmocka_unit_test(copies_what_breaks_the_rules),
        cmocka_unit_test(copies_a_run_with_bss_inside),
        cmocka_unit_test(copies_a_run_whose_segments_moved_apart),
        cmocka_unit_test(program_headers_in_the_tail_of_data),
        cmocka_unit_test(everything_in_one_file_page),
        cmocka_unit_test(five_thousand_segments),
        cmocka_unit_test(random_kernels),
        cmocka_unit_test(refuses_sums_that_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
