// A position-independent kernel: pointers in its data are right wherever it lies, those that need
// not change any more are read-only (RELRO), and the slide is what boot_info says. Prints the
// slide.
#include "arch/x86_64/machine_exit.h"
#include "check_info.h"
#include "console/console.h"
#include "fault_probe.h"
#include "kernel.h"
#include "lib/string.h"
#include "page_walk.h"
#include "panic.h"

#ifdef UNMOVED
#include <firstlight/boot_request.h>
BOOT_REQUEST(.flags = BOOT_REQUEST_NO_RANDOMISATION);
#endif

#define WRITE_TO_READ_ONLY (FAULT_PRESENT | FAULT_WRITE)

struct entry {
    const char *name;
    int (*function)(void);
    const struct entry *other;
    uint64_t number;
};

static int one(void)
{
    return 1;
}

static int two(void)
{
    return 2;
}

// Relocated, then read-only; and relocated, then writable.
static const struct entry constant[] = {
    {"one", one, &constant[1], 0x1111111111111111},
    {"two", two, &constant[0], 0x2222222222222222},
};
static struct entry variable[] = {
    {"one", one, &constant[1], 0x3333333333333333},
    {"two", two, &variable[0], 0x4444444444444444},
};
static uint64_t zeroed[1000];

// The address as the instruction pointer gives it, without any relocation.
#define BY_INSTRUCTION(symbol)                                                                     \
    ({                                                                                             \
        uint64_t address_;                                                                         \
        __asm__("leaq " #symbol "(%%rip), %0" : "=r"(address_) : "m"(symbol));                     \
        address_;                                                                                  \
    })

static void check_entry(const volatile struct entry *entry, const char *name, int number,
                        uint64_t pattern)
{
    ASSERT(strlen(entry->name) == 3 && memcmp(entry->name, name, 3) == 0);
    ASSERT(entry->function() == number);
    ASSERT(entry->number == pattern);
}

static void check_pointers(void)
{
    check_entry(&constant[0], "one", 1, 0x1111111111111111);
    check_entry(&constant[1], "two", 2, 0x2222222222222222);
    check_entry(&variable[0], "one", 1, 0x3333333333333333);
    check_entry(&variable[1], "two", 2, 0x4444444444444444);
    const volatile struct entry *table = constant;
    ASSERT((uint64_t)table[1].other == BY_INSTRUCTION(constant));
    ASSERT((uint64_t)((volatile struct entry *)variable)[1].other == BY_INSTRUCTION(variable));
    for (unsigned i = 0; i < sizeof zeroed / sizeof *zeroed; i++) {
        ASSERT(((volatile uint64_t *)zeroed)[i] == 0);
    }
}

static void check_relro(void)
{
    for (uint64_t byte = 0; byte < sizeof constant; byte += 8) {
        const struct fault fault = fault_probe(ACCESS_WRITE, (uint64_t)constant + byte);
        ASSERT(fault.happened && fault.vector == VECTOR_PAGE_FAULT);
        ASSERT(fault.error_code == WRITE_TO_READ_ONLY);
        ASSERT(fault.address == (uint64_t)constant + byte);
    }
    ASSERT(!fault_probe(ACCESS_WRITE, (uint64_t)&variable[0].number).happened);
    ASSERT(!fault_probe(ACCESS_WRITE, (uint64_t)&zeroed[999]).happened);
    ASSERT(fault_probe(ACCESS_EXECUTE, (uint64_t)&variable).happened);
    ASSERT(fault_probe(ACCESS_WRITE, (uint64_t)one).happened);
}

_Noreturn void kernel_main(const struct boot_info *info)
{
    console_initialise(info);
    fault_probe_initialise();
    check_pointers();
    check_relro();
    check_boot_info(info);
    kprintf("slide %llx base %llx physical %llx\n", (unsigned long long)info->kernel_slide,
            (unsigned long long)info->kernel_virtual_base,
            (unsigned long long)info->kernel_physical_base);
    machine_exit(MACHINE_EXIT_SUCCESS);
}
