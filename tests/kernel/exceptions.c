// Provokes the exception that its command line names; test_exceptions.py reads the report.
#include "arch/x86_64/exceptions.h"

#include "arch/x86_64/descriptor_table.h"
#include "backtrace.h"
#include "console/console.h"
#include "kernel.h"
#include "lib/command_line.h"
#include "panic.h"

#include <stddef.h>
#include <stdint.h>

#define UNMAPPED      UINT64_C(0x0000123400005678)
#define NOT_CANONICAL UINT64_C(0x8000000000000000)
#define FRAME_BYTES   1024u // less than a guard page: no step passes over it

// What lies in a gate: type and present bit, and the parts of the entry's address.
#define GATE_BYTES          16u
#define GATE_TYPE_OFFSET    5u
#define GATE_INTERRUPT      0x8Eu
#define GATE_SELECTOR_SHIFT 16

// A function of its own, for the backtrace to name.
#define PROVOCATION __attribute__((noinline)) static void

static const char constant[] = "constant";
static volatile int one = 1;
static volatile int zero;

PROVOCATION divide(void)
{
    kprintf("%d\n", one / zero);
}

PROVOCATION read_nothing(void)
{
    kprintf("%d\n", *(volatile int *)UNMAPPED);
}

PROVOCATION write_constant(void)
{
    *(volatile char *)(uintptr_t)constant = 'C';
}

PROVOCATION execute_data(void)
{
    ((void (*)(void))(uintptr_t)constant)();
}

PROVOCATION invalid_opcode(void)
{
    __asm__ volatile("ud2");
}

PROVOCATION protection(void)
{
    *(volatile char *)NOT_CANONICAL = 0;
}

// By way of RBP an address that is not canonical is the stack segment's fault.
PROVOCATION stack_segment(void)
{
    __asm__ volatile("pushq %%rbp\n\t"
                     "movq %0, %%rbp\n\t"
                     "movb $0, (%%rbp)\n\t"
                     "popq %%rbp"
                     :
                     : "r"(NOT_CANONICAL)
                     : "memory");
}

PROVOCATION breakpoint(void)
{
    __asm__ volatile("int3");
}

// Every register holds its own number.
PROVOCATION registers(void)
{
    __asm__ volatile("movq $0x1111111111111111, %rax\n\t"
                     "movq $0x2222222222222222, %rbx\n\t"
                     "movq $0x3333333333333333, %rcx\n\t"
                     "movq $0x4444444444444444, %rdx\n\t"
                     "movq $0x5555555555555555, %rsi\n\t"
                     "movq $0x6666666666666666, %rdi\n\t"
                     "movq $0x7777777777777777, %rbp\n\t"
                     "movq $0x8888888888888888, %r8\n\t"
                     "movq $0x9999999999999999, %r9\n\t"
                     "movq $0x1010101010101010, %r10\n\t"
                     "movq $0x1212121212121212, %r11\n\t"
                     "movq $0x1313131313131313, %r12\n\t"
                     "movq $0x1414141414141414, %r13\n\t"
                     "movq $0x1515151515151515, %r14\n\t"
                     "movq $0x1616161616161616, %r15\n\t"
                     "ud2");
}

__attribute__((noinline)) static uint64_t recurse(uint64_t value)
{
    volatile uint8_t frame[FRAME_BYTES];
    frame[0] = (uint8_t)value;
    const uint64_t below = value == UINT64_MAX ? 0 : recurse(value + 1);
    return below + frame[0]; // behind the call: it is no jump
}

PROVOCATION overflow_stack(void)
{
    kprintf("%llu\n", (unsigned long long)recurse(0));
}

// All gates are there and lead to different places in this code segment.
static void check_table(void)
{
    struct descriptor_table table;
    uint16_t code;
    __asm__ volatile("sidt %0\n\tmovw %%cs, %1" : "=m"(table), "=r"(code));
    ASSERT(table.limit == EXCEPTION_COUNT * GATE_BYTES - 1);
    const uint8_t *gates = table.base;
    uint64_t before = 0;
    for (unsigned vector = 0; vector < EXCEPTION_COUNT; vector++) {
        const uint8_t *gate = gates + (size_t)vector * GATE_BYTES;
        const uint64_t low = *(const uint64_t *)gate;
        const uint64_t entry =
            (low & 0xFFFF) | (low >> 32 & 0xFFFF0000) | *(const uint64_t *)(gate + 8) << 32;
        ASSERT(gate[GATE_TYPE_OFFSET] == GATE_INTERRUPT);
        ASSERT((uint16_t)(low >> GATE_SELECTOR_SHIFT) == code);
        ASSERT(entry > before);
        before = entry;
    }
}

static const struct {
    const char *word;
    void (*provoke)(void);
} provocations[] = {
    {"divide", divide},           {"read", read_nothing},     {"write", write_constant},
    {"execute", execute_data},    {"opcode", invalid_opcode}, {"protection", protection},
    {"stack", stack_segment},     {"breakpoint", breakpoint}, {"registers", registers},
    {"overflow", overflow_stack},
};

__attribute__((noinline)) static void provoke(const struct boot_info *info)
{
    for (size_t i = 0; i < sizeof provocations / sizeof provocations[0]; i++) {
        if (command_line_has_word(info->command_line, (size_t)info->command_line_length,
                                  provocations[i].word)) {
            provocations[i].provoke();
        }
    }
    panic("nothing happened");
}

_Noreturn void kernel_main(const struct boot_info *info)
{
    console_initialise(info);
    backtrace_initialise(info);
    exceptions_initialise(info);
    check_table();
    kprintf("constant %016llx\n", (unsigned long long)constant);
    provoke(info);
    panic("it came back");
}
