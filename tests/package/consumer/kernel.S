// Prints its name, in assembly for Clang.
#define COM1 0x3f8
#define EXIT_PORT 0xf4

        .section .rodata
text:   .ascii  "in_gnu_assembly\n"
        .set    length, . - text

        .text
        .globl  _start
        .type   _start, @function
_start: leaq    text(%rip), %rsi
        movl    $length, %ecx
        movl    $COM1, %edx
        rep outsb
        movl    $EXIT_PORT, %edx
        movb    $0x10, %al
        outb    %al, %dx
1:      cli
        hlt
        jmp     1b
