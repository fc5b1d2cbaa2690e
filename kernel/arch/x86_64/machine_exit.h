// Ends the emulator the kernel runs in, with a status for the test that started it.
#ifndef KERNEL_ARCH_X86_64_MACHINE_EXIT_H
#define KERNEL_ARCH_X86_64_MACHINE_EXIT_H

// What is written to QEMU's isa-debug-exit; QEMU then ends with status 2 * value + 1. No value
// gives 0, the status of a QEMU that ended for any other reason: a reset, a triple fault.
enum machine_exit_status {
    MACHINE_EXIT_SUCCESS = 0x10, // QEMU's status 33
    MACHINE_EXIT_FAILURE = 0x11, // QEMU's status 35
};

// QEMU ends if it has `-device isa-debug-exit,iobase=0xf4,iosize=4`, Bochs ends (with status 1
// always: look at its serial output), any other machine halts.
_Noreturn void machine_exit(enum machine_exit_status status);

#endif
