// Unit tests of bootloader/load/elf.c: a refusal, with its own message, for each wrong field.
#include "elf_cases.h"

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
    ASSERT_REFUSED(header->e_ident[ELF_EI_CLASS] = ELF_CLASS_32,
                   "EI_CLASS 1 instead of 2: link a 64-bit");
    ASSERT_REFUSED(header->e_ident[ELF_EI_CLASS] = 3, "EI_CLASS 3 instead of 2");
    ASSERT_REFUSED(header->e_ident[ELF_EI_DATA] = ELF_DATA_BIG_ENDIAN,
                   "EI_DATA 2 instead of 1: link a 64-bit little-endian");
    ASSERT_REFUSED(header->e_ident[ELF_EI_DATA] = 0, "EI_DATA 0 instead of 1");
    ASSERT_REFUSED(header->e_ident[ELF_EI_VERSION] = 0, "EI_VERSION 0 instead of 1");
    ASSERT_REFUSED(header->e_version = 2, "e_version 2 instead of 1");
    ASSERT_REFUSED(header->e_flags = 3, "e_flags 3 instead of 0");
    for (unsigned abi = 0; abi < 256; abi++) {
        if (abi != 0 && abi != 3 && abi != 255) {
            ASSERT_REFUSED(header->e_ident[ELF_EI_OSABI] = (uint8_t)abi, " instead of 0");
        }
    }
}

static void refuses_wrong_types_and_machines(void **state)
{
    (void)state;
    ASSERT_REFUSED(header->e_machine = 183,
                   "ELF machine 183 instead of 62: link a 64-bit little-endian x86-64");
    ASSERT_REFUSED(header->e_machine = 3, "ELF machine 3 instead of 62");
    ASSERT_REFUSED(header->e_type = ELF_ET_REL, "e_type 1 instead of 2");
    ASSERT_REFUSED(header->e_type = ELF_ET_CORE, "e_type 4 instead of 2");
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
    ASSERT_REFUSED(header->e_phnum = 1000, "program headers pass the end");
    ASSERT_REFUSED(header->e_phoff = FILE_SIZE - 3 * 56 + 1, "pass the end");
    ASSERT_REFUSED(header->e_phoff = FILE_SIZE + 1, "pass the end");
    ASSERT_REFUSED(header->e_phoff = UINT64_MAX, "pass the end");
    ASSERT_REFUSED(header->e_phoff = UINT64_MAX - 3ull * 56 + 1, "pass the end");
    ASSERT_REFUSED(segment[1].p_type = ELF_PT_INTERP,
                   "kernel segment 1 asks for a dynamic linker (PT_INTERP)");
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
    ASSERT_REFUSED(segment[2].p_flags = 7, "without -N");
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
    ASSERT_REFUSED(segment[1].p_align = 3,
                   "kernel segment 1 has a p_align that is no power of two");
    ASSERT_REFUSED(segment[1].p_align = 0x1800, "no power of two");
    ASSERT_REFUSED(segment[1].p_align = UINT64_MAX, "no power of two");
    ASSERT_REFUSED(segment[0].p_offset = 0x1010,
                   "kernel segment 0 has a p_align that is no power of two, not that of offset");
    ASSERT_REFUSED((segment[0].p_align = 0x200000, segment[0].p_offset = 0x2000),
                   "not that of offset and address");
    ASSERT_ACCEPTED(segment[0].p_align = 0x200000);
}

static void refuses_wrong_addresses(void **state)
{
    (void)state;
    ASSERT_REFUSED(segment[0].p_vaddr = 0, "kernel segment 0 lies in page 0");
    ASSERT_REFUSED((segment[0].p_vaddr = 0xFFF, segment[0].p_align = 1), "page 0");
    ASSERT_REFUSED(segment[0].p_vaddr = LOW_END,
                   "kernel segment 0 is not inside one canonical half");
    ASSERT_REFUSED(segment[0].p_vaddr = HIGH - 0x1000, "not inside one canonical half");
    ASSERT_REFUSED(segment[0].p_vaddr = 0x8000000000001000u, "not inside one canonical half");
    ASSERT_REFUSED(segment[0].p_vaddr = LOW_END - 0x1000,
                   "kernel segment 0 is not inside one canonical half");
    ASSERT_REFUSED(segment[2].p_memsz = 0x80000000 - 0x4600 + 1,
                   "kernel segment 2 is not inside one canonical half");
    ASSERT_REFUSED(segment[2].p_memsz = UINT64_MAX,
                   "kernel segment 2 is not inside one canonical half");
    // Out of the lower half right through the hole into the higher.
    ASSERT_REFUSED((segment[0].p_vaddr = 0x1000, segment[0].p_memsz = HIGH),
                   "not inside one canonical half");
}

static void refuses_wrong_order(void **state)
{
    (void)state;
    ASSERT_REFUSED(segment[1].p_vaddr = BASE,
                   "kernel segment 1 overlaps the one before it, or has a lower address");
    ASSERT_REFUSED((segment[1].p_vaddr = BASE + 0x5000),
                   "kernel segment 2 overlaps the one before it, or has a lower address");
    ASSERT_REFUSED((segment[1].p_vaddr = BASE + 0x2000), "kernel segment 1 overlaps");
    ASSERT_REFUSED((segment[1].p_vaddr = BASE + 0x1000), "kernel segment 1 overlaps");
    ASSERT_REFUSED((segment[0].p_memsz = 0x2001), "kernel segment 1 overlaps");
    ASSERT_ACCEPTED((segment[0].p_memsz = 0x2000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
