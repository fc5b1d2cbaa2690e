// Unit tests of bootloader/load/firmware_tables.c: tables as the specifications lay them out, in
// areas of just their size, and each check of them made to fail.
#include "firmware_tables.h"

#include "unit.h"

#define PHYSICAL  0xE0000u
#define AREA      4096u
#define ALIGNMENT 16u

struct area {
    uint8_t *bytes;
    uint64_t size;
};

// A block of just that size: a byte read beside it is an error.
static struct area area_of(uint64_t size)
{
    struct area area = {.bytes = allocate(size != 0 ? (size_t)size : 1), .size = size};
    memset(area.bytes, 0, (size_t)size);
    return area;
}

// Bytes as they stand between the quotes, without the NUL behind.
#define PUT(at, text) put(at, text, sizeof(text) - 1)

static void put(uint8_t *at, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        at[i] = (uint8_t)bytes[i];
    }
}

static struct boot_tables find(const struct area *area)
{
    struct boot_tables tables = {0};
    firmware_tables_find(area->bytes, area->size, PHYSICAL, &tables);
    return tables;
}

// Makes `length` bytes add up to 0 by changing the one at `place`.
static void seal(uint8_t *bytes, unsigned length, unsigned place)
{
    uint8_t sum = 0;
    bytes[place] = 0;
    for (unsigned i = 0; i < length; i++) {
        sum = (uint8_t)(sum + bytes[i]);
    }
    bytes[place] = (uint8_t)-sum;
}

// ACPI 6.4, table 5.3: signature, checksum at 8, OEM at 9, revision at 15, RSDT at 16, length at
// 20, XSDT at 24, extended checksum at 32.
static void put_rsdp(uint8_t *at, uint8_t revision, uint32_t length, bool whole)
{
    PUT(at, "RSD PTR \0FIRST ");
    at[15] = revision;
    PUT(at + 16, "\x11\x22\x33\x44");
    if (revision >= 2) {
        memcpy(at + 20, &length, sizeof length);
        PUT(at + 24, "\x55\x66\x77\x88\0\0\0\0\0");
    }
    seal(at, 20, 8);
    if (whole) {
        seal(at, length, 32);
    }
}

// SMBIOS 3.4, table 1: checksum at 4, length at 5, "_DMI_" at 16 with its checksum at 21.
static void put_smbios(uint8_t *at, uint8_t length)
{
    PUT(at, "_SM_\0\0\x03\x04");
    at[5] = length;
    PUT(at + 16, "_DMI_\0\x34\x12\x78\x56\x34\x12\x05\x00\x28");
    seal(at + 16, 15, 5);
    seal(at, length, 4);
}

// Table 2: checksum at 5, length at 6.
static void put_smbios3(uint8_t *at, uint8_t length)
{
    PUT(at, "_SM3_\0\0\x03\x04\0\x01\0\x34\x12");
    at[6] = length;
    seal(at, length, 5);
}

static void finds_each_at_every_place(void **state)
{
    (void)state;
    for (unsigned size = 48; size <= 512; size += ALIGNMENT) {
        for (unsigned at = 0; at + 48 <= size; at += ALIGNMENT) {
            struct area area = area_of(size);
            put_rsdp(area.bytes + at, 0, 0, false);
            struct boot_tables tables = find(&area);
            assert_int_equal(tables.rsdp_physical, PHYSICAL + at);
            assert_int_equal(tables.rsdp_size, 20);
            assert_memory_equal(tables.rsdp, area.bytes + at, 20);
            assert_true(tables.smbios_physical == 0 && tables.smbios3_physical == 0);

            memset(area.bytes, 0, size);
            put_rsdp(area.bytes + at, 2, 36, true);
            tables = find(&area);
            assert_int_equal(tables.rsdp_physical, PHYSICAL + at);
            assert_int_equal(tables.rsdp_size, 36);
            assert_memory_equal(tables.rsdp, area.bytes + at, 36);
            assert_memory_equal(tables.rsdp + 36, "\0\0\0\0", 4);

            memset(area.bytes, 0, size);
            put_smbios(area.bytes + at, 0x1F);
            tables = find(&area);
            assert_int_equal(tables.smbios_physical, PHYSICAL + at);
            assert_true(tables.rsdp_physical == 0 && tables.smbios3_physical == 0);

            memset(area.bytes, 0, size);
            put_smbios3(area.bytes + at, 0x18);
            tables = find(&area);
            assert_int_equal(tables.smbios3_physical, PHYSICAL + at);
            assert_true(tables.rsdp_physical == 0 && tables.smbios_physical == 0);
            free(area.bytes);
        }
    }
}

static void finds_all_three_in_every_order(void **state)
{
    (void)state;
    static const unsigned orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                         {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (unsigned i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        struct area area = area_of(AREA);
        const unsigned *order = orders[i];
        put_rsdp(area.bytes + 0x40 + (size_t)order[0] * 0x30, 2, 36, true);
        put_smbios(area.bytes + 0x40 + (size_t)order[1] * 0x30, 0x1F);
        put_smbios3(area.bytes + 0x40 + (size_t)order[2] * 0x30, 0x18);
        const struct boot_tables tables = find(&area);
        assert_int_equal(tables.rsdp_physical, PHYSICAL + 0x40 + (size_t)order[0] * 0x30);
        assert_int_equal(tables.smbios_physical, PHYSICAL + 0x40 + (size_t)order[1] * 0x30);
        assert_int_equal(tables.smbios3_physical, PHYSICAL + 0x40 + (size_t)order[2] * 0x30);
        free(area.bytes);
    }
}

// Of a version that has no 64-bit entry points, the 32-bit one and an RSDP are all there is.
static void old_smbios_and_rsdp_end_it(void **state)
{
    (void)state;
    for (unsigned rsdp_at = 0; rsdp_at <= 0x200; rsdp_at += 0x100) {
        struct area area = area_of(0x300);
        put_rsdp(area.bytes + rsdp_at, 2, 36, true);
        put_smbios(area.bytes + 0x40, 0x1F);
        PUT(area.bytes + 0x40 + 6, "\x02\x08");
        seal(area.bytes + 0x40, 0x1F, 4);
        put_smbios3(area.bytes + 0x180, 0x18);
        const struct boot_tables tables = find(&area);
        assert_int_equal(tables.rsdp_physical, PHYSICAL + rsdp_at);
        assert_int_equal(tables.smbios_physical, PHYSICAL + 0x40);
        assert_int_equal(tables.smbios3_physical, rsdp_at == 0x200 ? PHYSICAL + 0x180 : 0);
        free(area.bytes);
    }
}

static void the_first_good_one_wins(void **state)
{
    (void)state;
    struct area area = area_of(AREA);
    for (size_t i = 0; i < 3; i++) {
        put_rsdp(area.bytes + i * 0x400, 2, 36, true);
        put_smbios(area.bytes + i * 0x400 + 0x100, 0x1F);
        put_smbios3(area.bytes + i * 0x400 + 0x200, 0x18);
    }
    area.bytes[0x20] ^= 1;
    area.bytes[0x110] ^= 1;
    area.bytes[0x210] ^= 1;
    struct boot_tables tables = find(&area);
    assert_int_equal(tables.rsdp_physical, PHYSICAL + 0x400);
    assert_int_equal(tables.smbios_physical, PHYSICAL + 0x500);
    assert_int_equal(tables.smbios3_physical, PHYSICAL + 0x600);
    // A second area adds only what is missing.
    tables.smbios_physical = 0;
    firmware_tables_find(area.bytes + 0x800, 0x800, 0xF0000, &tables);
    assert_int_equal(tables.rsdp_physical, PHYSICAL + 0x400);
    assert_memory_equal(tables.rsdp, area.bytes + 0x400, 36);
    assert_int_equal(tables.smbios_physical, 0xF0100);
    assert_int_equal(tables.smbios3_physical, PHYSICAL + 0x600);
    free(area.bytes);
}

// Every single bit of a table that a checksum covers.
static void sees_every_changed_bit(void **state)
{
    (void)state;
    struct area area = area_of(0x100);
    put_rsdp(area.bytes, 2, 36, true);
    put_smbios(area.bytes + 0x40, 0x1F);
    put_smbios3(area.bytes + 0x80, 0x18);
    static const struct {
        unsigned at, length;
    } tables[] = {{0, 36}, {0x40, 0x1F}, {0x80, 0x18}};
    for (unsigned i = 0; i < 3; i++) {
        for (unsigned bit = 0; bit < tables[i].length * 8; bit++) {
            uint8_t *byte = &area.bytes[tables[i].at + bit / 8];
            *byte ^= (uint8_t)(1u << bit % 8);
            const struct boot_tables found = find(&area);
            assert_int_equal(found.rsdp_physical != 0, i != 0);
            assert_int_equal(found.rsdp_size, i != 0 ? 36 : 0);
            assert_int_equal(found.smbios_physical != 0, i != 1);
            assert_int_equal(found.smbios3_physical != 0, i != 2);
            *byte ^= (uint8_t)(1u << bit % 8);
        }
    }
    free(area.bytes);
}

static bool finds_rsdp(uint64_t size, uint8_t revision, uint32_t length)
{
    struct area whole = area_of(0x2000);
    put_rsdp(whole.bytes, revision, length, length > 32 && length <= 0x2000);
    struct area area = area_of(size);
    memcpy(area.bytes, whole.bytes, (size_t)size);
    const bool found = find(&area).rsdp_physical != 0;
    free(whole.bytes);
    free(area.bytes);
    return found;
}

static void lengths_of_the_rsdp(void **state)
{
    (void)state;
    assert_false(finds_rsdp(16, 0, 0)); // 20 bytes are needed
    assert_true(finds_rsdp(32, 0, 0));
    assert_true(finds_rsdp(32, 1, 0));
    assert_false(finds_rsdp(16, 2, 36));
    assert_false(finds_rsdp(32, 2, 36));
    assert_true(finds_rsdp(48, 2, 36));
    assert_true(finds_rsdp(48, 255, 48));
    assert_false(finds_rsdp(48, 2, 49));
    assert_false(finds_rsdp(64, 2, 0));
    assert_false(finds_rsdp(64, 2, 20));
    assert_false(finds_rsdp(64, 2, 35));
    assert_true(finds_rsdp(0x2000, 2, 4096));
    assert_false(finds_rsdp(0x2000, 2, 4097));
    assert_false(finds_rsdp(0x2000, 2, UINT32_MAX));
}

static bool finds_smbios(uint64_t size, uint8_t length, bool version_3)
{
    struct area whole = area_of(512);
    if (version_3) {
        put_smbios3(whole.bytes, length);
    } else {
        put_smbios(whole.bytes, length);
    }
    struct area area = area_of(size);
    memcpy(area.bytes, whole.bytes, (size_t)size);
    const struct boot_tables tables = find(&area);
    free(whole.bytes);
    free(area.bytes);
    return (version_3 ? tables.smbios3_physical : tables.smbios_physical) != 0;
}

static void lengths_of_smbios(void **state)
{
    (void)state;
    for (unsigned length = 0; length < 256; length++) {
        assert_int_equal(finds_smbios(512, (uint8_t)length, false), length >= 0x1E && length <= 32);
        assert_int_equal(finds_smbios(512, (uint8_t)length, true), length >= 0x18 && length <= 32);
    }
    assert_false(finds_smbios(16, 0x1F, false));
    assert_true(finds_smbios(32, 0x1E, false));
    assert_true(finds_smbios(32, 0x20, false));
    assert_false(finds_smbios(16, 0x18, true));
    assert_true(finds_smbios(32, 0x18, true));
}

// "_DMI_" and its own checksum count, too.
static void the_second_half_of_smbios(void **state)
{
    (void)state;
    struct area area = area_of(64);
    put_smbios(area.bytes, 0x1F);
    assert_true(find(&area).smbios_physical == PHYSICAL);
    area.bytes[20] ^= 1; // in "_DMI_": both checksums made right again
    seal(area.bytes + 16, 15, 5);
    seal(area.bytes, 0x1F, 4);
    assert_true(find(&area).smbios_physical == 0);
    put_smbios(area.bytes, 0x1F);
    area.bytes[22]++; // only the outer one right
    seal(area.bytes, 0x1F, 4);
    assert_true(find(&area).smbios_physical == 0);
    free(area.bytes);
}

// Signatures count on 16-byte boundaries only.
static void other_places_do_not_count(void **state)
{
    (void)state;
    for (unsigned at = 1; at < ALIGNMENT; at++) {
        struct area area = area_of(0x200);
        put_rsdp(area.bytes + at, 2, 36, true);
        put_smbios(area.bytes + 0x80 + at, 0x1F);
        put_smbios3(area.bytes + 0x100 + at, 0x18);
        const struct boot_tables tables = find(&area);
        assert_true(tables.rsdp_physical == 0 && tables.smbios_physical == 0);
        assert_true(tables.smbios3_physical == 0);
        free(area.bytes);
    }
}

// Half-made tables everywhere, up to the last byte of areas of all sizes.
static void random_areas(void **state)
{
    (void)state;
    static const char *const beginnings[] = {"RSD PTR ", "_SM_", "_SM3_", "RSD", "xS"};
    uint64_t seed = 11;
    for (unsigned round = 0; round < 20000; round++) {
        struct area area = area_of(random_below(&seed, 24) * ALIGNMENT);
        for (uint64_t at = 0; at < area.size; at += ALIGNMENT) {
            for (unsigned i = 0; i < ALIGNMENT; i++) {
                area.bytes[at + i] = (uint8_t)random_below(&seed, 40);
            }
            const char *beginning = beginnings[random_below(&seed, 5)];
            memcpy(area.bytes + at, beginning, strlen(beginning));
        }
        const struct boot_tables tables = find(&area);
        assert_true(tables.rsdp_physical == 0 || tables.rsdp_physical < PHYSICAL + area.size);
        assert_int_equal(tables.rsdp_size != 0, tables.rsdp_physical != 0);
        free(area.bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_each_at_every_place),
        cmocka_unit_test(finds_all_three_in_every_order),
        cmocka_unit_test(old_smbios_and_rsdp_end_it),
        cmocka_unit_test(the_first_good_one_wins),
        cmocka_unit_test(sees_every_changed_bit),
        cmocka_unit_test(lengths_of_the_rsdp),
        cmocka_unit_test(lengths_of_smbios),
        cmocka_unit_test(the_second_half_of_smbios),
        cmocka_unit_test(other_places_do_not_count),
        cmocka_unit_test(random_areas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
