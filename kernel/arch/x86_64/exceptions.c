// The interrupt descriptor table and the report of an exception. To handle one instead, or to take
// interrupts, is where a kernel of your own goes on: exception_report is called with everything
// saved, and exception_entry.asm would have to restore it and return.
// Source: Intel SDM volume 3A, 6.14.1 (gates), 6.15 (exceptions), 4.7 (page-fault error code).
#include "arch/x86_64/exceptions.h"

#include "arch/x86_64/descriptor_table.h"
#include "arch/x86_64/segments.h"
#include "backtrace.h"
#include "console/console.h"
#include "panic.h"

#define INTERRUPT_GATE 0x8Eu // present, ring 0, 64-bit interrupt gate

#define VECTOR_DOUBLE_FAULT 8u
#define VECTOR_PAGE_FAULT   14u

#define PAGE_FAULT_PRESENT 1u
#define PAGE_FAULT_WRITE   2u
#define PAGE_FAULT_FETCH   16u

struct gate {
    uint16_t offset_low;
    uint16_t selector;
    uint8_t stack; // entry of the interrupt stack table, 0: the one in use
    uint8_t type;
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};
_Static_assert(sizeof(struct gate) == 16, "a gate of the 64-bit IDT is 16 bytes");

static const char *const names[EXCEPTION_COUNT] = {
    [0] = "divide error",
    [1] = "debug exception",
    [2] = "non-maskable interrupt",
    [3] = "breakpoint",
    [4] = "overflow",
    [5] = "bound range exceeded",
    [6] = "invalid opcode",
    [7] = "no floating-point unit",
    [VECTOR_DOUBLE_FAULT] = "double fault",
    [9] = "coprocessor segment overrun",
    [10] = "invalid task state segment",
    [11] = "segment not present",
    [12] = "stack-segment fault",
    [13] = "general protection fault",
    [VECTOR_PAGE_FAULT] = "page fault",
    [16] = "x87 floating-point error",
    [17] = "misaligned memory access",
    [18] = "machine check",
    [19] = "SIMD floating-point error",
    [20] = "virtualisation exception",
    [21] = "control protection exception",
    [28] = "hypervisor injection exception",
    [29] = "VMM communication exception",
    [30] = "security exception",
};

extern const uint8_t exception_entries[];

static struct gate gates[EXCEPTION_COUNT];
static uint64_t guard_start;
static uint64_t guard_end;

void exceptions_initialise(const struct boot_info *info)
{
    guard_start = info->stack_bottom - info->stack_guard_size;
    guard_end = info->stack_bottom;
    segments_initialise();
    for (unsigned vector = 0; vector < EXCEPTION_COUNT; vector++) {
        const uint64_t entry =
            (uint64_t)exception_entries + (uint64_t)vector * EXCEPTION_ENTRY_BYTES;
        gates[vector] = (struct gate){
            .offset_low = (uint16_t)entry,
            .selector = SEGMENT_CODE,
            .stack = vector == VECTOR_DOUBLE_FAULT ? INTERRUPT_STACK_DOUBLE_FAULT : 0,
            .type = INTERRUPT_GATE,
            .offset_middle = (uint16_t)(entry >> 16),
            .offset_high = (uint32_t)(entry >> 32),
        };
    }
    const struct descriptor_table idt = {sizeof gates - 1, gates};
    __asm__ volatile("lidt %0" : : "m"(idt));
}

static uint64_t read_cr2(void)
{
    uint64_t value;
    __asm__ volatile("movq %%cr2, %0" : "=r"(value));
    return value;
}

static uint64_t read_cr3(void)
{
    uint64_t value;
    __asm__ volatile("movq %%cr3, %0" : "=r"(value));
    return value;
}

static void print_page_fault(uint64_t error_code, uint64_t address)
{
    const char *access = "read";
    if (error_code & PAGE_FAULT_FETCH) {
        access = "execution";
    } else if (error_code & PAGE_FAULT_WRITE) {
        access = "write";
    }
    kprintf("%s at %016llx: %s\n", access, (unsigned long long)address,
            error_code & PAGE_FAULT_PRESENT ? "the page does not allow it" : "no page there");
}

// The reason, where the CPU tells more than the vector. A full stack is a double fault: the page
// fault of the guard page finds no stack to report on.
static void print_details(const struct exception_frame *frame, uint64_t address)
{
    if (frame->vector == VECTOR_PAGE_FAULT) {
        print_page_fault(frame->error_code, address);
    }
    if (frame->vector == VECTOR_DOUBLE_FAULT && address >= guard_start && address < guard_end) {
        kprintf("the stack is full\n");
    }
}

static void print_registers(const struct exception_frame *frame, uint64_t address)
{
    const struct {
        char name[4];
        uint64_t value;
    } registers[] = {
        {"rax", frame->rax}, {"rbx", frame->rbx}, {"rcx", frame->rcx}, {"rdx", frame->rdx},
        {"rsi", frame->rsi}, {"rdi", frame->rdi}, {"rbp", frame->rbp}, {"rsp", frame->rsp},
        {"r8", frame->r8},   {"r9", frame->r9},   {"r10", frame->r10}, {"r11", frame->r11},
        {"r12", frame->r12}, {"r13", frame->r13}, {"r14", frame->r14}, {"r15", frame->r15},
        {"rip", frame->rip}, {"cr2", address},    {"cr3", read_cr3()},
    };
    const unsigned count = sizeof registers / sizeof registers[0];
    for (unsigned i = 0; i < count; i++) {
        kprintf("%-3s %016llx%s", registers[i].name, (unsigned long long)registers[i].value,
                i % 3 == 2 ? "\n" : "  ");
    }
    kprintf("rflags %llx  cs %llx  ss %llx\n", (unsigned long long)frame->rflags,
            (unsigned long long)frame->cs, (unsigned long long)frame->ss);
}

_Noreturn void exception_report(const struct exception_frame *frame)
{
    panic_begin();
    const uint64_t address = read_cr2();
    const char *name = names[frame->vector];
    kprintf("%s (vector %llu, error code %llx)\n", name != NULL ? name : "reserved exception",
            (unsigned long long)frame->vector, (unsigned long long)frame->error_code);
    print_details(frame, address);
    print_registers(frame, address);
    backtrace_print(frame->rip, frame->rbp);
    panic_end();
}
