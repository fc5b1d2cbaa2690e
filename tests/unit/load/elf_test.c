// Unit tests of bootloader/load/elf.c: what is accepted, and a refusal for each wrong field.
#include "elf.h"
#include "elf_builder.h"
#include "unit.h"

#define R  ELF_PF_R
#define RX (ELF_PF_R | ELF_PF_X)
#define RW (ELF_PF_R | ELF_PF_W)

#define BASE      0xFFFFFFFF80000000u
#define FILE_SIZE 0x3800u
#define TABLE     64u
#define LOW_END   0x0000800000000000u
#define HIGH      0xFFFF800000000000u

enum { CODE, CONSTANTS, DATA, SEGMENTS };

// Code, constants, data with .bss: what a linker makes of an ordinary kernel.
static struct elf_file ordinary_kernel(void)
{
    const struct elf64_program_header segments[SEGMENTS] = {
        loadable(RX, BASE + 0x1000, 0x1000, 0x1234, 0x1234),
        loadable(R, BASE + 0x3000, 0x3000, 0x500, 0x500),
        loadable(RW, BASE + 0x4600, 0x3600, 0x200, 0x4000),
    };
    return elf_file_make(segments, SEGMENTS, TABLE, FILE_SIZE, BASE + 0x1010);
}

static bool parses(const struct elf_file *file)
{
    struct elf_kernel kernel;
    struct message why = {.text = ""};
    bool accepted = elf_parse(file->bytes, file->size, &kernel, &why);
    if (!accepted) {
        print_message("%s\n", why.text);
    }
    return accepted;
}

static void assert_refused(const struct elf_file *file, const char *words)
{
    struct elf_kernel kernel;
    struct message why = {.text = ""};
    assert_false(elf_parse(file->bytes, file->size, &kernel, &why));
    assert_message_has(why.text, words);
    assert_true(why.length < MESSAGE_CAPACITY - 1); // not cut short
}

// Makes one change to the ordinary kernel and expects a refusal with the words.
#define ASSERT_REFUSED(change, words)                                                              \
    do {                                                                                           \
        struct elf_file file = ordinary_kernel();                                                  \
        struct elf64_header *header = elf_file_header(&file);                                      \
        struct elf64_program_header *segment = elf_file_segment(&file, 0);                         \
        (void)header;                                                                              \
        (void)segment;                                                                             \
        change;                                                                                    \
        assert_refused(&file, words);                                                              \
        elf_file_free(&file);                                                                      \
    } while (0)

#define ASSERT_ACCEPTED(change)                                                                    \
    do {                                                                                           \
        struct elf_file file = ordinary_kernel();                                                  \
        struct elf64_header *header = elf_file_header(&file);                                      \
        struct elf64_program_header *segment = elf_file_segment(&file, 0);                         \
        (void)header;                                                                              \
        (void)segment;                                                                             \
        change;                                                                                    \
        assert_true(parses(&file));                                                                \
        elf_file_free(&file);                                                                      \
    } while (0)

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

// ---- Refused: the header ------------------------------------------------------------------

static void refuses_what_is_no_elf(void **state)
{
    (void)state;
    ASSERT_REFUSED(header->e_ident[0] = 0, "not an ELF file");
    ASSERT_REFUSED(header->e_ident[3] = 'f', "not an ELF file");
    struct elf_file file = ordinary_kernel();
    for (uint64_t size = 0; size < sizeof(struct elf64_header); size++) {
        uint8_t *cut = allocate(size + 1); // ASan sees a read of the last byte and beyond
        memcpy(cut + 1, file.bytes, size);
        struct elf_kernel kernel;
        struct message why;
        assert_false(elf_parse(cut + 1, size, &kernel, &why));
        assert_message_has(why.text, size < 4 ? "not an ELF file" : "ends within its ELF header");
        free(cut);
    }
    elf_file_free(&file);
}

static void refuses_a_wrong_identification(void **state)
{
    (void)state;
    ASSERT_REFUSED(header->e_ident[ELF_EI_CLASS] = ELF_CLASS_32, "32-bit ELF file");
    ASSERT_REFUSED(header->e_ident[ELF_EI_CLASS] = 3, "EI_CLASS 3 instead of 2");
    ASSERT_REFUSED(header->e_ident[ELF_EI_DATA] = ELF_DATA_BIG_ENDIAN, "big-endian");
    ASSERT_REFUSED(header->e_ident[ELF_EI_DATA] = 0, "EI_DATA 0 instead of 1");
    ASSERT_REFUSED(header->e_ident[ELF_EI_VERSION] = 0, "EI_VERSION 0 instead of 1");
    ASSERT_REFUSED(header->e_version = 2, "e_version 2 instead of 1");
    for (unsigned abi = 0; abi < 256; abi++) {
        if (abi != 0 && abi != 3 && abi != 255) {
            ASSERT_REFUSED(header->e_ident[ELF_EI_OSABI] = (uint8_t)abi, "OS ABI");
        }
    }
}

static void refuses_wrong_types_and_machines(void **state)
{
    (void)state;
    ASSERT_REFUSED(header->e_machine = 183, "ELF machine 183, not for x86-64");
    ASSERT_REFUSED(header->e_machine = 3, "ELF machine 3, not for x86-64");
    ASSERT_REFUSED(header->e_type = ELF_ET_REL, "not yet linked");
    ASSERT_REFUSED(header->e_type = ELF_ET_DYN, "-no-pie");
    ASSERT_REFUSED(header->e_type = ELF_ET_CORE, "core dump");
    ASSERT_REFUSED(header->e_type = 0, "e_type 0 instead of 2");
    ASSERT_REFUSED(header->e_type = 0xFE00, "e_type 65024");
}

static void refuses_wrong_program_header_tables(void **state)
{
    (void)state;
    ASSERT_REFUSED(header->e_ehsize = 52, "e_ehsize 52 instead of 64");
    ASSERT_REFUSED(header->e_phentsize = 57, "e_phentsize 57 instead of 56");
    ASSERT_REFUSED(header->e_phentsize = 0, "e_phentsize 0");
    ASSERT_REFUSED(header->e_phnum = ELF_PN_XNUM, "more than 65534 program headers");
    ASSERT_REFUSED(header->e_phnum = 0, "no loadable segment");
    ASSERT_REFUSED((header->e_phnum = 0, header->e_phentsize = 0), "no loadable segment");
    ASSERT_REFUSED(header->e_phnum = 1000, "1000 program headers at byte 64 pass the end");
    ASSERT_REFUSED(header->e_phoff = FILE_SIZE - 3 * 56 + 1, "pass the end");
    ASSERT_REFUSED(header->e_phoff = FILE_SIZE + 1, "pass the end");
    ASSERT_REFUSED(header->e_phoff = UINT64_MAX, "pass the end");
    ASSERT_REFUSED(header->e_phoff = UINT64_MAX - 3ull * 56 + 1, "pass the end");
    ASSERT_REFUSED(segment[1].p_type = ELF_PT_INTERP, "PT_INTERP in program header 1");
    ASSERT_REFUSED((segment[0].p_type = 4, segment[1].p_type = 4, segment[2].p_type = 4),
                   "no loadable segment");
}

static void refuses_wrong_entries(void **state)
{
    (void)state;
    ASSERT_REFUSED(header->e_entry = 0, "entry point 0x0 is not");
    ASSERT_REFUSED(header->e_entry = BASE + 0xFFF, "entry point 0xffffffff80000fff");
    ASSERT_REFUSED(header->e_entry = BASE + 0x2234, "entry point");
    ASSERT_REFUSED(header->e_entry = BASE + 0x3000, "entry point"); // constants
    ASSERT_REFUSED(header->e_entry = BASE + 0x4600, "entry point"); // data
    // In memory only: zeros, not code.
    ASSERT_REFUSED((segment[0].p_filesz = 0x10, header->e_entry = BASE + 0x1010), "entry point");
    ASSERT_REFUSED(segment[0].p_filesz = 0, "entry point");
}

// ---- Refused: segments --------------------------------------------------------------------

static void refuses_wrong_permissions(void **state)
{
    (void)state;
    ASSERT_REFUSED(segment[0].p_flags = 7, "kernel segment 0 is both writable and executable");
    ASSERT_REFUSED(segment[2].p_flags = 3, "kernel segment 2 is both writable and executable");
    ASSERT_REFUSED(segment[2].p_flags = 7, "-z separate-code");
    ASSERT_REFUSED(segment[2].p_flags = 7, "-N/--omagic");
    ASSERT_REFUSED(segment[1].p_flags = 0, "kernel segment 1 allows no access");
    // Data moved into the last page of code.
    ASSERT_REFUSED((segment[1].p_type = 0, segment[2].p_vaddr = BASE + 0x2600),
                   "kernel segment 2 makes a page it shares");
    // W and X from two segments with a third between them in the page.
    ASSERT_REFUSED((segment[1].p_vaddr = BASE + 0x2400, segment[1].p_filesz = 0x100,
                    segment[1].p_memsz = 0x100, segment[1].p_align = 1,
                    segment[2].p_vaddr = BASE + 0x2600),
                   "kernel segment 2 makes a page it shares");
}

static void refuses_wrong_sizes(void **state)
{
    (void)state;
    ASSERT_REFUSED(segment[1].p_filesz = 0x501, "kernel segment 1 is larger in the file");
    ASSERT_REFUSED(segment[1].p_memsz = 0, "kernel segment 1 is larger in the file");
    ASSERT_REFUSED((segment[2].p_filesz = 0x201), "kernel segment 2 passes the end of the file");
    ASSERT_REFUSED(segment[2].p_offset = 0x4600, "kernel segment 2 passes the end of the file");
    ASSERT_REFUSED((segment[2].p_offset = 0x3FFFFFFFFFFFF600u), "passes the end of the file");
    ASSERT_REFUSED((segment[2].p_offset = 0xFFFFFFFFFFFFFF00u, segment[2].p_align = 1),
                   "passes the end of the file");
    ASSERT_REFUSED((segment[2].p_filesz = UINT64_MAX - 0x3600 + 1, segment[2].p_memsz = UINT64_MAX),
                   "passes the end of the file");
}

static void refuses_wrong_alignments(void **state)
{
    (void)state;
    ASSERT_REFUSED(segment[1].p_align = 3, "kernel segment 1 has an alignment");
    ASSERT_REFUSED(segment[1].p_align = 0x1800, "not a power of two");
    ASSERT_REFUSED(segment[1].p_align = UINT64_MAX, "not a power of two");
    ASSERT_REFUSED(segment[0].p_offset = 0x1010, "kernel segment 0 lies at a file offset");
    ASSERT_REFUSED((segment[0].p_align = 0x200000, segment[0].p_offset = 0x2000), "modulo p_align");
    ASSERT_ACCEPTED(segment[0].p_align = 0x200000);
}

static void refuses_wrong_addresses(void **state)
{
    (void)state;
    ASSERT_REFUSED(segment[0].p_vaddr = 0, "kernel segment 0 lies in page 0");
    ASSERT_REFUSED((segment[0].p_vaddr = 0xFFF, segment[0].p_align = 1), "page 0");
    ASSERT_REFUSED(segment[0].p_vaddr = LOW_END, "kernel segment 0 has an address that is not");
    ASSERT_REFUSED(segment[0].p_vaddr = HIGH - 0x1000, "not canonical");
    ASSERT_REFUSED(segment[0].p_vaddr = 0x8000000000001000u, "not canonical");
    ASSERT_REFUSED(segment[0].p_vaddr = LOW_END - 0x1000, "kernel segment 0 crosses the hole");
    ASSERT_REFUSED(segment[2].p_memsz = 0x80000000 - 0x4600 + 1,
                   "kernel segment 2 passes the end of the address space");
    ASSERT_REFUSED(segment[2].p_memsz = UINT64_MAX, "kernel segment 2 passes the end of the addr");
    // Out of the lower half right through the hole into the higher.
    ASSERT_REFUSED((segment[0].p_vaddr = 0x1000, segment[0].p_memsz = HIGH), "crosses the hole");
}

static void refuses_wrong_order(void **state)
{
    (void)state;
    ASSERT_REFUSED(segment[1].p_vaddr = BASE, "kernel segment 1 has a lower address");
    ASSERT_REFUSED((segment[1].p_vaddr = BASE + 0x5000), "kernel segment 2 has a lower address");
    ASSERT_REFUSED((segment[1].p_vaddr = BASE + 0x2000), "kernel segment 1 overlaps");
    ASSERT_REFUSED((segment[1].p_vaddr = BASE + 0x1000), "kernel segment 1 overlaps");
    ASSERT_REFUSED((segment[0].p_memsz = 0x2001), "kernel segment 1 overlaps");
    ASSERT_ACCEPTED((segment[0].p_memsz = 0x2000));
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
        cmocka_unit_test(refuses_what_is_no_elf),
        cmocka_unit_test(refuses_a_wrong_identification),
        cmocka_unit_test(refuses_wrong_types_and_machines),
        cmocka_unit_test(refuses_wrong_program_header_tables),
        cmocka_unit_test(refuses_wrong_entries),
        cmocka_unit_test(refuses_wrong_permissions),
        cmocka_unit_test(refuses_wrong_sizes),
        cmocka_unit_test(refuses_wrong_alignments),
        cmocka_unit_test(refuses_wrong_addresses),
        cmocka_unit_test(refuses_wrong_order),
        cmocka_unit_test(many_segments_in_linear_time),
        cmocka_unit_test(survives_random_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
