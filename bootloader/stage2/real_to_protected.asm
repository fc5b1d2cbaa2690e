; The switch from real mode to 32-bit protected mode. Jumped to at the start (real_mode_main.asm)
; and on the way back from every real-mode call (real_mode_call.asm).

%include "cpu.inc"

        extern gdt_pointer
        global real_to_protected
        global real_mode_cr0
        global real_mode_cr4

        section .first_block progbits alloc exec write align=1

; In:  real mode, CS = DS = 0, IF clear; EBX = where to go on, in 32-bit code.
; Out: there, NMIs masked, flat segments, ESP = its low half, CR0 and CR4 of real mode saved.
; Clobbers: EAX.
        bits 16
real_to_protected:
        MASK_NMI
        mov eax, cr4
        mov [real_mode_cr4], eax
        o32 lgdt [gdt_pointer]
        mov eax, cr0
        mov [real_mode_cr0], eax
        or al, CR0_PROTECTED
        mov cr0, eax
        jmp dword SELECTOR_CODE32:.protected
        bits 32
.protected:
        mov ax, SELECTOR_DATA32
        mov ds, ax
        mov es, ax
        mov fs, ax
        mov gs, ax
        mov ss, ax
        movzx esp, sp                   ; firmware may have left anything in the upper half
        jmp ebx

real_mode_cr0:          dd 0
real_mode_cr4:          dd 0
