// The end of every way through the kernel.
#ifndef KERNEL_ARCH_X86_64_HALT_H
#define KERNEL_ARCH_X86_64_HALT_H

// Stops this CPU. In a loop, because an NMI or an SMI wakes it.
static inline _Noreturn void halt_for_ever(void)
{
    for (;;) {
        __asm__ volatile("cli\n\thlt" : : : "memory");
    }
}

#endif
