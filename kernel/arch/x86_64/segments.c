// Builds and loads the global descriptor table; called by exceptions.c.
// Source: Intel SDM volume 3A, 3.4.5 (descriptors), 7.2.3 and 7.7 (64-bit TSS).
#include "arch/x86_64/segments.h"

#include "arch/x86_64/descriptor_table.h"

#define CODE_DESCRIPTOR UINT64_C(0x00AF9B000000FFFF) // 64-bit, ring 0, execute and read
#define DATA_DESCRIPTOR UINT64_C(0x00CF93000000FFFF) // ring 0, read and write
#define TASK_TYPE       UINT64_C(0x89)               // present, available 64-bit TSS

#define STACK_BYTES 8192u

struct __attribute__((packed)) task_state {
    uint32_t reserved_0;
    uint64_t ring_stacks[3];
    uint64_t reserved_1;
    uint64_t interrupt_stacks[7]; // the interrupt stack table's entries 1 to 7
    uint64_t reserved_2;
    uint16_t reserved_3;
    uint16_t io_map; // beyond the limit: none
};
_Static_assert(sizeof(struct task_state) == 104, "the SDM's figure 7-11");

static struct task_state task = {.io_map = sizeof(struct task_state)};
static uint64_t descriptors[] = {
    0, CODE_DESCRIPTOR, DATA_DESCRIPTOR, 0, 0 // the last two are the TSS's
};
_Alignas(16) static uint8_t double_fault_stack[STACK_BYTES];

void segments_load(const struct descriptor_table *gdt, unsigned code, unsigned data, unsigned task);

void segments_initialise(void)
{
    const uint64_t base = (uint64_t)&task;
    task.interrupt_stacks[INTERRUPT_STACK_DOUBLE_FAULT - 1] =
        (uint64_t)(double_fault_stack + sizeof double_fault_stack);
    uint64_t *descriptor = &descriptors[SEGMENT_TASK / sizeof descriptors[0]];
    descriptor[0] =
        (sizeof task - 1) | (base & 0xFFFFFF) << 16 | TASK_TYPE << 40 | (base >> 24 & 0xFF) << 56;
    descriptor[1] = base >> 32;
    const struct descriptor_table gdt = {sizeof descriptors - 1, descriptors};
    segments_load(&gdt, SEGMENT_CODE, SEGMENT_DATA, SEGMENT_TASK);
}
