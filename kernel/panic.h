// The end of a kernel that cannot go on: says file, line, why and who called, on both consoles.
#ifndef KERNEL_PANIC_H
#define KERNEL_PANIC_H

// panic(format, ...): prints `panic: file:line: message` and stops.
#define panic(...) panic_at(__FILE__, __LINE__, __VA_ARGS__)

// Stops when the condition does not hold; in every build, release too.
#define ASSERT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            panic("assertion failed: %s", #condition);                                             \
        }                                                                                          \
    } while (0)

_Noreturn void panic_at(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// What every report begins and ends with: sets the colour and prints `panic: `; stops.
void panic_begin(void);
_Noreturn void panic_end(void);

// From here on a panic ends the emulator with the status for failure, instead of halting. In
// kernels built for a test it always does.
void panic_exits_machine(void);

#endif
