// Fuzzes bios/firmware_memory.c with firmware that lies: every answer of INT 15h E820h, E801h and
// 88h comes from the input. What is gathered is compared with a second reading of the same answers.
// Input: KiB of low memory and segment of the EBDA (2 bytes each), which calls are absent and the
// bits of the CPU's addresses (1), registers of E801h (8) and 88h (2), then E820h's answers: form
// (1), base and length (8 each), type (4).
#include "firmware_memory.h"

#include "bios_call.h"
#include "console.h"
#include "fuzz.h"
#include "memory_layout.h"
#include "mock/bios_data.h"
#include "mock/cpuid.h"
#include "unit.h"

#define E820         0xE820u
#define E801         0xE801u
#define SMAP         0x534D4150u
#define CAPACITY     (MEMORY_MAP_RAW_MAX + 8u)
#define KIB          1024ull
#define MIB          (1024 * KIB)
#define VIDEO_MEMORY 0xA0000ull
#define EBDA_LEAST   0x20000ull
#define ISA_KIB_MOST (15 * KIB)
#define ANSWERS_MOST (MEMORY_MAP_RAW_MAX + 2u)
#define ENTRY_BYTES  24u
#define ENTRY_LEAST  20u

// Forms of an answer to E820h. All bits 0: a good one, more to come.
enum { FORM_CARRY = 7, FORM_LAST = 8, FORM_LOST = 16, FORM_SHORT = 32, FORM_WRITES_20 = 64 };

struct entry {
    uint64_t base, length;
    uint32_t type, attributes;
};

// The first byte of the older calls: two bits, then those of CPUID 80000008h in EAX.
enum { NO_E801 = 1, NO_88 = 2, CPU_BITS_SHIFT = 2, CPU_BITS_LEAST = 32, CPU_BITS_UNKNOWN = 36 };
// As many bits as no CPU has: it lacks the leaf.
enum { CPU_BITS_NO_LEAF = 63 };

struct firmware {
    struct fuzz_input input; // of E820h's answers
    uint16_t low_kib, ebda;
    bool no_e801, no_88;
    uint32_t cpu_bits;
    uint16_t ax, bx, cx, dx, ax_88;
    uint8_t *buffer; // the loader's for E820h's entries
    uint32_t asked;
    bool ended; // no answer may be asked for any more
    // What it has said: entries, and whether the list is whole.
    struct entry said[ANSWERS_MOST];
    uint32_t said_count;
    bool spoilt, too_many;
};

static struct firmware firmware;
static struct message line;
static jmp_buf stopped;

// ---- What firmware_memory.c calls -----------------------------------------------------------

uint16_t bios_data_word(uintptr_t address)
{
    assert_true(address == BDA_LOW_MEMORY_KIB || address == BDA_EBDA_SEGMENT);
    return address == BDA_LOW_MEMORY_KIB ? firmware.low_kib : firmware.ebda;
}

struct cpuid cpuid(uint32_t leaf)
{
    const bool has_leaf = firmware.cpu_bits != CPU_BITS_NO_LEAF;
    if (leaf == 0x80000000) {
        return (struct cpuid){.eax = has_leaf ? 0x80000008 : 0x80000007};
    }
    assert_true(has_leaf && leaf == 0x80000008);
    return (struct cpuid){.eax = 0xABCD3000 | firmware.cpu_bits}; // bits of virtual addresses, too
}

uint16_t real_mode_segment(const void *object)
{
    firmware.buffer = (uint8_t *)(uintptr_t)object;
    return 0x1234;
}

uint16_t real_mode_offset(const void *object)
{
    assert_true(firmware.buffer == NULL || firmware.buffer == object);
    return 0x8;
}

_Noreturn void fatal(const char *format, ...)
{
    va_list arguments;
    message_format(&line, "");
    va_start(arguments, format);
    message_append_list(&line, format, arguments);
    va_end(arguments);
    longjmp(stopped, 1);
}

_Noreturn void fatal_message(const struct message *message)
{
    line = *message;
    longjmp(stopped, 1);
}

static void answer_e820(struct bios_registers *registers)
{
    struct entry entry = {.attributes = 0};
    assert_true(registers->edx == SMAP && registers->ecx == ENTRY_BYTES);
    assert_true(registers->es == 0x1234 && registers->edi == 0x8);
    assert_false(firmware.ended);
    assert_int_equal(registers->ebx, firmware.asked);
    assert_true(firmware.asked++ < ANSWERS_MOST);
    const bool exhausted = firmware.input.left == 0;
    const unsigned form = (unsigned)fuzz_number(&firmware.input, 1);
    entry.base = fuzz_number(&firmware.input, 8);
    entry.length = fuzz_number(&firmware.input, 8);
    entry.type = (uint32_t)fuzz_number(&firmware.input, 4);
    registers->eax = (form & FORM_LOST) != 0 ? form : SMAP;
    registers->ecx = (form & FORM_SHORT) != 0 ? ENTRY_LEAST - 1 - form % ENTRY_LEAST : ENTRY_LEAST;
    registers->edx = registers->esi = registers->edi = ~form;
    registers->flags = (form & FORM_CARRY) == FORM_CARRY || exhausted ? BIOS_FLAG_CARRY : 0;
    registers->ebx = (form & FORM_LAST) != 0 ? 0 : firmware.asked;
    memcpy(firmware.buffer, &entry, (form & FORM_WRITES_20) != 0 ? ENTRY_LEAST : ENTRY_BYTES);
    if (registers->flags != 0) {
        firmware.ended = true;
    } else if ((form & (FORM_LOST | FORM_SHORT)) != 0) {
        firmware.ended = firmware.spoilt = true;
    } else if (firmware.said_count == MEMORY_MAP_RAW_MAX) {
        firmware.ended = firmware.too_many = true;
    } else {
        firmware.said[firmware.said_count++] = entry;
        firmware.ended = (form & FORM_LAST) != 0;
    }
}

void bios_call(uint8_t vector, struct bios_registers *registers)
{
    assert_int_equal(vector, BIOS_SYSTEM_SERVICES);
    if ((registers->eax & 0xFFFF) == E820) {
        answer_e820(registers);
    } else if ((registers->eax & 0xFFFF) == E801) {
        registers->flags = firmware.no_e801 ? BIOS_FLAG_CARRY : 0;
        // Upper halves are rubbish.
        registers->eax = 0xABCD0000u | firmware.ax;
        registers->ebx = 0xABCD0000u | firmware.bx;
        registers->ecx = 0xABCD0000u | firmware.cx;
        registers->edx = 0xABCD0000u | firmware.dx;
    } else {
        assert_int_equal(registers->eax & 0xFF00, 0x8800);
        registers->flags = firmware.no_88 ? BIOS_FLAG_CARRY : 0;
        registers->eax = 0xABCD0000u | firmware.ax_88;
    }
}

// ---- A second reading -----------------------------------------------------------------------

struct expected {
    struct memory_map map;
    struct boot_memory_range ranges[CAPACITY];
};

// Where the CPU's physical addresses end.
static uint64_t addressable(void)
{
    const bool sane = firmware.cpu_bits >= CPU_BITS_LEAST && firmware.cpu_bits < CPU_BITS_NO_LEAF;
    return 1ull << (sane ? firmware.cpu_bits : CPU_BITS_UNKNOWN);
}

static void expect(struct expected *expected, uint64_t base, uint64_t length, uint32_t kind)
{
    if (length > UINT64_MAX - base) {
        length = UINT64_MAX - base;
    }
    if (kind != BOOT_MEMORY_RESERVED && kind != BOOT_MEMORY_BAD) { // RAM
        const uint64_t end = base + length < addressable() ? base + length : addressable();
        length = base < end ? end - base : 0;
    }
    if (length != 0) {
        assert_true(expected->map.count < CAPACITY);
        expected->ranges[expected->map.count++] =
            (struct boot_memory_range){.base = base, .length = length, .kind = kind};
    }
}

static uint32_t kind_of(uint32_t type)
{
    static const uint32_t kinds[] = {BOOT_MEMORY_RESERVED, BOOT_MEMORY_USABLE,
                                     BOOT_MEMORY_RESERVED, BOOT_MEMORY_ACPI_RECLAIMABLE,
                                     BOOT_MEMORY_ACPI_NVS, BOOT_MEMORY_BAD};
    return type < sizeof kinds / sizeof kinds[0] ? kinds[type] : BOOT_MEMORY_RESERVED;
}

static bool e820_is_good(void)
{
    bool usable = false;
    for (uint32_t i = 0; i < firmware.said_count; i++) {
        usable |= firmware.said[i].type == 1 && firmware.said[i].length != 0 &&
                  firmware.said[i].base < addressable();
    }
    return usable && !firmware.spoilt;
}

// False when no call says anything.
static bool expect_older_calls(struct expected *expected)
{
    const bool configured = firmware.cx != 0 || firmware.dx != 0;
    const uint64_t kib = configured ? firmware.cx : firmware.ax;
    const uint64_t blocks = configured ? firmware.dx : firmware.bx;
    if (!firmware.no_e801 && kib != 0 && kib <= ISA_KIB_MOST) {
        expect(expected, MIB, kib * KIB, BOOT_MEMORY_USABLE);
        expect(expected, 16 * MIB, blocks * 64 * KIB, BOOT_MEMORY_USABLE);
    } else if (!firmware.no_88 && firmware.ax_88 != 0) {
        expect(expected, MIB, firmware.ax_88 * KIB, BOOT_MEMORY_USABLE);
    } else {
        return false;
    }
    return true;
}

// False when the boot must stop.
static bool expect_all(struct expected *expected)
{
    uint64_t low_end = firmware.low_kib * KIB;
    const uint64_t ebda = firmware.ebda * 16ull;
    low_end = ebda >= EBDA_LEAST && ebda < low_end ? ebda : low_end;
    low_end = low_end < VIDEO_MEMORY ? low_end : VIDEO_MEMORY;
    expected->map = (struct memory_map){.ranges = expected->ranges};
    if (firmware.too_many) {
        return false;
    }
    if (e820_is_good()) {
        for (uint32_t i = 0; i < firmware.said_count; i++) {
            const struct entry *entry = &firmware.said[i];
            expect(expected, entry->base, entry->length, kind_of(entry->type));
        }
    } else {
        expect(expected, 0, low_end, BOOT_MEMORY_USABLE);
        if (!expect_older_calls(expected)) {
            return false;
        }
    }
    expect(expected, 0, PAGE_SIZE, BOOT_MEMORY_RESERVED);
    expect(expected, low_end, MIB - low_end, BOOT_MEMORY_RESERVED);
    return true;
}

static void read_firmware(struct fuzz_input *input)
{
    memset(&firmware, 0, sizeof firmware);
    firmware.low_kib = (uint16_t)fuzz_number(input, 2);
    firmware.ebda = (uint16_t)fuzz_number(input, 2);
    const unsigned absent = (unsigned)fuzz_number(input, 1);
    firmware.no_e801 = (absent & NO_E801) != 0;
    firmware.no_88 = (absent & NO_88) != 0;
    firmware.cpu_bits = absent >> CPU_BITS_SHIFT;
    firmware.ax = (uint16_t)fuzz_number(input, 2);
    firmware.bx = (uint16_t)fuzz_number(input, 2);
    firmware.cx = (uint16_t)fuzz_number(input, 2);
    firmware.dx = (uint16_t)fuzz_number(input, 2);
    firmware.ax_88 = (uint16_t)fuzz_number(input, 2);
    firmware.input = *input;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct fuzz_input input = {bytes, size};
    static struct boot_memory_range ranges[CAPACITY];
    static struct expected expected;
    static struct memory_map raw;
    read_firmware(&input);
    raw = (struct memory_map){.capacity = CAPACITY, .ranges = ranges};
    if (setjmp(stopped) == 0) {
        firmware_memory_map(&raw);
        assert_true(expect_all(&expected));
        assert_int_equal(raw.count, expected.map.count);
        assert_memory_equal(ranges, expected.ranges, raw.count * sizeof ranges[0]);
    } else {
        fuzz_check_refusal(&line);
        assert_false(expect_all(&expected));
    }
    return 0;
}
