// Unit tests of bootloader/load/elf.c: what is accepted, and that whatever is accepted is sound.
#include "elf_cases.h"

// ---- Accepted -----------------------------------------------------------------------------

static void accepts_an_ordinary_kernel(void **state)
{
    (void)state;
    struct elf_file file = ordinary_kernel();
    struct elf_kernel kernel;
    struct message why;
    assert_true(elf_parse(file.bytes, file.size, &kernel, &why));
    assert_ptr_equal(kernel.file, file.bytes);
    assert_int_equal(kernel.file_size, FILE_SIZE);
    assert_int_equal(kernel.entry, BASE + 0x1010);
    assert_int_equal(kernel.segment_count, 3);
    assert_int_equal(kernel.virtual_base, BASE + 0x1000);
    assert_int_equal(kernel.virtual_end, BASE + 0x9000);

    struct elf_segment segment;
    uint32_t cursor = 0;
    for (uint32_t i = 0; i < SEGMENTS; i++) {
        const struct elf64_program_header *header = elf_file_segment(&file, i);
        assert_true(elf_next_segment(&kernel, &cursor, &segment));
        assert_int_equal(segment.header_index, i);
        assert_int_equal(segment.virtual_address, header->p_vaddr);
        assert_int_equal(segment.memory_size, header->p_memsz);
        assert_int_equal(segment.file_offset, header->p_offset);
        assert_int_equal(segment.file_size, header->p_filesz);
        assert_int_equal(segment.flags, header->p_flags);
    }
    assert_false(elf_next_segment(&kernel, &cursor, &segment));
    assert_false(elf_next_segment(&kernel, &cursor, &segment));
    elf_file_free(&file);
}

static void accepts_any_alignment_of_the_file(void **state)
{
    (void)state;
    struct elf_file file = ordinary_kernel();
    for (unsigned shift = 1; shift < 8; shift++) {
        uint8_t *copy = allocate(file.size + shift);
        memcpy(copy + shift, file.bytes, file.size);
        struct elf_kernel kernel;
        struct message why;
        assert_true(elf_parse(copy + shift, file.size, &kernel, &why));
        uint32_t cursor = 0;
        struct elf_segment segment;
        assert_true(elf_next_segment(&kernel, &cursor, &segment));
        free(copy);
    }
    elf_file_free(&file);
}

static void accepts_what_is_allowed(void **state)
{
    (void)state;
    ASSERT_ACCEPTED(header->e_ident[ELF_EI_OSABI] = ELF_OSABI_GNU);
    ASSERT_ACCEPTED(header->e_ident[ELF_EI_OSABI] = ELF_OSABI_STANDALONE);
    ASSERT_ACCEPTED(segment[0].p_align = 0);
    ASSERT_ACCEPTED(segment[0].p_align = 1);
    ASSERT_ACCEPTED((segment[0].p_align = 16, segment[0].p_offset = 0x1110));
    ASSERT_ACCEPTED(segment[0].p_flags = ELF_PF_X);
    ASSERT_ACCEPTED(header->e_entry = BASE + 0x1000);
    ASSERT_ACCEPTED(header->e_entry = BASE + 0x2233);
    // Other program headers are none of the loader's business, wherever they point.
    ASSERT_ACCEPTED((segment[1].p_type = 0x6474E551, segment[1].p_offset = UINT64_MAX));
    // A segment of no size is not there, even between the others.
    ASSERT_ACCEPTED((segment[1].p_memsz = 0, segment[1].p_filesz = 0, segment[1].p_vaddr = 0,
                     segment[1].p_flags = 7));
    // .bss alone; its offset is not looked at beyond its alignment.
    ASSERT_ACCEPTED((segment[2].p_filesz = 0, segment[2].p_offset = 0x7FFFFFF600));
}

static void skips_empty_segments(void **state)
{
    (void)state;
    struct elf_file file = ordinary_kernel();
    elf_file_segment(&file, 1)->p_memsz = 0;
    elf_file_segment(&file, 1)->p_filesz = 0;
    struct elf_kernel kernel;
    struct message why;
    assert_true(elf_parse(file.bytes, file.size, &kernel, &why));
    assert_int_equal(kernel.segment_count, 2);
    struct elf_segment segment;
    uint32_t cursor = 0;
    assert_true(elf_next_segment(&kernel, &cursor, &segment));
    assert_int_equal(segment.header_index, 0);
    assert_true(elf_next_segment(&kernel, &cursor, &segment));
    assert_int_equal(segment.header_index, 2);
    assert_false(elf_next_segment(&kernel, &cursor, &segment));
    elf_file_free(&file);
}

static void accepts_the_edges_of_the_address_space(void **state)
{
    (void)state;
    const struct elf64_program_header segments[] = {
        loadable(RX, 0x1000, 0x1000, 0x10, 0x1000),
        loadable(RW, LOW_END - 0x1000, 0x1000, 0x10, 0x1000),
        loadable(RW, HIGH, 0x1000, 0x10, 0x10),
        loadable(RW, 0u - 0x1000ull, 0x1000, 0x10, 0x1000),
    };
    struct elf_file file = elf_file_make(segments, 4, TABLE, 0x1010, 0x1000);
    struct elf_kernel kernel;
    struct message why;
    assert_true(elf_parse(file.bytes, file.size, &kernel, &why));
    assert_int_equal(kernel.virtual_base, 0x1000);
    assert_int_equal(kernel.virtual_end, 0);
    elf_file_free(&file);
}

static void accepts_shared_pages_without_w_and_x(void **state)
{
    (void)state;
    const struct elf64_program_header code_constants[] = {
        loadable(RX, BASE, 0x1000, 0x100, 0x100),
        loadable(R, BASE + 0x100, 0x1100, 0x100, 0x100),
        loadable(RX, BASE + 0x200, 0x1200, 0x1000, 0x1000),
        loadable(R, BASE + 0x1200, 0x2200, 0x1000, 0x1000),
        loadable(RW, BASE + 0x2200, 0x3200, 0x100, 0x100),
    };
    struct elf_file file = elf_file_make(code_constants, 5, TABLE, 0x4000, BASE);
    assert_true(parses(&file));
    elf_file_free(&file);
}

// ---- Many segments, random damage ---------------------------------------------------------

static void many_segments_in_linear_time(void **state)
{
    (void)state;
    static const uint32_t counts[] = {5000, 65534};
    for (unsigned c = 0; c < 2; c++) {
        uint32_t count = counts[c];
        struct elf64_program_header *segments = allocate(count * sizeof *segments);
        for (uint32_t i = 0; i < count; i++) {
            segments[i] = loadable(i == 0 ? RX : RW, BASE + i * 0x1000ull, 0, 0x40, 0x1000);
        }
        struct elf_file file = elf_file_make(segments, count, 64, 64 + count * 56ull, BASE);
        struct elf_kernel kernel;
        struct message why;
        assert_true(elf_parse(file.bytes, file.size, &kernel, &why));
        assert_int_equal(kernel.segment_count, count);
        struct elf_segment segment;
        uint32_t cursor = 0;
        uint32_t found = 0;
        while (elf_next_segment(&kernel, &cursor, &segment)) {
            found++;
        }
        assert_int_equal(found, count);
        elf_file_free(&file);
        free(segments);
    }
}

static bool same_half(uint64_t first, uint64_t last)
{
    return first <= last && (last < LOW_END || first >= HIGH);
}

// What everyone behind elf_parse relies on, said a second time.
static void assert_accepted_is_sound(const struct elf_kernel *kernel)
{
    struct elf_segment segment;
    uint32_t cursor = 0;
    uint32_t count = 0;
    uint64_t previous_last = 0;
    bool entry_found = false;
    for (; elf_next_segment(kernel, &cursor, &segment); count++) {
        uint64_t last = segment.virtual_address + (segment.memory_size - 1);
        assert_true(segment.memory_size != 0 && segment.file_size <= segment.memory_size);
        assert_true(same_half(segment.virtual_address, last));
        assert_true(segment.virtual_address >= 0x1000);
        assert_true(count == 0 || segment.virtual_address > previous_last);
        if (segment.file_size != 0) {
            assert_true(segment.file_offset <= kernel->file_size);
            assert_true(segment.file_size <= kernel->file_size - segment.file_offset);
        }
        assert_true((segment.flags & 3) != 3);
        entry_found |= (segment.flags & ELF_PF_X) != 0 &&
                       kernel->entry >= segment.virtual_address &&
                       kernel->entry - segment.virtual_address < segment.file_size;
        previous_last = last;
    }
    assert_int_equal(count, kernel->segment_count);
    assert_true(count > 0 && entry_found);
}

static void survives_random_damage(void **state)
{
    (void)state;
    uint64_t seed = 21;
    unsigned accepted = 0;
    struct elf_file good = ordinary_kernel();
    struct elf_file file = ordinary_kernel();
    for (unsigned round = 0; round < 100000; round++) {
        memcpy(file.bytes, good.bytes, TABLE + SEGMENTS * 56);
        for (uint64_t changes = 1 + random_below(&seed, 3); changes > 0; changes--) {
            uint64_t place = random_below(&seed, TABLE + SEGMENTS * 56);
            if (random_chance(&seed, 2)) {
                file.bytes[place] ^= (uint8_t)(1u << random_below(&seed, 8));
            } else {
                file.bytes[place] = random_chance(&seed, 2) ? 0xFF : 0;
            }
        }
        struct elf_kernel kernel;
        struct message why = {.text = ""};
        if (elf_parse(file.bytes, file.size, &kernel, &why)) {
            assert_accepted_is_sound(&kernel);
            accepted++;
        } else {
            assert_true(why.length > 0 && why.length < MESSAGE_CAPACITY - 1);
        }
    }
    assert_true(accepted > 100); // p_paddr and the section fields do not matter
    elf_file_free(&file);
    elf_file_free(&good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_an_ordinary_kernel),
        cmocka_unit_test(accepts_any_alignment_of_the_file),
        cmocka_unit_test(accepts_what_is_allowed),
        cmocka_unit_test(skips_empty_segments),
        cmocka_unit_test(accepts_the_edges_of_the_address_space),
        cmocka_unit_test(accepts_shared_pages_without_w_and_x),
        cmocka_unit_test(many_segments_in_linear_time),
        cmocka_unit_test(survives_random_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
