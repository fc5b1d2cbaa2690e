// Finds ACPI's and SMBIOS's entry points in memory. Called by gather, which knows where they may
// lie.
#include "firmware_tables.h"

#include <stdbool.h>
#include <string.h>

#define PARAGRAPH 16u

// All signatures have the same second byte, and it is rare: the first test of a paragraph. The
// second test is of the first byte.
#define SECOND_BYTE       'S'
#define RSDP_FIRST_BYTE   'R'
#define SMBIOS_FIRST_BYTE '_'

// ACPI 6.4, table 5.3.
#define RSDP_SIGNATURE         "RSD PTR "
#define RSDP_REVISION          15
#define RSDP_LENGTH            20
#define RSDP_SIZE_1            20u // revision 0
#define RSDP_EXTENDED_REVISION 2
#define RSDP_LENGTH_MAX        4096u

// SMBIOS 3.4, tables 1 and 2. Version 2.1 gave the 32-bit entry point's length as 1Eh by mistake.
#define SMBIOS_SIGNATURE     "_SM_"
#define SMBIOS_LENGTH        5
#define SMBIOS_MAJOR         6
#define SMBIOS_LENGTH_MIN    0x1Eu
#define SMBIOS_SIZE          0x1Fu
#define SMBIOS_DMI           0x10
#define SMBIOS_DMI_SIGNATURE "_DMI_"
#define SMBIOS3_SIGNATURE    "_SM3_"
#define SMBIOS3_LENGTH       6
#define SMBIOS3_LENGTH_MIN   0x18u
#define SMBIOS3_FIRST_MAJOR  3
#define SMBIOS_LENGTH_MAX    0x20u

#define BEGINS_WITH(bytes, signature) (memcmp(bytes, signature, sizeof(signature) - 1) == 0)

/*@ predicate adds_up(uint8_t *bytes, integer count) = sum_of(bytes, count) == 0;
    logic integer number_at(uint8_t *bytes) =
        bytes[0] + 0x100 * bytes[1] + 0x10000 * bytes[2] + 0x1000000 * bytes[3];
    predicate rsdp_at(uint8_t *bytes, integer left, integer size) =
        size <= left && adds_up(bytes, RSDP_SIZE_1) &&
        (bytes[RSDP_REVISION] < RSDP_EXTENDED_REVISION ? size == RSDP_SIZE_1 :
         size == BOOT_RSDP_SIZE_MAX && adds_up(bytes, number_at(bytes + RSDP_LENGTH)) &&
         BOOT_RSDP_SIZE_MAX <= number_at(bytes + RSDP_LENGTH) <= left);
    predicate smbios_at(uint8_t *bytes, integer left) =
        SMBIOS_SIZE <= left && SMBIOS_LENGTH_MIN <= bytes[SMBIOS_LENGTH] <= left &&
        adds_up(bytes, bytes[SMBIOS_LENGTH]) &&
        adds_up(bytes + SMBIOS_DMI, SMBIOS_SIZE - SMBIOS_DMI);
    predicate smbios3_at(uint8_t *bytes, integer left) =
        SMBIOS3_LENGTH_MIN <= bytes[SMBIOS3_LENGTH] <= left &&
        adds_up(bytes, bytes[SMBIOS3_LENGTH]);
    predicate rsdp_kept{K, L}(struct boot_tables *tables) =
        \at(tables->rsdp_physical, K) == \at(tables->rsdp_physical, L) &&
        \at(tables->rsdp_size, K) == \at(tables->rsdp_size, L) &&
        \forall integer i; 0 <= i < 40 ==> \at(tables->rsdp[i], K) == \at(tables->rsdp[i], L);
*/

// Whether `length` is within its bounds and so many bytes add up to 0.
/*@ requires minimum <= length <= maximum ==> \valid_read(bytes + (0 .. length - 1));
    assigns \nothing;
    ensures \result <==> minimum <= length <= maximum && adds_up(bytes, length); */
static bool is_whole(const uint8_t *bytes, uint64_t length, uint64_t minimum, uint64_t maximum)
{
    if (length < minimum || length > maximum) {
        return false;
    }
    uint8_t sum = 0;
    /*@ loop invariant 0 <= i <= length && sum == sum_of(bytes, i);
        loop assigns i, sum;
        loop variant length - i; */
    for (uint64_t i = 0; i < length; i++) {
        sum = (uint8_t)(sum + bytes[i]);
    }
    return sum == 0;
}

/*@ assigns \nothing;
    ensures \result == \min(a, b); */
static uint64_t lesser(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

// The size of the RSDP, 0 when there is none.
/*@ requires left >= PARAGRAPH && left % PARAGRAPH == 0 && \valid_read(bytes + (0 .. left - 1));
    assigns \nothing;
    ensures \result == 0 || rsdp_at(bytes, left, \result); */
static uint32_t rsdp_size(const uint8_t *bytes, uint64_t left)
{
    if (!BEGINS_WITH(bytes, RSDP_SIGNATURE) || !is_whole(bytes, RSDP_SIZE_1, 0, left)) {
        return 0;
    }
    if (bytes[RSDP_REVISION] < RSDP_EXTENDED_REVISION) {
        return RSDP_SIZE_1;
    }
    uint32_t length; // in the area, which is whole paragraphs
    memcpy(&length, bytes + RSDP_LENGTH, sizeof length);
    return is_whole(bytes, length, BOOT_RSDP_SIZE_MAX, lesser(left, RSDP_LENGTH_MAX))
               ? BOOT_RSDP_SIZE_MAX
               : 0;
}

// A paragraph whose second byte is right; `left` bytes of the area from it on.
/*@ requires left >= PARAGRAPH && left % PARAGRAPH == 0 && \valid_read(bytes + (0 .. left - 1));
    requires \valid(tables) && \separated(tables, bytes + (0 .. left - 1));
    assigns *tables;
    ensures \old(tables->rsdp_physical) != 0 ? rsdp_kept{Pre, Post}(tables) :
            tables->rsdp_size == 0 ? tables->rsdp_physical == 0 :
            tables->rsdp_physical == physical && rsdp_at{Pre}(bytes, left, tables->rsdp_size);
    ensures tables->smbios_physical == \old(tables->smbios_physical) ||
            \old(tables->smbios_physical) == 0 && tables->smbios_physical == physical &&
            smbios_at(bytes, left);
    ensures tables->smbios3_physical == \old(tables->smbios3_physical) ||
            \old(tables->smbios3_physical) == 0 && tables->smbios3_physical == physical &&
            smbios3_at(bytes, left); */
static void examine(const uint8_t *bytes, uint64_t left, uint64_t physical,
                    struct boot_tables *tables)
{
    const uint64_t longest = lesser(left, SMBIOS_LENGTH_MAX);
    if (tables->rsdp_physical == 0) {
        tables->rsdp_size = rsdp_size(bytes, left);
        if (tables->rsdp_size != 0) {
            tables->rsdp_physical = physical;
            memcpy(tables->rsdp, bytes, tables->rsdp_size);
        }
    }
    if (tables->smbios_physical == 0 && left >= SMBIOS_SIZE &&
        BEGINS_WITH(bytes, SMBIOS_SIGNATURE) &&
        is_whole(bytes, bytes[SMBIOS_LENGTH], SMBIOS_LENGTH_MIN, longest) &&
        BEGINS_WITH(bytes + SMBIOS_DMI, SMBIOS_DMI_SIGNATURE) &&
        is_whole(bytes + SMBIOS_DMI, SMBIOS_SIZE - SMBIOS_DMI, 0, left)) {
        tables->smbios_physical = physical;
    }
    if (tables->smbios3_physical == 0 && BEGINS_WITH(bytes, SMBIOS3_SIGNATURE) &&
        is_whole(bytes, bytes[SMBIOS3_LENGTH], SMBIOS3_LENGTH_MIN, longest)) {
        tables->smbios3_physical = physical;
    }
}

// The next paragraph that may begin a table, else `end`. A boot looks at thousands: two
// instructions each, sixteen paragraphs a turn.
/*@ requires whole_paragraphs: at <= end && (end - at) % PARAGRAPH == 0;
    requires \base_addr(at) == \base_addr(end) && \valid_read(at + (0 .. end - at - 1));
    assigns \nothing;
    ensures at <= \result <= end && \base_addr(\result) == \base_addr(end) &&
            (end - \result) % PARAGRAPH == 0; */
static const uint8_t *next_candidate(const uint8_t *at, const uint8_t *end)
{
#define MAY_BEGIN(n) (at[(n)*PARAGRAPH + 1] == SECOND_BYTE)
#define MAY_BEGIN_4(n)                                                                             \
    (MAY_BEGIN(n) || MAY_BEGIN((n) + 1) || MAY_BEGIN((n) + 2) || MAY_BEGIN((n) + 3))
    enum { TURN = 16 * PARAGRAPH };
    /*@ loop invariant \at(at, Pre) <= at <= end && \base_addr(at) == \base_addr(end) &&
            (end - at) % PARAGRAPH == 0;
        loop assigns at;
        loop variant end - at; */
    while (end - at >= TURN &&
           !(MAY_BEGIN_4(0) || MAY_BEGIN_4(4) || MAY_BEGIN_4(8) || MAY_BEGIN_4(12))) {
        at += TURN;
    }
    /*@ loop invariant \at(at, Pre) <= at <= end && \base_addr(at) == \base_addr(end) &&
            (end - at) % PARAGRAPH == 0;
        loop assigns at;
        loop variant end - at; */
    while (at != end && !MAY_BEGIN(0)) {
        at += PARAGRAPH;
    }
    return at;
}

// Whether the 32-bit entry point found at `bytes` is from before there were 64-bit ones.
/*@ requires \valid_read(bytes + (0 .. PARAGRAPH - 1)) && \valid_read(tables);
    assigns \nothing; */
static bool is_last_smbios(const uint8_t *bytes, uint64_t physical,
                           const struct boot_tables *tables)
{
    return tables->smbios_physical == physical && bytes[SMBIOS_MAJOR] < SMBIOS3_FIRST_MAJOR;
}

void firmware_tables_find(const uint8_t *area, uint64_t bytes, uint64_t physical,
                          struct boot_tables *tables)
{
    const uint8_t *end = area + bytes;
    bool smbios_done = false;
    /*@ loop invariant area <= at <= end && \base_addr(at) == \base_addr(area) &&
            (at - area) % PARAGRAPH == 0;
        loop assigns at, smbios_done, *tables;
        loop variant end - at; */
    for (const uint8_t *at = next_candidate(area, end); at != end;
         at = next_candidate(at + PARAGRAPH, end)) {
        if (*at != RSDP_FIRST_BYTE && *at != SMBIOS_FIRST_BYTE) {
            continue;
        }
        const uint64_t address = physical + (uint64_t)(at - area);
        examine(at, (uint64_t)(end - at), address, tables);
        smbios_done = smbios_done || is_last_smbios(at, address, tables);
        if (smbios_done && tables->rsdp_physical != 0) {
            break;
        }
    }
}
