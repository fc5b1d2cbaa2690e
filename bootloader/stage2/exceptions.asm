; Long mode's IDT: an exception in the loader becomes one line of text, an NMI is ignored.

%include "asm_offsets.inc"
%include "cpu.inc"

        extern stage2_exception
        global build_idt
        global idt_pointer

; Vectors 0-19 (Intel SDM volume 3A, 6.3.1); those above are of features that the loader does not turn
; on. One that came all the same would end as vector 13, whose error code has its number (6.13), or as 8.
EXCEPTIONS      equ 20
VECTOR_NMI      equ 2
GATE_INTERRUPT  equ 8E00h               ; present, 64-bit interrupt gate

; Those that push an error code: 8, 10-14, 17.
HAS_ERROR_CODE  equ 1 << 8 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 14 | 1 << 17

        section .first_block progbits alloc exec write align=1

; Writes the gates (Intel SDM volume 3A, 6.14.1), before the first switch to long mode. Stage 2's
; code lies below 64 KiB: 16 bits of offset say it all.   Clobbers: EAX, EBX, CX, EDX, DI.
        bits 16
build_idt:
        mov ax, STAGE2_BSS_ADDRESS >> 4
        mov es, ax
        mov di, idt - STAGE2_BSS_ADDRESS
        mov eax, SELECTOR_CODE64 << 16
        mov ax, stubs
        mov edx, GATE_INTERRUPT         ; no stack of its own: not to need a TSS
        xor ebx, ebx
        mov cx, EXCEPTIONS
.gate:
        mov [es:di], eax
        mov [es:di + 4], edx
        mov [es:di + 8], ebx
        mov [es:di + 12], ebx
        add ax, STUB_BYTES
        add di, GATE_BYTES
        loop .gate
        push ds
        pop es
        ret

        bits 64
STUB_BYTES      equ 4
GATE_BYTES      equ 16

; One for each vector, all of one size.
stubs:
%assign vector 0
%rep EXCEPTIONS
        push vector
        jmp short exception
  %if $ - stubs != (vector + 1) * STUB_BYTES
    %error the stub of vector is not as long as build_idt takes it to be
  %endif
  %assign vector vector + 1
%endrep

; Does not return, but from an NMI: void stage2_exception(vector, error code, RIP, CR2).
exception:
        cmp byte [rsp], VECTOR_NMI
        je .nmi
        pop rdi
        xor esi, esi
        mov eax, HAS_ERROR_CODE
        bt eax, edi
        jnc .no_error_code
        pop rsi
.no_error_code:
        pop rdx
        mov rcx, cr2
        cld
        and rsp, -16
        call stage2_exception
        ud2
.nmi:
        add rsp, 8
        iretq

idt_pointer:
        dw EXCEPTIONS * GATE_BYTES - 1
        dq idt

        section .bss.not_zeroed nobits alloc write align=16

idt:    resb EXCEPTIONS * GATE_BYTES
