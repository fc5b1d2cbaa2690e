// Unit tests of what the kernel item holds beside its segments: boot request, relocations,
// thread-local storage, RELRO.
#include "kernel_case.h"
#include "kernel_notes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void keeps_the_request_behind_the_program_headers(void **state)
{
    struct kernel_case test;

    (void)state;
    kernel_begin(&test, BASE, CODE_BYTES);
    test.note_offset = 1;
    test.note.request.stack_size = 0x30000;
    kernel_build(&test);
    pack_kernel(&test);
    const struct elf64_program_header header = packed_header(&test, ELF_PT_NOTE);
    assert_int_equal(test.checked.elf.program_header_count, 2);
    assert_int_equal(header.p_offset, 64 + 2 * 56);
    assert_int_equal(header.p_vaddr, 0);
    assert_int_equal(header.p_align, 4);
    assert_int_equal(header.p_filesz, sizeof(test.note));
    assert_memory_equal(test.packed.bytes + header.p_offset, &test.note, sizeof(test.note));
    assert_int_equal(test.checked.request.stack_size, 0x30000);
    kernel_end(&test);
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
        kernel_begin(&test, BASE, CODE_BYTES);
        test.position_independent = true;
        add_header(&test, (struct elf64_program_header){ELF_PT_LOAD, ELF_PF_R | ELF_PF_W, 0x2000,
                                                        BASE + 0x2000, 0, 0x1000, 0x1000, 0x1000});
        add_header(&test, (struct elf64_program_header){ELF_PT_LOAD, ELF_PF_R | ELF_PF_W, 0x3000,
                                                        BASE + 0x3000, 0, 0x1000, 0x1000, 0x1000});
        const uint64_t place = apart != 0 ? 0x3100 : 0x2100;
        add_header(&test, (struct elf64_program_header){ELF_PT_DYNAMIC, ELF_PF_R | ELF_PF_W, place,
                                                        BASE + place, 0, sizeof(dynamic),
                                                        sizeof(dynamic), 8});
        kernel_build(&test);
        memset(test.file + 0x2000, 0, 0x2000);
        memcpy(test.file + 0x2010, relocation, sizeof(relocation));
        memcpy(test.file + place, dynamic, sizeof(dynamic));
        pack_kernel(&test);
        const struct elf64_program_header header = packed_header(&test, ELF_PT_DYNAMIC);
        assert_int_equal(header.p_vaddr, BASE + place);
        assert_int_equal(header.p_filesz, sizeof(dynamic));
        assert_memory_equal(test.packed.bytes + header.p_offset, dynamic, sizeof(dynamic));
        // The segment of the table stays whole, that of the dynamic section alone up to its end.
        assert_int_equal(test.packed.size, apart != 0 ? 0x3000 + 0x100 + sizeof(dynamic) : 0x3000);
        kernel_end(&test);
    }
}

static void keeps_thread_local_storage_and_relro(void **state)
{
    struct kernel_case test;

    (void)state;
    kernel_begin(&test, BASE, CODE_BYTES);
    add_header(&test, (struct elf64_program_header){ELF_PT_LOAD, ELF_PF_R | ELF_PF_W, 0x2000,
                                                    BASE + 0x2000, 0, 0x2000, 0x3000, 0x1000});
    add_header(&test, (struct elf64_program_header){ELF_PT_TLS, ELF_PF_R, 0x3010, BASE + 0x3010, 0,
                                                    0x20, 0x60, 32});
    add_header(&test, (struct elf64_program_header){ELF_PT_GNU_RELRO, ELF_PF_R, 0x2000,
                                                    BASE + 0x2000, 0, 0x1000, 0x1000, 1});
    // Of a kernel that is not position-independent, nobody reads it.
    add_header(&test, (struct elf64_program_header){ELF_PT_DYNAMIC, ELF_PF_R, 0x2000, BASE + 0x2000,
                                                    0, 0x100, 0x100, 8});
    kernel_build(&test);
    memset(test.file + 0x3000, 0, 0x1000);
    pack_kernel(&test);
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
    kernel_end(&test);
}

// Linkers place .tbss alone where it takes no memory, behind or between the segments.
static void keeps_thread_local_storage_that_is_in_no_segment(void **state)
{
    struct kernel_case test;

    (void)state;
    kernel_begin(&test, BASE, CODE_BYTES);
    add_header(&test, (struct elf64_program_header){ELF_PT_TLS, ELF_PF_R, 0x9000, BASE + 0x9010, 0,
                                                    0, 0x60, 32});
    kernel_build(&test);
    pack_kernel(&test);
    const struct elf64_program_header tls = packed_header(&test, ELF_PT_TLS);
    assert_int_equal(tls.p_offset, 0);
    assert_int_equal(tls.p_filesz, 0);
    assert_int_equal(test.checked.elf.tls_address, BASE + 0x9010);
    assert_int_equal(test.checked.elf.tls_file_size, 0);
    assert_int_equal(test.checked.elf.tls_memory_size, 0x60);
    assert_int_equal(test.checked.elf.tls_alignment, 32);
    kernel_end(&test);
}

// RELRO over a segment whose zeros are left out.
static void cuts_relro_in_the_file(void **state)
{
    struct kernel_case test;

    (void)state;
    kernel_begin(&test, BASE, CODE_BYTES);
    add_header(&test, (struct elf64_program_header){ELF_PT_LOAD, ELF_PF_R | ELF_PF_W, 0x2000,
                                                    BASE + 0x2000, 0, 0x2000, 0x3000, 0x1000});
    add_header(&test, (struct elf64_program_header){ELF_PT_GNU_RELRO, ELF_PF_R, 0x2000,
                                                    BASE + 0x2000, 0, 0x2000, 0x2000, 1});
    kernel_build(&test);
    memset(test.file + 0x2064, 0, 0x2000 - 0x64);
    pack_kernel(&test);
    assert_int_equal(packed_header(&test, ELF_PT_GNU_RELRO).p_filesz, 0x64);
    assert_int_equal(packed_header(&test, ELF_PT_GNU_RELRO).p_memsz, 0x2000);
    assert_int_equal(test.checked.elf.relro_end, BASE + 0x4000);
    assert_int_equal(test.packed.size, 0x2064);
    kernel_end(&test);
}

// ---- What is refused ----------------------------------------------------------------------

static void refuses_what_stage2_would(void **state)
{
    struct kernel_case test;

    (void)state;
    kernel_begin(&test, BASE, CODE_BYTES);
    test.note_offset = 1;
    test.note.request.stack_size = 100;
    kernel_build(&test);
    check_kernel_refused(&test, "stack_size");

    kernel_begin(&test, BASE, CODE_BYTES);
    test.note_offset = 1;
    test.note.request.direct_map = BASE & ~(BOOT_REQUEST_DIRECT_MAP_UNIT - 1);
    kernel_build(&test);
    check_kernel_refused(&test, "direct map");

    kernel_begin(&test, BASE, CODE_BYTES);
    test.note_offset = 1;
    test.note.type = 7;
    kernel_build(&test);
    check_kernel_refused(&test, "boot request");

    kernel_begin(&test, BASE, CODE_BYTES);
    add_header(&test, (struct elf64_program_header){ELF_PT_TLS, ELF_PF_R, 0x1000, BASE + 0x10000, 0,
                                                    8, 8, 8});
    kernel_build(&test);
    check_kernel_refused(&test, "TLS");
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
    kernel_begin(&test, BASE, CODE_BYTES);
    add_header(&test, (struct elf64_program_header){ELF_PT_NOTE, ELF_PF_R, 0x2000, 0, 0,
                                                    sizeof(other) + sizeof(test.note),
                                                    sizeof(other) + sizeof(test.note), 4});
    kernel_build(&test);
    memcpy(test.file + 0x2000, other, sizeof(other));
    memcpy(test.file + 0x2000 + sizeof(other), &test.note, sizeof(test.note));
    assert_true(elf_parse(test.file, test.size, &kernel, &why));
    assert_true(kernel_note_find(&kernel, &offset, &bytes));
    assert_int_equal(offset, 0x2000 + sizeof(other));
    assert_int_equal(bytes, sizeof(test.note));
    pack_kernel(&test); // the other note is left out
    assert_int_equal(packed_header(&test, ELF_PT_NOTE).p_filesz, sizeof(test.note));
    kernel_end(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_request_behind_the_program_headers),
        cmocka_unit_test(keeps_what_relocations_are_read_from),
        cmocka_unit_test(keeps_thread_local_storage_and_relro),
        cmocka_unit_test(keeps_thread_local_storage_that_is_in_no_segment),
        cmocka_unit_test(cuts_relro_in_the_file),
        cmocka_unit_test(refuses_what_stage2_would),
        cmocka_unit_test(finds_the_note_among_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
