// The kernel's own segments, instead of the loader's: flat code and data, and a task state segment
// that gives a double fault a stack of its own.
#ifndef KERNEL_ARCH_X86_64_SEGMENTS_H
#define KERNEL_ARCH_X86_64_SEGMENTS_H

#include <stdint.h>

#define SEGMENT_CODE 0x08u
#define SEGMENT_DATA 0x10u
#define SEGMENT_TASK 0x18u

// The entry of the interrupt stack table with the double fault's stack.
#define INTERRUPT_STACK_DOUBLE_FAULT 1u

void segments_initialise(void);

#endif
