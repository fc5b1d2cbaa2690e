// Unit tests of bootloader/bios/firmware_memory.c: what is believed of memory beyond the addresses
// that the CPU says it has. The fuzz target of the same name holds all other answers against an
// oracle.
#include "firmware_memory.h"

#include "bios_call.h"
#include "console.h"
#include "memory_layout.h"
#include "mock/bios_data.h"
#include "mock/cpuid.h"
#include "unit.h"

#define MIB      0x100000ull
#define GIB      0x40000000ull
#define E820     0xE820u
#define E801     0xE801u
#define SMAP     0x534D4150u
#define CAPACITY (MEMORY_MAP_RAW_MAX + 8u)

enum { LOW_KIB = 639, E801_LOW_KIB = 15 * 1024, E801_BLOCKS = 16, USABLE = 1 };

struct entry {
    uint64_t base, length;
    uint32_t type, attributes;
};

// The machine: what CPUID says of addresses, and a list of entries; E801h is always good.
static uint32_t highest_leaf, address_sizes;
static const struct entry *entries;
static uint32_t entry_count, cpuid_calls;
static uint8_t *buffer;

static struct boot_memory_range ranges[CAPACITY];
static struct memory_map raw;

uint16_t bios_data_word(uintptr_t address)
{
    return address == BDA_LOW_MEMORY_KIB ? LOW_KIB : 0;
}

struct cpuid cpuid(uint32_t leaf)
{
    cpuid_calls++;
    return (struct cpuid){.eax = leaf == 0x80000000 ? highest_leaf : address_sizes};
}

uint16_t real_mode_segment(const void *object)
{
    buffer = (uint8_t *)(uintptr_t)object;
    return 0;
}

uint16_t real_mode_offset(const void *object)
{
    (void)object;
    return 0;
}

_Noreturn void fatal(const char *format, ...)
{
    fail_msg("%s", format);
    abort();
}

_Noreturn void fatal_message(const struct message *message)
{
    fail_msg("%s", message->text);
    abort();
}

void bios_call(uint8_t vector, struct bios_registers *registers)
{
    assert_int_equal(vector, BIOS_SYSTEM_SERVICES);
    registers->flags = 0;
    if (registers->eax == E820) {
        const uint32_t at = registers->ebx;
        assert_true(at < entry_count);
        memcpy(buffer, &entries[at], sizeof entries[at]);
        registers->eax = SMAP;
        registers->ebx = at + 1 < entry_count ? at + 1 : 0;
    } else {
        assert_int_equal(registers->eax, E801);
        registers->ecx = E801_LOW_KIB;
        registers->edx = E801_BLOCKS;
    }
}

static void ask(const struct entry *list, uint32_t count)
{
    entries = list;
    entry_count = count;
    cpuid_calls = 0;
    raw = (struct memory_map){.capacity = CAPACITY, .ranges = ranges};
    firmware_memory_map(&raw);
}

static void assert_range(uint32_t at, uint64_t base, uint64_t length)
{
    assert_true(at < raw.count);
    assert_int_equal(ranges[at].base, base);
    assert_int_equal(ranges[at].length, length);
    assert_int_equal(ranges[at].kind, BOOT_MEMORY_USABLE);
}

// Where a range ends that begins at 1 MiB and has no end of its own.
static uint64_t believed_end(uint32_t leaf, uint32_t sizes)
{
    static const struct entry all[] = {{MIB, UINT64_MAX - MIB, USABLE, 0}};
    highest_leaf = leaf;
    address_sizes = sizes;
    ask(all, 1);
    assert_int_equal(ranges[0].base, MIB);
    return ranges[0].base + ranges[0].length;
}

static void the_cpu_says_where_memory_ends(void **state)
{
    (void)state;
    assert_int_equal(believed_end(0x80000008, 0x3020), 4 * GIB);
    assert_int_equal(believed_end(0x80000008, 0x3028), 1024 * GIB);
    assert_int_equal(believed_end(0x8000001F, 0x3934), UINT64_C(1) << 52);
}

static void a_cpu_that_does_not_say_has_36_bits(void **state)
{
    (void)state;
    assert_int_equal(believed_end(0x80000007, 0x3028), 64 * GIB);
    assert_int_equal(believed_end(0x80000008, 0), 64 * GIB);
    assert_int_equal(believed_end(0x80000008, 0x301F), 64 * GIB);
}

static void cpuid_is_asked_once(void **state)
{
    (void)state;
    static const struct entry list[] = {
        {0, 639ull * 1024, USABLE, 0}, {MIB, 63 * MIB, USABLE, 0}, {64 * MIB, MIB, USABLE, 0}};
    highest_leaf = 0x80000008;
    address_sizes = 0x3028;
    ask(list, 3);
    assert_int_equal(cpuid_calls, 2); // the highest leaf, and that of the addresses
}

static void a_list_with_memory_only_where_none_can_be_is_not_believed(void **state)
{
    (void)state;
    static const struct entry list[] = {{64 * GIB, GIB, USABLE, 0}, {128 * GIB, GIB, USABLE, 0}};
    highest_leaf = 0x80000008;
    address_sizes = 0x3024;
    ask(list, 2);
    assert_range(0, 0, LOW_KIB * 1024ull);
    assert_range(1, MIB, 15 * MIB);
    assert_range(2, 16 * MIB, MIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cpu_says_where_memory_ends),
        cmocka_unit_test(a_cpu_that_does_not_say_has_36_bits),
        cmocka_unit_test(cpuid_is_asked_once),
        cmocka_unit_test(a_list_with_memory_only_where_none_can_be_is_not_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
