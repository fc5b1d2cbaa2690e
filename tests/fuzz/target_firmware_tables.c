// Fuzzes firmware_tables_find against a second search, written from the specifications' tables
// without any of its short cuts. Input: the area.
#include "firmware_tables.h"

#include "fuzz.h"
#include "unit.h"

#define PARAGRAPH 16u
#define AREA      0xE0000u // its physical address

// ACPI 6.4, table 5.3; SMBIOS 3.4, tables 1 and 2.
#define RSDP_OLD_BYTES 20u
#define RSDP_NEW_BYTES 36u
#define RSDP_MOST      4096u
#define RSDP_REVISION  15u
#define RSDP_LENGTH    20u
#define SM_LENGTH      5u
#define SM_MAJOR       6u
#define SM_LEAST       0x1Eu
#define SM_BYTES       0x1Fu
#define SM_DMI         16u
#define SM_DMI_BYTES   15u
#define SM3_LENGTH     6u
#define SM3_LEAST      24u
#define SM_MOST        32u

static bool sums_to_zero(const uint8_t *bytes, size_t count)
{
    unsigned sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += bytes[i];
    }
    return sum % 256 == 0;
}

// ---- Repair -------------------------------------------------------------------------------

// Makes `count` bytes add up to 0 by changing the one at `place`.
static void repair_sum(uint8_t *bytes, size_t count, size_t place)
{
    bytes[place] = 0;
    unsigned sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += bytes[i];
    }
    bytes[place] = (uint8_t)(0 - sum);
}

static void repair_table(uint8_t *at, size_t left)
{
    if (memcmp(at, "RSD PTR ", 8) == 0 && left >= RSDP_NEW_BYTES) {
        const size_t length = at[RSDP_LENGTH] + 256u * at[RSDP_LENGTH + 1];
        repair_sum(at, RSDP_OLD_BYTES, 8);
        if (length >= RSDP_NEW_BYTES && length <= left) {
            repair_sum(at, length, 32);
        }
    } else if (memcmp(at, "_SM_", 4) == 0 && left >= SM_BYTES) {
        repair_sum(at + SM_DMI, SM_DMI_BYTES, 5);
        if (at[SM_LENGTH] > SM_LENGTH && at[SM_LENGTH] <= left) {
            repair_sum(at, at[SM_LENGTH], 4);
        }
    } else if (memcmp(at, "_SM3_", 5) == 0 && at[SM3_LENGTH] > SM3_LENGTH &&
               at[SM3_LENGTH] <= left) {
        repair_sum(at, at[SM3_LENGTH], 5);
    }
}

struct fuzz_area fuzz_fields(const uint8_t *bytes, size_t size, uint64_t choice)
{
    (void)bytes;
    (void)choice;
    return (struct fuzz_area){0, size};
}

static void repair(uint8_t *bytes, size_t size)
{
    for (size_t at = 0; at + PARAGRAPH <= size; at += PARAGRAPH) {
        repair_table(bytes + at, size - at);
    }
}

fuzz_repair_function *const fuzz_repair = repair;

// ---- The second search --------------------------------------------------------------------

static uint32_t rsdp_bytes(const uint8_t *at, size_t left)
{
    if (left < RSDP_OLD_BYTES || memcmp(at, "RSD PTR ", 8) != 0 ||
        !sums_to_zero(at, RSDP_OLD_BYTES)) {
        return 0;
    }
    if (at[RSDP_REVISION] < 2) {
        return RSDP_OLD_BYTES;
    }
    if (left < RSDP_NEW_BYTES) {
        return 0;
    }
    const uint64_t length = at[RSDP_LENGTH] + 256u * at[RSDP_LENGTH + 1] +
                            65536u * at[RSDP_LENGTH + 2] + 16777216ull * at[RSDP_LENGTH + 3];
    const bool good = length >= RSDP_NEW_BYTES && length <= left && length <= RSDP_MOST &&
                      sums_to_zero(at, (size_t)length);
    return good ? RSDP_NEW_BYTES : 0;
}

static bool is_smbios(const uint8_t *at, size_t left)
{
    return left >= SM_BYTES && memcmp(at, "_SM_", 4) == 0 && at[SM_LENGTH] >= SM_LEAST &&
           at[SM_LENGTH] <= SM_MOST && at[SM_LENGTH] <= left && sums_to_zero(at, at[SM_LENGTH]) &&
           memcmp(at + SM_DMI, "_DMI_", 5) == 0 && sums_to_zero(at + SM_DMI, SM_DMI_BYTES);
}

static bool is_smbios3(const uint8_t *at, size_t left)
{
    return memcmp(at, "_SM3_", 5) == 0 && at[SM3_LENGTH] >= SM3_LEAST &&
           at[SM3_LENGTH] <= SM_MOST && at[SM3_LENGTH] <= left && sums_to_zero(at, at[SM3_LENGTH]);
}

static void expect(const uint8_t *area, size_t size, struct boot_tables *tables)
{
    memset(tables, 0, sizeof *tables);
    for (size_t at = 0; at < size; at += PARAGRAPH) {
        const uint32_t rsdp = rsdp_bytes(area + at, size - at);
        if (tables->rsdp_physical == 0 && rsdp != 0) {
            tables->rsdp_physical = AREA + at;
            tables->rsdp_size = rsdp;
            memcpy(tables->rsdp, area + at, rsdp);
        }
        if (tables->smbios_physical == 0 && is_smbios(area + at, size - at)) {
            tables->smbios_physical = AREA + at;
        }
        if (tables->smbios3_physical == 0 && is_smbios3(area + at, size - at)) {
            tables->smbios3_physical = AREA + at;
        }
        if (tables->rsdp_physical != 0 && tables->smbios_physical != 0 &&
            area[tables->smbios_physical - AREA + SM_MAJOR] < 3) {
            return; // no 64-bit entry point before SMBIOS 3.0
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct boot_tables expected;
    struct boot_tables found;
    const size_t area_bytes = size / PARAGRAPH * PARAGRAPH;
    uint8_t *area = fuzz_copy(bytes, area_bytes);
    memset(&found, 0, sizeof found);
    firmware_tables_find(area, area_bytes, AREA, &found);
    expect(area, area_bytes, &expected);
    assert_memory_equal(&found, &expected, sizeof found);
    free(area);
    return 0;
}
