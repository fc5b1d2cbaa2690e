// Fuzzes slides and relocations: a position-independent kernel is moved to some of its places, and
// its memory is compared with a second relocation of the file; the slide keeps it in its half of
// the address space and its entries of the PML4. Input: random bits (8), alignment (1), the file.
#include "fuzz.h"
#include "image_mutation.h"
#include "relocate.h"
#include "slide.h"
#include "unit.h"
#include "virtual_image.h"

#define SLOT_SHIFT   39u // of an entry of the PML4
#define SHIFT_MOST   (30 - PAGE_SHIFT)
#define TWO_GIB      0x80000000ull
#define MEMORY_MOST  (2ull * VIRTUAL_IMAGE_MOST)
#define HEADER_BYTES 9u

static void check_slide(const struct elf_kernel *elf, const struct slide_room *room, uint64_t slide)
{
    struct elf_kernel moved = *elf;
    struct elf_segment before;
    struct elf_segment after;
    uint32_t cursor = 0;
    uint32_t moved_cursor = 0;
    elf_set_slide(&moved, slide);
    assert_int_equal(moved.entry - elf->entry, slide);
    assert_true(slide == room->unmoved || ((slide - room->lowest) & (room->step - 1)) == 0);
    while (elf_next_segment(elf, &cursor, &before)) {
        assert_true(elf_next_segment(&moved, &moved_cursor, &after));
        const uint64_t last = elf_segment_last_byte(&after);
        assert_int_equal(after.virtual_address - before.virtual_address, slide);
        assert_true(last >= after.virtual_address && after.virtual_address >= PAGE_BYTES);
        // In one canonical half; in the slot it was linked to, or the top 2 GiB.
        const uint64_t half = after.virtual_address >> 47;
        assert_true(last >> 47 == half && (half == 0 || half == 0x1FFFF));
        assert_true(after.virtual_address >> SLOT_SHIFT == before.virtual_address >> SLOT_SHIFT ||
                    after.virtual_address >= 0 - TWO_GIB);
        assert_int_equal(slide & (elf->alignment - 1), 0);
    }
}

// Loads, relocates and compares. `file` is what the disk holds.
static void load(struct elf_kernel *elf, const uint8_t *file, size_t size)
{
    struct kernel_layout layout;
    struct virtual_image expected;
    struct message why;
    if (!kernel_layout_plan(elf, &layout, &why) || layout.memory_bytes > MEMORY_MOST ||
        !virtual_image_make(&expected, elf)) {
        return;
    }
    virtual_image_check_pieces(&layout);
    uint8_t *memory = allocate_pages((size_t)layout.memory_bytes);
    memcpy(memory, file, size);
    elf->file = memory; // as in stage 2: no other copy
    kernel_layout_fill(&layout, memory);
    const bool done = relocate(&layout, memory, &why);
    elf->file = file;
    if (done) {
        // A relocation may hit tables that are still to be read, and both readings are right.
        struct message same;
        assert_true(relocate_check(elf, &same));
        virtual_image_relocate(&expected);
        virtual_image_check_memory(&expected, &layout, memory);
    } else {
        fuzz_check_refusal(&why);
    }
    virtual_image_free(&expected);
    free_pages(memory);
}

struct fuzz_area fuzz_fields(const uint8_t *bytes, size_t size, uint64_t choice)
{
    return fuzz_elf_fields(bytes, size, HEADER_BYTES, choice);
}

fuzz_repair_function *const fuzz_repair = NULL; // there are no checksums

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct fuzz_input input = {bytes, size};
    struct elf_kernel elf;
    struct slide_room room;
    struct message why;
    const uint64_t random = fuzz_number(&input, 8);
    const uint64_t step = PAGE_BYTES << fuzz_below(&input, SHIFT_MOST + 1);
    uint8_t *file = fuzz_copy(input.bytes, input.left);
    if (!elf_parse(file, input.left, &elf, &why) || !slide_room_for(&elf, step, &room, &why)) {
        fuzz_check_refusal(&why);
    } else if (!elf.position_independent) {
        assert_int_equal(slide_pick(&room, random), 0);
    } else {
        const uint64_t slides[] = {room.unmoved, room.lowest, slide_pick(&room, random),
                                   slide_pick(&room, UINT64_MAX)};
        for (unsigned i = 0; i < sizeof slides / sizeof slides[0]; i++) {
            check_slide(&elf, &room, slides[i]);
        }
        elf_set_slide(&elf, slides[2]);
        load(&elf, file, input.left);
    }
    free(file);
    return 0;
}
