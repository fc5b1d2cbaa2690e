; The switch from 32-bit protected mode to long mode, with stage 2's own page tables.

%include "asm_offsets.inc"
%include "cpu.inc"

        extern idt_pointer
        extern cpu_has_nx
        global protected_to_long

        section .first_block progbits alloc exec write align=1

; All that is on in CR0; caches on, alignment checks off.
CR0_LONG_MODE   equ CR0_PAGING | CR0_WRITE_PROTECT | CR0_NUMERIC_ERROR | CR0_EXTENSION_TYPE \
                | CR0_MONITOR_COPROCESSOR | CR0_PROTECTED

; In:  flat 32-bit protected mode, NMIs masked, IF clear; EBX = where to go on, in 64-bit code.
; Out: there, with IDT, NMIs unmasked, SSE usable, upper halves of registers undefined.
; Clobbers: EAX, ECX, EDX.
        bits 32
protected_to_long:
        mov eax, CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT  ; whatever firmware had on, LA57 for one
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
        mov eax, CR0_LONG_MODE
        mov cr0, eax
        jmp SELECTOR_CODE64:.long
        bits 64
.long:
        mov ebx, ebx                    ; upper halves are undefined after the switch
        mov esp, esp
        lidt [idt_pointer]
        UNMASK_NMI
        jmp rbx
