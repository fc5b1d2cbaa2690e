// Recurses until the stack is full: the write that overflows it must fault in the guard page, with
// every page of the stack below used and nothing beside it harmed. Prints how deep it came.
// Source: Intel SDM volume 3A, 6.14 (IST), 7.7 (TSS in 64-bit mode).
#include "arch/x86_64/machine_exit.h"
#include "console/console.h"
#include "idt.h"
#include "kernel.h"
#include "lib/string.h"
#include "panic.h"

#define FRAME_BYTES        UINT64_C(1024) // less than a guard page: no step passes over it
#define CODE_SELECTOR      0x08u
#define TSS_SELECTOR       0x18u
#define CODE_DESCRIPTOR    UINT64_C(0x00AF9A000000FFFF)
#define DATA_DESCRIPTOR    UINT64_C(0x00CF92000000FFFF)
#define TSS_TYPE           UINT64_C(0x89) // present, available 64-bit TSS
#define FIRST_STACK        1u             // of the interrupt stack table
#define VECTOR_PAGE_FAULT  14u
#define FAULT_WRITE        2u
#define HANDLER_STACK_SIZE 8192u

struct __attribute__((packed)) task_state {
    uint32_t reserved;
    uint64_t ring_stacks[3];
    uint64_t reserved_too;
    uint64_t interrupt_stacks[7];
    uint8_t rest[12];
};
_Static_assert(sizeof(struct task_state) == 104, "a 64-bit TSS is 104 bytes");

static struct task_state task;
static uint64_t descriptors[5];
static struct gate gates[VECTOR_PAGE_FAULT + 1];
_Alignas(16) static uint8_t handler_stack[HANDLER_STACK_SIZE];
static const struct boot_info *boot_info;
static struct boot_info saved_info;
static uint64_t deepest;
static unsigned depth;

void page_fault_entry(void);
_Noreturn void page_fault(uint64_t error_code, uint64_t instruction, uint64_t address);

__asm__(".pushsection .text.page_fault_entry, \"ax\"\n"
        ".globl page_fault_entry\n"
        "page_fault_entry:\n"
        "    popq %rdi\n"
        "    movq (%rsp), %rsi\n"
        "    movq %cr2, %rdx\n"
        "    andq $-16, %rsp\n"
        "    call page_fault\n"
        ".popsection\n");

_Noreturn void page_fault(uint64_t error_code, uint64_t instruction, uint64_t address)
{
    const struct boot_info *info = boot_info;
    if (error_code != FAULT_WRITE || address >= info->stack_bottom ||
        address < info->stack_bottom - info->stack_guard_size) {
        panic("page fault %llx at %llx, address %llx: not the guard page",
              (unsigned long long)error_code, (unsigned long long)instruction,
              (unsigned long long)address);
    }
    // The last frame that was written lies in the lowest page of the stack.
    ASSERT(deepest >= info->stack_bottom && deepest - info->stack_bottom <= 2 * FRAME_BYTES);
    const uint64_t bytes = info->stack_top - info->stack_bottom;
    ASSERT(depth >= bytes / (FRAME_BYTES + FRAME_BYTES / 4) && depth <= bytes / FRAME_BYTES);
    ASSERT(memcmp(info, &saved_info, sizeof saved_info) == 0);
    kprintf("the stack ends in its guard page, %u frames deep\n", depth);
    machine_exit(MACHINE_EXIT_SUCCESS);
}

static void prepare_fault_handler(void)
{
    const uint64_t base = (uint64_t)&task;
    task.interrupt_stacks[FIRST_STACK - 1] = (uint64_t)(handler_stack + HANDLER_STACK_SIZE);
    descriptors[1] = CODE_DESCRIPTOR;
    descriptors[2] = DATA_DESCRIPTOR;
    descriptors[3] =
        (sizeof task - 1) | (base & 0xFFFFFF) << 16 | TSS_TYPE << 40 | (base >> 24 & 0xFF) << 56;
    descriptors[4] = base >> 32;
    const uint64_t entry = (uint64_t)page_fault_entry;
    gates[VECTOR_PAGE_FAULT] = (struct gate){
        .offset_low = (uint16_t)entry,
        .selector = CODE_SELECTOR,
        .stack = FIRST_STACK,
        .type = INTERRUPT_GATE,
        .offset_middle = (uint16_t)(entry >> 16),
        .offset_high = (uint32_t)(entry >> 32),
    };
    const struct descriptor_table gdt = {sizeof descriptors - 1, descriptors};
    const struct descriptor_table idt = {sizeof gates - 1, gates};
    __asm__ volatile("lgdt %0\n\tlidt %1\n\tltr %w2"
                     :
                     : "m"(gdt), "m"(idt), "r"(TSS_SELECTOR)
                     : "memory");
}

__attribute__((noinline)) static uint64_t recurse(uint64_t value)
{
    volatile uint8_t frame[FRAME_BYTES];
    frame[0] = (uint8_t)value;
    deepest = (uint64_t)frame;
    depth++;
    const uint64_t below = value == UINT64_MAX ? 0 : recurse(value + 1);
    return below + frame[0]; // behind the call: it is no jump
}

_Noreturn void kernel_main(const struct boot_info *info)
{
    console_initialise(info);
    boot_info = info;
    memcpy(&saved_info, info, sizeof saved_info);
    prepare_fault_handler();
    panic("the recursion came back with %llu", (unsigned long long)recurse(0));
}
