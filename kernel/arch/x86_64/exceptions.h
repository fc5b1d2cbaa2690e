// The CPU's exceptions: each one ends the kernel with a report instead of a triple fault.
#ifndef KERNEL_ARCH_X86_64_EXCEPTIONS_H
#define KERNEL_ARCH_X86_64_EXCEPTIONS_H

#include "firstlight/boot_info.h"

#include <stdint.h>

#define EXCEPTION_COUNT       32u
#define EXCEPTION_ENTRY_BYTES 16u // of each entry in exception_entry.asm

// What exception_entry.asm leaves on the stack, from the lowest address up.
struct exception_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
    uint64_t rdi, rsi, rbp, rdx, rcx, rbx, rax;
    uint64_t vector;
    uint64_t error_code; // 0 where the CPU has none
    uint64_t rip, cs, rflags, rsp, ss;
};

// Takes over segments and interrupt table. `info` tells where the stack's guard page is.
void exceptions_initialise(const struct boot_info *info);

// Called by exception_entry.asm.
_Noreturn void exception_report(const struct exception_frame *frame);

#endif
