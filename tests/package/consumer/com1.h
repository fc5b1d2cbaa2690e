// Printing on COM1 and ending QEMU, for the consumer's kernels in C and C++.
#ifndef CONSUMER_COM1_H
#define CONSUMER_COM1_H

#define COM1      0x3f8
#define EXIT_PORT 0xf4 // QEMU's isa-debug-exit
#define SUCCESS   0x10

static inline void write_port(unsigned short port, unsigned char value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void print(const char *text)
{
    for (; *text != '\0'; text++) {
        write_port(COM1, (unsigned char)*text);
    }
}

static inline void leave(void)
{
    write_port(EXIT_PORT, SUCCESS);
    for (;;) {
        __asm__ volatile("cli; hlt");
    }
}

#endif
