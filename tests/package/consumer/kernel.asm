; Prints its name, without any C.
        bits 64
        default rel
        global _start:function

        section .rodata
text:   db NAME, 10
.end:

        section .text
_start: lea     rsi, [text]
        mov     ecx, text.end - text
        mov     edx, 3F8h
        rep outsb
        mov     edx, 0F4h
        mov     al, 10h
        out     dx, al
.halt:  cli
        hlt
        jmp     .halt
