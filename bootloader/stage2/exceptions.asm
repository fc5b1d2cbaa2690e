; Long mode's IDT: an exception in the loader becomes one line of text, an NMI is ignored.

%include "cpu.inc"

        bits 64
        extern stage2_exception
        global idt_pointer

        section .text

EXCEPTIONS      equ 32                  ; vectors 0-31 (Intel SDM volume 3A, 6.3.1)
VECTOR_NMI      equ 2
GATE_INTERRUPT  equ 8E00h               ; present, 64-bit interrupt gate

; Those that push an error code: 8, 10-14, 17, 21, 29, 30.
HAS_ERROR_CODE  equ 1 << 8 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 14 | 1 << 17 | 1 << 21 \
                | 1 << 29 | 1 << 30

%assign vector 0
%rep EXCEPTIONS
exception_ %+ vector:
  %if vector == VECTOR_NMI
        iretq
  %else
    %if !((HAS_ERROR_CODE >> vector) & 1)
        push 0
    %endif
        push vector
        jmp exception
  %endif
  %assign vector vector + 1
%endrep

; Does not return: void stage2_exception(vector, error code, RIP, CR2).
exception:
        pop rdi
        pop rsi
        pop rdx
        mov rcx, cr2
        cld
        and rsp, -16
        call stage2_exception
        ud2

        section .data

; Gates (Intel SDM volume 3A, 6.14.1). Stage 2 lies below 64 KiB: 16 bits of offset say it all.
        align 8
idt:
%assign vector 0
%rep EXCEPTIONS
        dw exception_ %+ vector
        dw SELECTOR_CODE64
        dw GATE_INTERRUPT               ; no stack of its own: not to need a TSS
        dw 0
        dd 0, 0
  %assign vector vector + 1
%endrep
idt_end:

idt_pointer:
        dw idt_end - idt - 1
        dq idt
