// Shared by the unit tests of the kernel item.
#include "kernel_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void kernel_begin(struct kernel_case *test, uint64_t base, uint64_t code_bytes)
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

void add_header(struct kernel_case *test, struct elf64_program_header header)
{
    assert_true(test->spec.count < ELF_SPEC_SEGMENTS);
    test->spec.segments[test->spec.count++] = header;
}

void kernel_build(struct kernel_case *test)
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

void pack_kernel(struct kernel_case *test)
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

void kernel_end(struct kernel_case *test)
{
    free(test->file);
    packed_kernel_free(&test->packed);
}

void check_kernel_refused(struct kernel_case *test, const char *part_of_message)
{
    struct message why = {.length = 0};

    assert_false(pack(test, &why));
    if (strstr(why.text, part_of_message) == NULL) {
        fail_msg("'%s' is not about '%s'", why.text, part_of_message);
    }
    assert_null(test->packed.bytes);
    kernel_end(test);
}

struct elf64_program_header packed_header(const struct kernel_case *test, uint32_t type)
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
