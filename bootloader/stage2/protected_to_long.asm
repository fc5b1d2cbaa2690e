; The switch from 32-bit protected mode to long mode, with stage 2's own page tables.

%include "asm_offsets.inc"
%include "cpu.inc"

        extern idt_pointer
        extern cpu_has_nx
        global protected_to_long

        section .text

; In:  flat 32-bit protected mode, NMIs masked, IF clear; EBX = where to go on, in 64-bit code.
; Out: there, with IDT, NMIs unmasked, SSE usable, upper halves of registers undefined.
; Clobbers: EAX, ECX, EDX.
        bits 32
protected_to_long:
        mov eax, cr4
        or eax, CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT
        mov cr4, eax
        mov eax, IDENTITY_TABLES_ADDRESS
        mov cr3, eax
        mov ecx, MSR_EFER
        rdmsr
        or eax, EFER_LONG_MODE
        cmp byte [cpu_has_nx], 0
        je .no_nx
        or eax, EFER_NX
.no_nx:
        wrmsr
        mov eax, cr0
        and eax, ~(CR0_EMULATION | CR0_TASK_SWITCHED)
        or eax, CR0_PAGING | CR0_WRITE_PROTECT | CR0_NUMERIC_ERROR | CR0_MONITOR_COPROCESSOR
        mov cr0, eax
        jmp SELECTOR_CODE64:.long
        bits 64
.long:
        mov ebx, ebx                    ; the upper half is undefined after the switch
        lidt [idt_pointer]
        UNMASK_NMI
        jmp rbx
