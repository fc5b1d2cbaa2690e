; The switch from long mode back to 32-bit protected mode, on the way to a real-mode call.

%include "cpu.inc"

        extern real_mode_cr4
        global long_to_protected

        section .first_block progbits alloc exec write align=1

; In:  long mode, IF clear, RSP anything usable; EBX = where to go on, in 32-bit code.
; Out: there, NMIs masked, paging and long mode off, CR4 as real mode had it, flat segments.
; Clobbers: EAX, ECX, EDX.
        bits 64
long_to_protected:
        MASK_NMI
        push SELECTOR_CODE32
        push .compatibility
        retfq
        bits 32
.compatibility:
        mov eax, cr0
        and eax, ~CR0_PAGING
        mov cr0, eax
        mov ecx, MSR_EFER
        rdmsr
        and eax, ~EFER_LONG_MODE
        wrmsr
        mov eax, [real_mode_cr4]
        mov cr4, eax
        mov ax, SELECTOR_DATA32
        mov ds, ax
        mov es, ax
        mov ss, ax
        jmp ebx
