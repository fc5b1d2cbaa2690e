// Fuzzes kernel_request_parse: what it accepts keeps the limits of boot_request.h, and written out
// again as a note it is read as the same. Input: number of PT_NOTE segments and their alignment (1
// byte each), offsets and sizes (2 each), then the bytes that they lie in.
#include "kernel_request.h"

#include "fuzz.h"
#include "image_format.h"
#include "page.h"
#include "unit.h"

#define SEGMENTS_MOST 3u
#define LOW_HALF_LAST 0x00007FFFFFFFFFFFull
#define HIGH_HALF     0xFFFF800000000000ull

static bool is_power_of_two(uint64_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

static void check_screen(const struct boot_request *request)
{
    assert_in_range(request->video, BOOT_VIDEO_TEXT, BOOT_VIDEO_FRAMEBUFFER_REQUIRED);
    assert_true(request->width <= BOOT_REQUEST_PIXELS_MAX);
    assert_true(request->height <= BOOT_REQUEST_PIXELS_MAX);
    assert_int_equal(request->width == 0, request->height == 0);
    assert_true(request->video != BOOT_VIDEO_TEXT || (request->width == 0 && request->depth == 0));
    const uint32_t depth = request->depth;
    assert_true(depth == 0 || depth == 15 || depth == 16 || depth == 24 || depth == 32);
}

static void check_accepted(const struct boot_request *request)
{
    const uint32_t known =
        BOOT_REQUEST_NO_DIRECT_MAP | BOOT_REQUEST_NO_RANDOMISATION | BOOT_REQUEST_AVOID_ISA_HOLE;
    check_screen(request);
    assert_true(request->minimum_version <= BOOT_INFO_VERSION);
    assert_int_equal(request->flags & ~known, 0);
    assert_int_equal(request->required >> sizeof *request / sizeof(uint64_t), 0);
    assert_int_equal(request->reserved, 0);
    assert_in_range(request->stack_size, PAGE_SIZE_4K, BOOT_REQUEST_STACK_MAX);
    assert_int_equal(request->stack_size % PAGE_SIZE_4K, 0);
    assert_true(request->recursive_slot <= BOOT_REQUEST_RECURSIVE_SLOT_MAX);
    assert_int_equal(request->direct_map % BOOT_REQUEST_DIRECT_MAP_UNIT, 0);
    assert_true(request->direct_map <= LOW_HALF_LAST || request->direct_map >= HIGH_HALF);
    assert_true(request->direct_map == 0 || (request->flags & BOOT_REQUEST_NO_DIRECT_MAP) == 0);
    assert_in_range(request->physical_alignment, PAGE_SIZE_4K, BOOT_REQUEST_PHYSICAL_ALIGNMENT_MAX);
    assert_true(is_power_of_two(request->physical_alignment));
}

// A kernel that is nothing but program headers and what they point to.
static bool parse(const uint8_t *file, uint64_t size, uint32_t segments,
                  struct boot_request *request, struct message *why)
{
    const struct elf_kernel kernel = {
        .file = file, .file_size = size, .program_header_count = segments};
    return kernel_request_parse(&kernel, request, why);
}

static void check_again(const struct boot_request *request)
{
    struct {
        struct elf64_program_header header;
        struct boot_request_note note;
    } file = {
        .header = {.p_type = ELF_PT_NOTE,
                   .p_offset = sizeof file.header,
                   .p_filesz = sizeof file.note},
        .note = {.name_size = sizeof BOOT_REQUEST_NOTE_NAME,
                 .descriptor_size = sizeof *request,
                 .type = BOOT_REQUEST_NOTE_TYPE,
                 .name = BOOT_REQUEST_NOTE_NAME,
                 .request = *request},
    };
    struct boot_request again;
    struct message why;
    file.note.request.version = BOOT_REQUEST_VERSION;
    file.note.request.size = sizeof *request;
    if (!parse((const uint8_t *)&file, sizeof file, 1, &again, &why)) {
        fail_msg("%s", why.text);
    }
    assert_memory_equal(&again.required, &request->required,
                        sizeof again - offsetof(struct boot_request, required));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct fuzz_input input = {bytes, size};
    struct elf64_program_header headers[SEGMENTS_MOST];
    struct boot_request request;
    struct message why;
    const uint32_t count = 1 + fuzz_below(&input, SEGMENTS_MOST);
    for (uint32_t i = 0; i < count; i++) {
        headers[i] = (struct elf64_program_header){
            .p_type = ELF_PT_NOTE,
            .p_align = fuzz_number(&input, 1),
            .p_offset = fuzz_number(&input, 2) + count * sizeof headers[0],
            .p_filesz = fuzz_number(&input, 2),
        };
    }
    const size_t table = count * sizeof headers[0];
    uint8_t *file = allocate(table + input.left);
    memcpy(file, headers, table);
    memcpy(file + table, input.bytes, input.left);
    if (parse(file, table + input.left, count, &request, &why)) {
        check_accepted(&request);
        check_again(&request);
        assert_int_equal(kernel_request_item_flags(&request) &
                             ~(IMAGE_ITEM_ALIGNMENT_REQUIRED | IMAGE_ITEM_AVOID_ISA_HOLE),
                         0);
    } else {
        fuzz_check_refusal(&why);
    }
    free(file);
    return 0;
}
