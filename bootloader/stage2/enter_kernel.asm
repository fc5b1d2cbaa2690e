; The last jump: from stage 2 to the kernel. The code between handover_code and handover_code_end is
; copied to the hand-over page, the one page that is mapped at the same address by stage 2's page
; tables and by the kernel's.

%include "asm_offsets.inc"
%include "cpu.inc"

        bits 64
        global handover_code
        global handover_code_end
        global handover_entry_slot

        section .text align=1

; Entered with: RDI = boot_info, RSI = root of the kernel's page tables, RDX = top of its stack,
; RCX = its GDT; all but RSI virtual addresses of the kernel's address space.
handover_code:
        mov cr3, rsi
        mov rsp, rdx
        push rcx                        ; for LGDT: base, and below it the limit
        push word KERNEL_GDT_BYTES - 1
        lgdt [rsp]
        xor eax, eax
        mov [rsp], rax                  ; for LIDT: limit 0, base 0, 10 bytes
        mov [rsp + 2], rax
        lidt [rsp]
        lldt ax
        mov eax, KERNEL_DATA_SELECTOR
        mov ds, eax
        mov es, eax
        mov fs, eax
        mov gs, eax
        mov ss, eax
        mov rsp, rdx
        push KERNEL_CODE_SELECTOR
        lea rax, [rel .code_segment]
        push rax
        retfq
.code_segment:
        mov r8, rdi
        sub rsp, FX_AREA_BYTES          ; x87 and SSE registers: all zero but the control words
        mov rdi, rsp
        mov ecx, FX_AREA_BYTES / 8
        xor eax, eax
        rep stosq
        mov word [rsp + FX_CONTROL_WORD], DEFAULT_CONTROL_WORD
        mov dword [rsp + FX_MXCSR], DEFAULT_MXCSR
        fxrstor [rsp]
        add rsp, FX_AREA_BYTES
        mov rdi, r8
        push 0                          ; return address: the kernel has nowhere to go
        xor eax, eax
        xor ebx, ebx
        xor ecx, ecx
        xor edx, edx
        xor esi, esi
        xor ebp, ebp
        xor r8d, r8d
        xor r9d, r9d
        xor r10d, r10d
        xor r11d, r11d
        xor r12d, r12d
        xor r13d, r13d
        xor r14d, r14d
        xor r15d, r15d
.last_jump:                             ; a debugger stops here
        jmp [rel handover_entry_slot]
        align 8
handover_entry_slot:
        dq 0                            ; the kernel's entry, filled in the copy
handover_code_end:

; What FXRSTOR loads (Intel SDM volume 1, 10.5.1), and the values after reset of FPU and MXCSR (8.1.5,
; 10.2.3).
FX_AREA_BYTES           equ 512
FX_CONTROL_WORD         equ 0
FX_MXCSR                equ 24
DEFAULT_CONTROL_WORD    equ 37Fh
DEFAULT_MXCSR           equ 1F80h
