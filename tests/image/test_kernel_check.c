// Unit tests of what the kernel item holds beside its segments (note, relocations, thread-local
// storage, RELRO), and of the place in memory that is worked out for it.
#include "firstlight/boot_request.h"
#include "image_format.h"
#include "kernel_check.h"
#include "kernel_notes.h"
#include "kernel_pack.h"
#include "test_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BASE        0xFFFFFFFF80000000u
#define MIB         0x100000ull
#define GIB         0x40000000ull
#define CODE_BYTES  64u
#define ET_DYN_BYTE 3

// A kernel whose first segment is code at `base`; the note lies in the file at note_offset.
struct kernel_case {
    struct elf_spec spec;
    struct boot_request_note note;
    uint64_t note_offset; // 0: no note
    bool position_independent;
    uint8_t *file;
    uint64_t size;
    struct packed_kernel packed;
    struct checked_kernel checked; // of the packed one
};

static void begin(struct kernel_case *test, uint64_t base, uint64_t code_bytes)
{
    memset(test, 0, sizeof(*test));
    test->spec = (struct elf_spec){
        .entry = base,
        .count = 1,
        .segments = {{ELF_PT_LOAD, ELF_PF_R | ELF_PF_X, 0x1000 + base % 0x1000, base, 0, code_bytes,
                      code_bytes, 0x1000}},
    };
    test->note = (struct boot_request_note){
        .name_size = sizeof(BOOT_REQUEST_NOTE_NAME),
        .descriptor_size = sizeof(struct boot_request),
        .type = BOOT_REQUEST_NOTE_TYPE,
        .name = BOOT_REQUEST_NOTE_NAME,
        .request = {.version = BOOT_REQUEST_VERSION, .size = sizeof(struct boot_request)},
    };
}

static void add_header(struct kernel_case *test, struct elf64_program_header header)
{
    assert_true(test->spec.count < ELF_SPEC_SEGMENTS);
    test->spec.segments[test->spec.count++] = header;
}

// The note goes behind all segments.
static void build(struct kernel_case *test)
{
    uint64_t end = 0;

    for (uint32_t i = 0; i < test->spec.count; i++) {
        const uint64_t last = test->spec.segments[i].p_offset + test->spec.segments[i].p_filesz;
        end = last > end ? last : end;
    }
    if (test->note_offset != 0) {
        test->note_offset = (end + 7) / 8 * 8;
        add_header(test,
                   (struct elf64_program_header){ELF_PT_NOTE, ELF_PF_R, test->note_offset, 0, 0,
                                                 sizeof(test->note), sizeof(test->note), 4});
    }
    test->file = elf_build(&test->spec, 1, &test->size);
    if (test->position_independent) {
        test->file[offsetof(struct elf64_header, e_type)] = ET_DYN_BYTE;
    }
    if (test->note_offset != 0) {
        memcpy(test->file + test->note_offset, &test->note, sizeof(test->note));
    }
}

static bool pack(struct kernel_case *test, struct message *why)
{
    struct elf_kernel source;

    return elf_parse(test->file, test->size, &source, why) &&
           kernel_pack(&source, &test->packed, why);
}

static void pack_good(struct kernel_case *test)
{
    struct message why;

    if (!pack(test, &why) || !kernel_check(test->packed.bytes, test->packed.size,
                                           test->packed.memory_alignment, &test->checked, &why)) {
        fail_msg("refused: %s", why.text);
    }
    assert_int_equal(test->packed.memory_alignment, test->checked.memory_alignment);
    assert_int_equal(test->packed.memory_phase, test->checked.memory_phase);
    assert_int_equal(test->packed.item_flags, test->checked.item_flags);
}

static void end(struct kernel_case *test)
{
    free(test->file);
    packed_kernel_free(&test->packed);
}

static void check_refused(struct kernel_case *test, const char *part_of_message)
{
    struct message why = {.length = 0};

    assert_false(pack(test, &why));
    if (strstr(why.text, part_of_message) == NULL) {
        fail_msg("'%s' is not about '%s'", why.text, part_of_message);
    }
    assert_null(test->packed.bytes);
    end(test);
}

// The program header of a type in the packed file; fails the test when there is none, or two.
static struct elf64_program_header packed_header(const struct kernel_case *test, uint32_t type)
{
    struct elf64_program_header found = {.p_type = 0};
    uint32_t count = 0;

    for (uint32_t i = 0; i < test->checked.elf.program_header_count; i++) {
        struct elf64_program_header header;
        elf_program_header(&test->checked.elf, i, &header);
        if (header.p_type == type) {
            found = header;
            count++;
        }
    }
    assert_int_equal(count, 1);
    return found;
}

// ---- The place in memory ------------------------------------------------------------------

// What holds wherever the wish is granted: kernel_physical_base is a multiple of `demanded`, and
// addresses are congruent modulo `pages`.
static void check_place(const struct kernel_case *test, uint64_t alignment, uint64_t demanded,
                        uint64_t pages)
{
    const struct checked_kernel *checked = &test->checked;

    assert_int_equal(checked->memory_alignment, alignment);
    for (uint64_t i = 1; i < 4; i++) {
        const uint64_t base = i * alignment + checked->memory_phase + checked->layout.base_offset;
        assert_int_equal(base % demanded, 0);
        assert_int_equal((base - checked->elf.virtual_base) % pages, 0);
    }
}

static void place(uint64_t base, uint64_t code_bytes, uint64_t demanded, uint64_t alignment,
                  uint64_t pages)
{
    struct kernel_case test;

    begin(&test, base, code_bytes);
    test.note_offset = 1;
    test.note.request.physical_alignment = demanded;
    build(&test);
    pack_good(&test);
    check_place(&test, alignment, demanded, pages);
    assert_int_equal(test.packed.item_flags, IMAGE_ITEM_ALIGNMENT_REQUIRED);
    end(&test);
}

static void grants_physical_alignment_and_large_pages(void **state)
{
    (void)state;
    place(BASE, CODE_BYTES, 0x2000, 0x2000, TEST_PAGE);
    place(BASE, CODE_BYTES, GIB, GIB, TEST_PAGE);
    place(BASE, 5 * MIB, 0x10000, 2 * MIB, 2 * MIB); // both
    place(BASE, 5 * MIB, 8 * MIB, 8 * MIB, 2 * MIB);
    place(BASE + 0x10000, 5 * MIB, 0x10000, 2 * MIB, 2 * MIB);
    place(BASE + 0x3000, 5 * MIB, 0x10000, 2 * MIB, 0x1000); // the demand wins
    place(BASE + 0x3000, 5 * MIB, 4 * MIB, 4 * MIB, 0x1000);
}

static void asks_for_no_more_than_the_kernel(void **state)
{
    struct kernel_case test;

    (void)state;
    begin(&test, BASE, CODE_BYTES);
    build(&test);
    pack_good(&test);
    check_place(&test, TEST_PAGE, TEST_PAGE, TEST_PAGE);
    assert_int_equal(test.packed.item_flags, 0);
    assert_int_equal(test.checked.request.stack_size, 0x10000);
    end(&test);

    begin(&test, BASE, CODE_BYTES);
    test.note_offset = 1;
    test.note.request.flags = BOOT_REQUEST_AVOID_ISA_HOLE;
    test.note.request.physical_alignment = TEST_PAGE;
    build(&test);
    pack_good(&test);
    assert_int_equal(test.packed.item_flags, IMAGE_ITEM_AVOID_ISA_HOLE);
    end(&test);
}

static void slides_by_the_alignment_it_was_linked_with(void **state)
{
    struct kernel_case test;

    (void)state;
    begin(&test, 0x1000, CODE_BYTES);
    test.position_independent = true;
    build(&test);
    pack_good(&test);
    assert_int_equal(test.packed.memory_alignment, TEST_PAGE);
    end(&test);

    begin(&test, 0x1000, CODE_BYTES);
    test.position_independent = true;
    test.spec.segments[0].p_align = 2 * MIB;
    build(&test);
    pack_good(&test);
    assert_int_equal(test.packed.memory_alignment, 2 * MIB);
    assert_int_equal(test.checked.room.step, 2 * MIB);
    end(&test);

    // Of a kernel that does not move, p_align says nothing that matters.
    begin(&test, 0x1000, CODE_BYTES);
    test.spec.segments[0].p_align = GIB;
    build(&test);
    pack_good(&test);
    assert_int_equal(test.packed.memory_alignment, TEST_PAGE);
    end(&test);
}

// ---- What is kept -------------------------------------------------------------------------

static void keeps_the_request_behind_the_program_headers(void **state)
{
    struct kernel_case test;

    (void)state;
    begin(&test, BASE, CODE_BYTES);
    test.note_offset = 1;
    test.note.request.stack_size = 0x30000;
    build(&test);
    pack_good(&test);
    const struct elf64_program_header header = packed_header(&test, ELF_PT_NOTE);
    assert_int_equal(test.checked.elf.program_header_count, 2);
    assert_int_equal(header.p_offset, 64 + 2 * 56);
    assert_int_equal(header.p_vaddr, 0);
    assert_int_equal(header.p_align, 4);
    assert_int_equal(header.p_filesz, sizeof(test.note));
    assert_memory_equal(test.packed.bytes + header.p_offset, &test.note, sizeof(test.note));
    assert_int_equal(test.checked.request.stack_size, 0x30000);
    end(&test);
}

// The dynamic section ends with zeros, and so may symbols and relocations: they are looked up in
// the file. What lies behind them may go.
static void keeps_what_relocations_are_read_from(void **state)
{
    static const struct {
        uint64_t tag, value;
    } dynamic[] = {{7, BASE + 0x2010}, {8, 24}, {9, 24}, {0, 0}};
    static const uint64_t relocation[3] = {BASE + 0x2800, 8, BASE}; // R_X86_64_RELATIVE
    struct kernel_case test;

    (void)state;
    for (int apart = 0; apart < 2; apart++) {
        begin(&test, BASE, CODE_BYTES);
        test.position_independent = true;
        add_header(&test, (struct elf64_program_header){ELF_PT_LOAD, ELF_PF_R | ELF_PF_W, 0x2000,
                                                        BASE + 0x2000, 0, 0x1000, 0x1000, 0x1000});
        add_header(&test, (struct elf64_program_header){ELF_PT_LOAD, ELF_PF_R | ELF_PF_W, 0x3000,
                                                        BASE + 0x3000, 0, 0x1000, 0x1000, 0x1000});
        const uint64_t place = apart != 0 ? 0x3100 : 0x2100;
        add_header(&test, (struct elf64_program_header){ELF_PT_DYNAMIC, ELF_PF_R | ELF_PF_W, place,
                                                        BASE + place, 0, sizeof(dynamic),
                                                        sizeof(dynamic), 8});
        build(&test);
        memset(test.file + 0x2000, 0, 0x2000);
        memcpy(test.file + 0x2010, relocation, sizeof(relocation));
        memcpy(test.file + place, dynamic, sizeof(dynamic));
        pack_good(&test);
        const struct elf64_program_header header = packed_header(&test, ELF_PT_DYNAMIC);
        assert_int_equal(header.p_vaddr, BASE + place);
        assert_int_equal(header.p_filesz, sizeof(dynamic));
        assert_memory_equal(test.packed.bytes + header.p_offset, dynamic, sizeof(dynamic));
        // The segment of the table stays whole, that of the dynamic section alone up to its end.
        assert_int_equal(test.packed.size, apart != 0 ? 0x3000 + 0x100 + sizeof(dynamic) : 0x3000);
        end(&test);
    }
}

static void keeps_thread_local_storage_and_relro(void **state)
{
    struct kernel_case test;

    (void)state;
    begin(&test, BASE, CODE_BYTES);
    add_header(&test, (struct elf64_program_header){ELF_PT_LOAD, ELF_PF_R | ELF_PF_W, 0x2000,
                                                    BASE + 0x2000, 0, 0x2000, 0x3000, 0x1000});
    add_header(&test, (struct elf64_program_header){ELF_PT_TLS, ELF_PF_R, 0x3010, BASE + 0x3010, 0,
                                                    0x20, 0x60, 32});
    add_header(&test, (struct elf64_program_header){ELF_PT_GNU_RELRO, ELF_PF_R, 0x2000,
                                                    BASE + 0x2000, 0, 0x1000, 0x1000, 1});
    // Of a kernel that is not position-independent, nobody reads it.
    add_header(&test, (struct elf64_program_header){ELF_PT_DYNAMIC, ELF_PF_R, 0x2000, BASE + 0x2000,
                                                    0, 0x100, 0x100, 8});
    build(&test);
    memset(test.file + 0x3000, 0, 0x1000);
    pack_good(&test);
    assert_int_equal(test.checked.elf.program_header_count, 4);
    const struct elf64_program_header tls = packed_header(&test, ELF_PT_TLS);
    assert_int_equal(tls.p_offset, 0x3010); // headers, code, data
    assert_int_equal(tls.p_align, 32);
    assert_int_equal(test.checked.elf.tls_address, BASE + 0x3010);
    assert_int_equal(test.checked.elf.tls_file_size, 0x20);
    assert_int_equal(test.checked.elf.tls_memory_size, 0x60);
    assert_int_equal(test.packed.size, 0x3030);
    const struct elf64_program_header relro = packed_header(&test, ELF_PT_GNU_RELRO);
    assert_int_equal(relro.p_offset, 0x2000);
    assert_int_equal(test.checked.elf.relro_start, BASE + 0x2000);
    assert_int_equal(test.checked.elf.relro_end, BASE + 0x3000);
    end(&test);
}

// RELRO over a segment whose zeros are left out.
static void cuts_relro_in_the_file(void **state)
{
    struct kernel_case test;

    (void)state;
    begin(&test, BASE, CODE_BYTES);
    add_header(&test, (struct elf64_program_header){ELF_PT_LOAD, ELF_PF_R | ELF_PF_W, 0x2000,
                                                    BASE + 0x2000, 0, 0x2000, 0x3000, 0x1000});
    add_header(&test, (struct elf64_program_header){ELF_PT_GNU_RELRO, ELF_PF_R, 0x2000,
                                                    BASE + 0x2000, 0, 0x2000, 0x2000, 1});
    build(&test);
    memset(test.file + 0x2064, 0, 0x2000 - 0x64);
    pack_good(&test);
    assert_int_equal(packed_header(&test, ELF_PT_GNU_RELRO).p_filesz, 0x64);
    assert_int_equal(packed_header(&test, ELF_PT_GNU_RELRO).p_memsz, 0x2000);
    assert_int_equal(test.checked.elf.relro_end, BASE + 0x4000);
    assert_int_equal(test.packed.size, 0x2064);
    end(&test);
}

// ---- What is refused ----------------------------------------------------------------------

static void refuses_what_stage2_would(void **state)
{
    struct kernel_case test;

    (void)state;
    begin(&test, BASE, CODE_BYTES);
    test.note_offset = 1;
    test.note.request.stack_size = 100;
    build(&test);
    check_refused(&test, "stack_size");

    begin(&test, BASE, CODE_BYTES);
    test.note_offset = 1;
    test.note.request.direct_map = BASE & ~(BOOT_REQUEST_DIRECT_MAP_UNIT - 1);
    build(&test);
    check_refused(&test, "direct map");

    begin(&test, BASE, CODE_BYTES);
    test.note_offset = 1;
    test.note.type = 7;
    build(&test);
    check_refused(&test, "boot request");

    begin(&test, BASE, CODE_BYTES);
    add_header(&test, (struct elf64_program_header){ELF_PT_TLS, ELF_PF_R, 0x1000, BASE + 0x10000, 0,
                                                    8, 8, 8});
    build(&test);
    check_refused(&test, "TLS");
}

static void finds_the_note_among_others(void **state)
{
    static const uint8_t other[] = {4, 0, 0,   0,   3,   0, 0, 0, 1, 0,
                                    0, 0, 'G', 'N', 'U', 0, 1, 2, 3, 0};
    struct kernel_case test;
    struct elf_kernel kernel;
    struct message why;
    uint64_t offset;
    uint64_t bytes;

    (void)state;
    begin(&test, BASE, CODE_BYTES);
    add_header(&test, (struct elf64_program_header){ELF_PT_NOTE, ELF_PF_R, 0x2000, 0, 0,
                                                    sizeof(other) + sizeof(test.note),
                                                    sizeof(other) + sizeof(test.note), 4});
    build(&test);
    memcpy(test.file + 0x2000, other, sizeof(other));
    memcpy(test.file + 0x2000 + sizeof(other), &test.note, sizeof(test.note));
    assert_true(elf_parse(test.file, test.size, &kernel, &why));
    assert_true(kernel_note_find(&kernel, &offset, &bytes));
    assert_int_equal(offset, 0x2000 + sizeof(other));
    assert_int_equal(bytes, sizeof(test.note));
    pack_good(&test); // the other note is left out
    assert_int_equal(packed_header(&test, ELF_PT_NOTE).p_filesz, sizeof(test.note));
    end(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grants_physical_alignment_and_large_pages),
        cmocka_unit_test(asks_for_no_more_than_the_kernel),
        cmocka_unit_test(slides_by_the_alignment_it_was_linked_with),
        cmocka_unit_test(keeps_the_request_behind_the_program_headers),
        cmocka_unit_test(keeps_what_relocations_are_read_from),
        cmocka_unit_test(keeps_thread_local_storage_and_relro),
        cmocka_unit_test(cuts_relro_in_the_file),
        cmocka_unit_test(refuses_what_stage2_would),
        cmocka_unit_test(finds_the_note_among_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
