// Unit tests of the place in memory that is worked out for a kernel.
#include "image_format.h"
#include "kernel_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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

    kernel_begin(&test, base, code_bytes);
    test.note_offset = 1;
    test.note.request.physical_alignment = demanded;
    kernel_build(&test);
    pack_kernel(&test);
    check_place(&test, alignment, demanded, pages);
    assert_int_equal(test.packed.item_flags, IMAGE_ITEM_ALIGNMENT_REQUIRED);
    kernel_end(&test);
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
    kernel_begin(&test, BASE, CODE_BYTES);
    kernel_build(&test);
    pack_kernel(&test);
    check_place(&test, TEST_PAGE, TEST_PAGE, TEST_PAGE);
    assert_int_equal(test.packed.item_flags, 0);
    assert_int_equal(test.checked.request.stack_size, 0x10000);
    kernel_end(&test);

    kernel_begin(&test, BASE, CODE_BYTES);
    test.note_offset = 1;
    test.note.request.flags = BOOT_REQUEST_AVOID_ISA_HOLE;
    test.note.request.physical_alignment = TEST_PAGE;
    kernel_build(&test);
    pack_kernel(&test);
    assert_int_equal(test.packed.item_flags, IMAGE_ITEM_AVOID_ISA_HOLE);
    kernel_end(&test);
}

static void slides_by_the_alignment_it_was_linked_with(void **state)
{
    struct kernel_case test;

    (void)state;
    kernel_begin(&test, 0x1000, CODE_BYTES);
    test.position_independent = true;
    kernel_build(&test);
    pack_kernel(&test);
    assert_int_equal(test.packed.memory_alignment, TEST_PAGE);
    kernel_end(&test);

    kernel_begin(&test, 0x1000, CODE_BYTES);
    test.position_independent = true;
    test.spec.segments[0].p_align = 2 * MIB;
    kernel_build(&test);
    pack_kernel(&test);
    assert_int_equal(test.packed.memory_alignment, 2 * MIB);
    assert_int_equal(test.checked.room.step, 2 * MIB);
    kernel_end(&test);

    // Of a kernel that does not move, p_align says nothing that matters.
    kernel_begin(&test, 0x1000, CODE_BYTES);
    test.spec.segments[0].p_align = GIB;
    kernel_build(&test);
    pack_kernel(&test);
    assert_int_equal(test.packed.memory_alignment, TEST_PAGE);
    kernel_end(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grants_physical_alignment_and_large_pages),
        cmocka_unit_test(asks_for_no_more_than_the_kernel),
        cmocka_unit_test(slides_by_the_alignment_it_was_linked_with),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
