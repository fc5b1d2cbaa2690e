// Unit tests of bootloader/load/kernel_request.c: what a kernel may ask for, a refusal for each
// field that is wrong, and notes of every kind.
#include "kernel_request.h"

#include "elf_builder.h"
#include "image_format.h"
#include "unit.h"

#define RX (ELF_PF_R | ELF_PF_X)

#define BASE        0xFFFFFFFF80000000u
#define TABLE       64u
#define NOTES       0x400u // where the notes are in the file
#define NOTES_BYTES 0x1800u
#define FILE_SIZE   (NOTES + NOTES_BYTES)

enum { CODE, NOTE, OTHER, HEADERS };

// A kernel with one PT_NOTE segment that is still empty; it ends where the file does.
static struct elf_file kernel_with_notes(uint64_t alignment)
{
    const struct elf64_program_header headers[HEADERS] = {
        loadable(RX, BASE, 0, FILE_SIZE, FILE_SIZE),
        {.p_type = ELF_PT_NOTE, .p_offset = FILE_SIZE, .p_align = alignment},
        {.p_type = 0},
    };
    return elf_file_make(headers, HEADERS, TABLE, FILE_SIZE, BASE);
}

// Puts a note before those that are there. The segment then ends with the file, so that ASan sees
// a read past it.
static void prepend_note(struct elf_file *file, const char *name, uint32_t name_size, uint32_t type,
                         const void *descriptor, uint32_t bytes)
{
    struct elf64_program_header *segment = elf_file_segment(file, NOTE);
    const uint64_t alignment = segment->p_align == 8 ? 8 : 4;
    const uint64_t start = (12 + name_size + alignment - 1) / alignment * alignment;
    const uint64_t total = (start + bytes + alignment - 1) / alignment * alignment;
    const uint32_t header[] = {name_size, bytes, type};
    segment->p_offset -= total;
    segment->p_filesz += total;
    uint8_t *note = file->bytes + segment->p_offset;
    memset(note, 0, (size_t)total);
    memcpy(note, header, sizeof header);
    memcpy(note + sizeof header, name, name_size);
    if (bytes != 0) {
        memcpy(note + start, descriptor, bytes);
    }
}

static struct elf_file kernel_with_request(const void *request, uint32_t bytes)
{
    struct elf_file file = kernel_with_notes(8);
    prepend_note(&file, BOOT_REQUEST_NOTE_NAME, sizeof BOOT_REQUEST_NOTE_NAME,
                 BOOT_REQUEST_NOTE_TYPE, request, bytes);
    return file;
}

static bool parse(const struct elf_file *file, struct boot_request *request, struct message *why)
{
    struct elf_kernel kernel;
    *why = (struct message){.text = ""};
    assert_true(elf_parse(file->bytes, file->size, &kernel, why));
    return kernel_request_parse(&kernel, request, why);
}

static struct boot_request parse_well(struct elf_file *file)
{
    struct boot_request request;
    struct message why;
    if (!parse(file, &request, &why)) {
        fail_msg("%s", why.text);
    }
    elf_file_free(file);
    return request;
}

static void assert_refused(struct elf_file *file, const char *words)
{
    struct boot_request request;
    struct message why;
    assert_false(parse(file, &request, &why));
    assert_message_has(why.text, words);
    assert_true(why.length < MESSAGE_CAPACITY - 1); // not cut short
    elf_file_free(file);
}

static void assert_request_refused(const struct boot_request *request, const char *words)
{
    struct elf_file file = kernel_with_request(request, sizeof *request);
    assert_refused(&file, words);
}

#define REQUEST(...)                                                                               \
    (&(const struct boot_request){                                                                 \
        .version = BOOT_REQUEST_VERSION, .size = sizeof(struct boot_request), __VA_ARGS__})

// ---- Accepted ------------------------------------------------------------------------------

static void assert_defaults(const struct boot_request *request)
{
    struct boot_request expected = {.stack_size = 0x10000, .physical_alignment = 0x1000};
    expected.version = request->version;
    expected.size = request->size;
    assert_memory_equal(request, &expected, sizeof expected);
}

static void defaults_without_a_request(void **state)
{
    (void)state;
    struct elf_file file = kernel_with_notes(4);
    elf_file_segment(&file, NOTE)->p_type = 0;
    struct boot_request request = parse_well(&file);
    assert_defaults(&request);
    assert_int_equal(request.version, 0);
    file = kernel_with_notes(4); // an empty segment
    request = parse_well(&file);
    assert_defaults(&request);
    file = kernel_with_request(REQUEST(.reserved = 0), sizeof request);
    request = parse_well(&file);
    assert_defaults(&request);
    assert_int_equal(kernel_request_item_flags(&request), 0);
}

static void every_field_arrives(void **state)
{
    (void)state;
    const struct boot_request *asked =
        REQUEST(.required = 0x1FF, .minimum_version = BOOT_INFO_VERSION,
                .flags = BOOT_REQUEST_NO_RANDOMISATION | BOOT_REQUEST_AVOID_ISA_HOLE,
                .stack_size = BOOT_REQUEST_STACK_MAX, .direct_map = 0xFFFF808000000000,
                .recursive_slot = 511, .video = BOOT_VIDEO_FRAMEBUFFER_REQUIRED, .width = 16384,
                .height = 1, .depth = 32, .physical_alignment = 0x40000000);
    struct elf_file file = kernel_with_request(asked, sizeof *asked);
    const struct boot_request request = parse_well(&file);
    assert_memory_equal(&request, asked, sizeof request);
    assert_int_equal(kernel_request_item_flags(&request),
                     IMAGE_ITEM_ALIGNMENT_REQUIRED | IMAGE_ITEM_AVOID_ISA_HOLE);
}

static void the_edges_of_what_is_allowed(void **state)
{
    (void)state;
    const struct boot_request *allowed[] = {
        REQUEST(.direct_map = 0x8000000000),
        REQUEST(.direct_map = 0x7F8000000000),
        REQUEST(.direct_map = 0xFFFF800000000000),
        REQUEST(.direct_map = 0xFFFFFF8000000000),
        REQUEST(.flags = BOOT_REQUEST_NO_DIRECT_MAP),
        REQUEST(.stack_size = 0x1000),
        REQUEST(.physical_alignment = 0x1000),
        REQUEST(.video = BOOT_VIDEO_FRAMEBUFFER),
        REQUEST(.video = BOOT_VIDEO_FRAMEBUFFER, .depth = 15),
        REQUEST(.video = BOOT_VIDEO_FRAMEBUFFER, .depth = 16),
        REQUEST(.video = BOOT_VIDEO_FRAMEBUFFER, .depth = 24),
        REQUEST(.video = BOOT_VIDEO_FRAMEBUFFER, .width = 1, .height = 16384),
        REQUEST(.recursive_slot = 1),
        REQUEST(.minimum_version = 1),
    };
    for (unsigned i = 0; i < sizeof allowed / sizeof allowed[0]; i++) {
        struct elf_file file = kernel_with_request(allowed[i], sizeof *allowed[i]);
        const struct boot_request request = parse_well(&file);
        assert_int_equal(request.direct_map, allowed[i]->direct_map);
        assert_int_equal(request.flags, allowed[i]->flags);
    }
}

// An older kernel's request is shorter, a newer one's longer: zeros, and bytes that mean nothing.
static void requests_of_other_lengths(void **state)
{
    (void)state;
    static uint8_t bytes[BOOT_REQUEST_SIZE_MAX];
    memset(bytes, 0xAB, sizeof bytes);
    for (uint32_t size = BOOT_REQUEST_SIZE_MIN; size <= BOOT_REQUEST_SIZE_MAX; size += 8) {
        struct boot_request asked = *REQUEST(.stack_size = 0x3000, .physical_alignment = 0x200000);
        asked.size = size;
        asked.version = size > sizeof asked ? 9 : 1;
        memcpy(bytes, &asked, sizeof asked);
        struct elf_file file = kernel_with_request(bytes, size);
        const struct boot_request request = parse_well(&file);
        assert_int_equal(request.stack_size, size >= 32 ? 0x3000 : 0x10000);
        assert_int_equal(request.physical_alignment, size >= 72 ? 0x200000 : 0x1000);
        assert_int_equal(request.video, 0);
    }
}

static void foreign_notes_are_skipped(void **state)
{
    (void)state;
    static const uint64_t alignments[] = {0, 1, 4, 8, 16};
    static const uint8_t text[] = "some other descriptor";
    for (unsigned i = 0; i < 5; i++) {
        struct elf_file file = kernel_with_notes(alignments[i]);
        prepend_note(&file, "GNU", 4, 3, text, 20);
        prepend_note(&file, BOOT_REQUEST_NOTE_NAME, sizeof BOOT_REQUEST_NOTE_NAME,
                     BOOT_REQUEST_NOTE_TYPE, REQUEST(.stack_size = 0x5000),
                     sizeof(struct boot_request));
        prepend_note(&file, "GNU", 4, 5, text, 9);
        prepend_note(&file, "Firstlight", 10, 7, text, 3); // no NUL
        prepend_note(&file, "firstlight", 11, 7, text, 3);
        prepend_note(&file, "", 0, 0, NULL, 0);
        prepend_note(&file, "a long name", 12, 1, text, 21);
        assert_int_equal(parse_well(&file).stack_size, 0x5000);
    }
}

static void the_last_note_need_not_be_padded(void **state)
{
    (void)state;
    struct elf_file file = kernel_with_notes(8);
    prepend_note(&file, "GNU", 4, 3, "12345", 5);
    elf_file_segment(&file, NOTE)->p_filesz -= 3;
    struct boot_request request = parse_well(&file);
    assert_defaults(&request);
}

static void the_request_may_be_in_any_segment(void **state)
{
    (void)state;
    struct elf_file file = kernel_with_notes(4);
    prepend_note(&file, BOOT_REQUEST_NOTE_NAME, sizeof BOOT_REQUEST_NOTE_NAME,
                 BOOT_REQUEST_NOTE_TYPE, REQUEST(.stack_size = 0x7000),
                 sizeof(struct boot_request));
    struct elf64_program_header *segments = elf_file_segment(&file, 0);
    segments[OTHER] = segments[NOTE];
    segments[NOTE].p_filesz = 0;
    assert_int_equal(parse_well(&file).stack_size, 0x7000);
}

// ---- Refused: fields -----------------------------------------------------------------------

static void refuses_values_out_of_range(void **state)
{
    (void)state;
    assert_request_refused(REQUEST(.minimum_version = BOOT_INFO_VERSION + 1),
                           "boot request: minimum_version 0x4 is not allowed");
    assert_request_refused(REQUEST(.flags = 8), "boot request: flags 0x8 is not allowed");
    assert_request_refused(REQUEST(.flags = 0x80000000), "flags 0x80000000");
    assert_request_refused(REQUEST(.stack_size = 0x1001), "stack_size 0x1001");
    assert_request_refused(REQUEST(.stack_size = 0x40001000), "stack_size 0x40001000");
    assert_request_refused(REQUEST(.stack_size = 0 - 0x1000ull), "stack_size 0xfffffffffffff000");
    assert_request_refused(REQUEST(.direct_map = 0x1000), "direct_map 0x1000");
    assert_request_refused(REQUEST(.direct_map = 0x4000000000), "direct_map 0x4000000000");
    assert_request_refused(REQUEST(.direct_map = 0x800000000000), "direct_map 0x800000000000");
    assert_request_refused(REQUEST(.direct_map = 0xFFFF7F8000000000), "direct_map 0xffff7f80");
    assert_request_refused(REQUEST(.recursive_slot = 512), "recursive_slot 0x200");
    assert_request_refused(REQUEST(.video = 3), "video 0x3");
    assert_request_refused(REQUEST(.video = 1, .width = 16385, .height = 1), "width 0x4001");
    assert_request_refused(REQUEST(.video = 1, .width = 1, .height = 16385), "height 0x4001");
    for (uint32_t depth = 1; depth < 70; depth++) {
        if (depth != 15 && depth != 16 && depth != 24 && depth != 32) {
            assert_request_refused(REQUEST(.video = 1, .depth = depth), "boot request: depth 0x");
        }
    }
    assert_request_refused(REQUEST(.video = 1, .depth = 0xFFFFFFFF), "depth 0xffffffff");
    assert_request_refused(REQUEST(.reserved = 1), "reserved 0x1");
    assert_request_refused(REQUEST(.physical_alignment = 1), "physical_alignment 0x1 ");
    assert_request_refused(REQUEST(.physical_alignment = 0x3000), "physical_alignment 0x3000");
    assert_request_refused(REQUEST(.physical_alignment = 0x80000000), "physical_alignment 0x8");
    assert_request_refused(REQUEST(.required = 0x200), "required 0x200");
    assert_request_refused(REQUEST(.required = (uint64_t)1 << 63), "use a newer Firstlight");
}

static void refuses_contradictions(void **state)
{
    (void)state;
    assert_request_refused(
        REQUEST(.direct_map = 0xFFFF800000000000, .flags = BOOT_REQUEST_NO_DIRECT_MAP),
        "direct_map 0xffff800000000000 is not allowed, or not with the other fields");
    assert_request_refused(REQUEST(.width = 800, .height = 600), "video 0x0");
    assert_request_refused(REQUEST(.depth = 32), "video 0x0");
    assert_request_refused(REQUEST(.video = 1, .width = 800), "height 0x0");
    assert_request_refused(REQUEST(.video = 1, .height = 600), "height 0x258");
}

// ---- Refused: notes ------------------------------------------------------------------------

static void refuses_wrong_sizes_and_versions(void **state)
{
    (void)state;
    const char *words =
        "boot request: its ELF note stands there twice, or has a wrong type, version or size";
    static uint8_t bytes[BOOT_REQUEST_SIZE_MAX + 8];
    static const uint32_t sizes[] = {0, 1, 4, 8, 15, 17, 71, 76, BOOT_REQUEST_SIZE_MAX + 8};
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct boot_request asked = *REQUEST(.reserved = 0);
        asked.size = sizes[i];
        memcpy(bytes, &asked, sizeof asked);
        struct elf_file file = kernel_with_request(bytes, sizes[i]);
        assert_refused(&file, words);
    }
    struct boot_request asked = *REQUEST(.reserved = 0);
    asked.size = 64; // not the note's
    assert_request_refused(&asked, words);
    asked = *REQUEST(.reserved = 0);
    asked.version = 0;
    assert_request_refused(&asked, words);
}

static void refuses_wrong_notes(void **state)
{
    (void)state;
    const struct boot_request *request = REQUEST(.stack_size = 0x5000);
    struct elf_file file = kernel_with_notes(4);
    prepend_note(&file, BOOT_REQUEST_NOTE_NAME, sizeof BOOT_REQUEST_NOTE_NAME, 2, request,
                 sizeof *request);
    assert_refused(&file, "or has a wrong type");

    file = kernel_with_request(request, sizeof *request);
    prepend_note(&file, BOOT_REQUEST_NOTE_NAME, sizeof BOOT_REQUEST_NOTE_NAME,
                 BOOT_REQUEST_NOTE_TYPE, request, sizeof *request);
    assert_refused(&file, "its ELF note stands there twice");

    // Two segments with a request each.
    file = kernel_with_request(request, sizeof *request);
    *elf_file_segment(&file, OTHER) = *elf_file_segment(&file, NOTE);
    assert_refused(&file, "its ELF note stands there twice");
}

static void refuses_notes_that_pass_their_segment(void **state)
{
    (void)state;
    for (unsigned field = 0; field < 2; field++) {
        static const uint32_t sizes[] = {0x80, 0x7FFFFFFF, 0xFFFFFFF0, 0xFFFFFFFF};
        for (unsigned i = 0; i < 4; i++) {
            struct elf_file file =
                kernel_with_request(REQUEST(.reserved = 0), sizeof(struct boot_request));
            uint8_t *note = file.bytes + elf_file_segment(&file, NOTE)->p_offset;
            memcpy(note + (size_t)field * 4, &sizes[i], sizeof sizes[i]);
            assert_refused(&file, "its ELF note passes its segment");
        }
    }
    static const uint64_t offsets[] = {FILE_SIZE - 0x5F, FILE_SIZE + 1, UINT64_MAX};
    for (unsigned i = 0; i < 3; i++) {
        struct elf_file file =
            kernel_with_request(REQUEST(.reserved = 0), sizeof(struct boot_request));
        elf_file_segment(&file, NOTE)->p_offset = offsets[i];
        assert_refused(&file, "its ELF note passes its segment or the file");
    }
    struct elf_file file = kernel_with_request(REQUEST(.reserved = 0), sizeof(struct boot_request));
    elf_file_segment(&file, NOTE)->p_filesz = UINT64_MAX;
    assert_refused(&file, "its ELF note passes its segment or the file");
}

static void survives_random_damage(void **state)
{
    (void)state;
    uint64_t seed = 61;
    unsigned accepted = 0;
    for (unsigned round = 0; round < 20000; round++) {
        struct elf_file file =
            kernel_with_request(REQUEST(.stack_size = 0x5000), sizeof(struct boot_request));
        prepend_note(&file, "GNU", 4, 3, "12345678", 8);
        const struct elf64_program_header *segment = elf_file_segment(&file, NOTE);
        uint8_t *notes = file.bytes + segment->p_offset;
        for (uint64_t changes = 1 + random_below(&seed, 3); changes > 0; changes--) {
            notes[random_below(&seed, segment->p_filesz)] ^=
                (uint8_t)(1u << random_below(&seed, 8));
        }
        struct boot_request request;
        struct message why;
        if (parse(&file, &request, &why)) {
            accepted++;
            assert_true(request.stack_size != 0 && request.stack_size % 0x1000 == 0 &&
                        request.stack_size <= BOOT_REQUEST_STACK_MAX);
            assert_true(request.recursive_slot < 512 && request.video <= 2);
            assert_int_equal(request.direct_map % 0x8000000000, 0);
            assert_int_equal(request.physical_alignment & (request.physical_alignment - 1), 0);
        } else {
            assert_true(why.length > 0 && why.length < MESSAGE_CAPACITY - 1);
        }
        elf_file_free(&file);
    }
    assert_in_range(accepted, 1000, 19000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_without_a_request),
        cmocka_unit_test(every_field_arrives),
        cmocka_unit_test(the_edges_of_what_is_allowed),
        cmocka_unit_test(requests_of_other_lengths),
        cmocka_unit_test(foreign_notes_are_skipped),
        cmocka_unit_test(the_last_note_need_not_be_padded),
        cmocka_unit_test(the_request_may_be_in_any_segment),
        cmocka_unit_test(refuses_values_out_of_range),
        cmocka_unit_test(refuses_contradictions),
        cmocka_unit_test(refuses_wrong_sizes_and_versions),
        cmocka_unit_test(refuses_wrong_notes),
        cmocka_unit_test(refuses_notes_that_pass_their_segment),
        cmocka_unit_test(survives_random_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
