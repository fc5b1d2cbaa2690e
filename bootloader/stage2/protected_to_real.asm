; The switch from 32-bit protected mode to real mode, for a real-mode call.

%include "asm_offsets.inc"
%include "cpu.inc"

        extern real_mode_cr0
        extern real_mode_idt_pointer
        global protected_to_real

        section .first_block progbits alloc exec write align=1

; In:  protected mode, NMIs masked, IF clear; BX = where to go on, in real mode, CS = 0.
; Out: there; DS = ES = FS = GS = SS = 0, SP = REAL_MODE_STACK_TOP, firmware's interrupt vectors, CR0
;      as real mode had it, NMIs unmasked, IF clear.
; Clobbers: EAX.
        bits 32
protected_to_real:
        jmp SELECTOR_CODE16:.protected16
        bits 16
.protected16:
        mov ax, SELECTOR_DATA16         ; 64 KiB limits stay when real mode loads segments
        mov ds, ax
        mov es, ax
        mov fs, ax
        mov gs, ax
        mov ss, ax
        lidt [real_mode_idt_pointer]
        mov eax, [real_mode_cr0]
        mov cr0, eax
        jmp 0:.real
.real:
        xor ax, ax
        mov ds, ax
        mov es, ax
        mov fs, ax
        mov gs, ax
        mov ss, ax
        mov esp, REAL_MODE_STACK_TOP
        UNMASK_NMI
        jmp bx
