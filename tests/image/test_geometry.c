// Unit tests of padding, CHS addresses and the partition table made of them.
#include "geometry.h"
#include "image_format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void check_geometry(uint64_t sectors, uint32_t heads, uint64_t cylinders)
{
    const struct geometry geometry = geometry_for(sectors);

    assert_int_equal(geometry.heads, heads);
    assert_int_equal(geometry.sectors_per_track, 63);
    assert_int_equal(geometry.cylinders, cylinders);
}

static void pads_to_whole_cylinders(void **state)
{
    (void)state;
    check_geometry(0, 16, 3);
    check_geometry(1, 16, 3);
    check_geometry(3024, 16, 3);
    check_geometry(3025, 16, 4);
    check_geometry(4032, 16, 4);
    check_geometry(1024ull * 1008, 16, 1024);
    check_geometry(1024ull * 1008 + 1, 255, 65);
    check_geometry(65ull * 16065, 255, 65);
    check_geometry(65ull * 16065 + 1, 255, 66);
    check_geometry(IMAGE_MAX_SECTORS, 255, 267350);
}

static void padded_size_is_stable(void **state)
{
    (void)state;
    // The reader asks for the geometry of a size that is already padded.
    for (uint64_t sectors = 1; sectors < IMAGE_MAX_SECTORS; sectors = sectors * 3 + 1) {
        const struct geometry geometry = geometry_for(sectors);
        const uint64_t padded = geometry_sectors(&geometry);
        const struct geometry again = geometry_for(padded);
        assert_true(padded >= sectors);
        assert_int_equal(geometry_sectors(&again), padded);
        assert_int_equal(again.heads, geometry.heads);
    }
}

static void check_chs(const struct geometry *geometry, uint64_t lba, uint8_t head, uint8_t sector,
                      uint8_t cylinder)
{
    uint8_t chs[GEOMETRY_CHS_BYTES];
    const uint8_t expected[GEOMETRY_CHS_BYTES] = {head, sector, cylinder};

    geometry_chs(geometry, lba, chs);
    assert_memory_equal(chs, expected, sizeof(chs));
}

static void writes_chs_of_small_disks(void **state)
{
    const struct geometry geometry = geometry_for(1024ull * 1008);

    (void)state;
    check_chs(&geometry, 0, 0, 1, 0);
    check_chs(&geometry, 1, 0, 2, 0);
    check_chs(&geometry, 62, 0, 63, 0);
    check_chs(&geometry, 63, 1, 1, 0);
    check_chs(&geometry, 1007, 15, 63, 0);
    check_chs(&geometry, 1008, 0, 1, 1);
    check_chs(&geometry, 255ull * 1008, 0, 1, 255);
    check_chs(&geometry, 256ull * 1008, 0, 0x41, 0);
    check_chs(&geometry, 1024ull * 1008 - 1, 15, 0xFF, 0xFF);
}

static void writes_chs_of_large_disks(void **state)
{
    const struct geometry geometry = geometry_for(2000ull * 16065);

    (void)state;
    check_chs(&geometry, 1, 0, 2, 0);
    check_chs(&geometry, 16064, 254, 63, 0);
    check_chs(&geometry, 16065, 0, 1, 1);
    check_chs(&geometry, 1023 * 16065 + 63, 1, 0xC1, 0xFF);
    check_chs(&geometry, 1024ull * 16065 - 1, 0xFE, 0xFF, 0xFF);
    check_chs(&geometry, 1024ull * 16065, 0xFE, 0xFF, 0xFF);
    check_chs(&geometry, IMAGE_MAX_SECTORS - 1, 0xFE, 0xFF, 0xFF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pads_to_whole_cylinders),
        cmocka_unit_test(padded_size_is_stable),
        cmocka_unit_test(writes_chs_of_small_disks),
        cmocka_unit_test(writes_chs_of_large_disks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
