; A kernel in assembly alone. Entered in long mode as a C function would be, RDI = boot_info.
        bits 64
        default rel
        global _start:function

SCREEN          equ 0B8000h
LIGHT_CYAN      equ 0Bh
COM1            equ 3F8h
EXIT_PORT       equ 0F4h        ; QEMU's isa-debug-exit
EXIT_SUCCESS    equ 10h

        section .text
_start:
        lea     rsi, [text]
        mov     ecx, text.end - text
        mov     edi, SCREEN
        mov     edx, COM1
        mov     ah, LIGHT_CYAN
.next:
        lodsb
        stosw
        out     dx, al
        dec     ecx
        jnz     .next
        mov     al, 10          ; a line feed for COM1 alone
        out     dx, al
        mov     al, EXIT_SUCCESS
        out     EXIT_PORT, al
.halt:
        cli
        hlt
        jmp     .halt

        section .rodata
text:   db "Hello from assembly"
.end:
