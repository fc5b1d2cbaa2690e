// Asks firmware for the memory map. Called once, by main.
#include "firmware_memory.h"

#include "bios_call.h"
#include "bios_data.h"
#include "console.h"
#include "cpuid.h"
#include "memory_layout.h"

#include <stdbool.h>

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)

// INT 15h AX=E820h (ACPI 6.4, 15.1).
#define E820_FUNCTION       0xE820
#define E820_SIGNATURE      0x534D4150u // "SMAP"
#define E820_ENTRY_SIZE     24
#define E820_ENTRY_SIZE_MIN 20 // without the extended attributes, which are ignored

enum e820_type {
    E820_USABLE = 1,
    E820_RESERVED = 2,
    E820_ACPI_RECLAIMABLE = 3,
    E820_ACPI_NVS = 4,
    E820_BAD = 5,
};

struct e820_entry {
    uint64_t base;
    uint64_t length;
    uint32_t type;
    uint32_t attributes;
};

// INT 15h AX=E801h (RBIL): KiB from 1 MiB to 16 MiB, 64 KiB blocks from 16 MiB up.
#define E801_FUNCTION    0xE801
#define E801_LOW_START   MIB
#define E801_HIGH_START  (16u * MIB)
#define E801_LOW_MAX_KIB (15u * KIB)
#define E801_BLOCK       (64u * KIB)

// INT 15h AH=88h (RBIL): KiB from 1 MiB up.
#define EXTENDED_MEMORY_FUNCTION 0x8800

#define EBDA_LOWEST      0x20000u // below this the BIOS data area's word is rubbish
#define CONVENTIONAL_END 0xA0000u // video memory and ROMs from here to 1 MiB

// CPUID (AMD64 APM volume 3, appendix E.4.7): bits of a physical address in EAX, 52 at most.
// Careless hypervisors leave them 0.
#define LEAF_HIGHEST         0x80000000u
#define LEAF_ADDRESS_SIZES   0x80000008u
#define ADDRESS_BITS_MASK    0x3Fu
#define ADDRESS_BITS_LEAST   32u
#define ADDRESS_BITS_DEFAULT 36u

// What lies beyond the CPU's physical addresses cannot be memory, whatever firmware says.
static uint64_t address_limit;

static uint32_t kind_of_e820(uint32_t type)
{
    switch (type) {
    case E820_USABLE:
        return BOOT_MEMORY_USABLE;
    case E820_ACPI_RECLAIMABLE:
        return BOOT_MEMORY_ACPI_RECLAIMABLE;
    case E820_ACPI_NVS:
        return BOOT_MEMORY_ACPI_NVS;
    case E820_BAD:
        return BOOT_MEMORY_BAD;
    default:
        return BOOT_MEMORY_RESERVED;
    }
}

static void find_address_limit(void)
{
    uint32_t bits = 0;
    if (cpuid(LEAF_HIGHEST).eax >= LEAF_ADDRESS_SIZES) {
        bits = cpuid(LEAF_ADDRESS_SIZES).eax & ADDRESS_BITS_MASK;
    }
    address_limit = UINT64_C(1) << (bits >= ADDRESS_BITS_LEAST ? bits : ADDRESS_BITS_DEFAULT);
}

// False when there can be no memory where firmware says it is: then nothing was added.
static bool add(struct memory_map *raw, uint64_t base, uint64_t length, uint32_t kind)
{
    if (memory_kind_is_ram(kind)) {
        if (base >= address_limit) {
            return false;
        }
        if (length > address_limit - base) {
            length = address_limit - base;
        }
    }
    struct message why;
    if (!memory_map_add(raw, base, length, kind, &why)) {
        fatal_message(&why);
    }
    return true;
}

// Whether the list came whole; otherwise `raw` is as it was.
static bool add_e820(struct memory_map *raw)
{
    // One buffer for all entries: some firmware rewrites only what changed.
    static struct e820_entry entry;
    const uint32_t count_before = raw->count;
    bool usable = false;
    uint32_t continuation = 0;
    for (uint32_t entries = 0;; entries++) {
        struct bios_registers registers = {
            .eax = E820_FUNCTION,
            .ebx = continuation,
            .ecx = E820_ENTRY_SIZE,
            .edx = E820_SIGNATURE,
            .edi = real_mode_offset(&entry),
            .es = real_mode_segment(&entry),
        };
        bios_call(BIOS_SYSTEM_SERVICES, &registers);
        if ((registers.flags & BIOS_FLAG_CARRY) != 0) {
            break; // not supported, or past the end
        }
        if (registers.eax != E820_SIGNATURE || registers.ecx < E820_ENTRY_SIZE_MIN) {
            usable = false; // cannot be trusted, nor what came before
            break;
        }
        if (entries == MEMORY_MAP_RAW_MAX) {
            fatal("firmware's memory map (E820) has more than %u entries: update the firmware",
                  (unsigned)MEMORY_MAP_RAW_MAX);
        }
        usable |= add(raw, entry.base, entry.length, kind_of_e820(entry.type)) &&
                  entry.type == E820_USABLE && entry.length != 0;
        continuation = registers.ebx;
        if (continuation == 0) {
            break;
        }
    }
    if (!usable) {
        raw->count = count_before;
    }
    return usable;
}

static bool add_e801(struct memory_map *raw)
{
    struct bios_registers registers = {.eax = E801_FUNCTION};
    bios_call(BIOS_SYSTEM_SERVICES, &registers);
    if ((registers.flags & BIOS_FLAG_CARRY) != 0) {
        return false;
    }
    // "Configured" memory in CX and DX; some firmware fills only AX and BX ("extended").
    uint32_t low_kib = registers.ecx & 0xFFFF;
    uint32_t blocks = registers.edx & 0xFFFF;
    if (low_kib == 0 && blocks == 0) {
        low_kib = registers.eax & 0xFFFF;
        blocks = registers.ebx & 0xFFFF;
    }
    if (low_kib == 0 || low_kib > E801_LOW_MAX_KIB) {
        return false;
    }
    // Less than 15 MiB below 16 MiB: a hole for ISA cards follows, which is not listed.
    add(raw, E801_LOW_START, (uint64_t)low_kib * KIB, BOOT_MEMORY_USABLE);
    add(raw, E801_HIGH_START, (uint64_t)blocks * E801_BLOCK, BOOT_MEMORY_USABLE);
    return true;
}

static bool add_88(struct memory_map *raw)
{
    struct bios_registers registers = {.eax = EXTENDED_MEMORY_FUNCTION};
    bios_call(BIOS_SYSTEM_SERVICES, &registers);
    const uint32_t kib = registers.eax & 0xFFFF;
    if ((registers.flags & BIOS_FLAG_CARRY) != 0 || kib == 0) {
        return false;
    }
    add(raw, MIB, (uint64_t)kib * KIB, BOOT_MEMORY_USABLE);
    return true;
}

// Memory below 1 MiB ends where the extended BIOS data area begins, whatever the map says.
static uint64_t low_memory_end(void)
{
    uint64_t end = (uint64_t)bios_data_word(BDA_LOW_MEMORY_KIB) * KIB;
    const uint64_t ebda = (uint64_t)bios_data_word(BDA_EBDA_SEGMENT) * PARAGRAPH_SIZE;
    if (ebda >= EBDA_LOWEST && ebda < end) {
        end = ebda;
    }
    return end < CONVENTIONAL_END ? end : CONVENTIONAL_END;
}

void firmware_memory_map(struct memory_map *raw)
{
    const uint64_t low_end = low_memory_end();
    find_address_limit();
    if (!add_e820(raw)) {
        add(raw, 0, low_end, BOOT_MEMORY_USABLE);
        if (!add_e801(raw) && !add_88(raw)) {
            fatal("firmware reports no memory: tried INT 15h AX=E820h, AX=E801h and AH=88h; "
                  "update the firmware");
        }
    }
    add(raw, 0, PAGE_SIZE, BOOT_MEMORY_RESERVED); // interrupt vectors and BIOS data area
    add(raw, low_end, MIB - low_end, BOOT_MEMORY_RESERVED);
}
