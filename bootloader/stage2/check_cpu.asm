; Real mode: whether this CPU can run a 64-bit kernel at all. Called once, by real_mode_main.

%include "asm_offsets.inc"
%include "cpu.inc"

        bits 16
        cpu x64

        extern real_mode_print
        extern real_mode_halt
        global check_cpu
        global cpu_has_nx
        global cpu_has_gigabyte_pages

        section .text

; CPUID bits (Intel SDM volume 2A, CPUID; AMD64 APM volume 3, appendix E).
CPUID_1_EDX_PSE         equ 1 << 3
CPUID_1_EDX_MSR         equ 1 << 5
CPUID_1_EDX_PAE         equ 1 << 6
CPUID_EXTENDED          equ 80000000h
CPUID_EXTENDED_FEATURES equ 80000001h
CPUID_EXTENDED_LIMIT    equ 8000FFFFh   ; old CPUs answer junk
CPUID_EXT_EDX_NX        equ 1 << 20
CPUID_EXT_EDX_1G        equ 1 << 26
CPUID_EXT_EDX_LONG_MODE equ 1 << 29

MSR_MISC_ENABLE         equ 1A0h        ; Intel only
MISC_ENABLE_XD_DISABLE  equ 1 << (34 - 32)
INTEL_FAMILY            equ 6
INTEL_FIRST_MODEL       equ 0Dh         ; the first with MSR_MISC_ENABLE's bit 34

; Stops with a line that names every missing feature; a missing NX is only a warning.
; Out: cpu_has_nx, cpu_has_gigabyte_pages.   Clobbers: all.
check_cpu:
        call check_cpuid
        call allow_nx
        xor edi, edi                    ; features of leaf 80000001h
        mov eax, CPUID_EXTENDED
        cpuid
        cmp eax, CPUID_EXTENDED_FEATURES
        jb .leaf_1
        cmp eax, CPUID_EXTENDED_LIMIT
        ja .leaf_1
        mov eax, CPUID_EXTENDED_FEATURES
        cpuid
        mov edi, edx
.leaf_1:
        mov eax, 1
        cpuid
        xor bp, bp                      ; nothing missing yet
        mov si, name_long_mode
        test edi, CPUID_EXT_EDX_LONG_MODE
        call .need
        mov si, name_pae
        test edx, CPUID_1_EDX_PAE
        call .need
        mov si, name_pse
        test edx, CPUID_1_EDX_PSE
        call .need
        mov si, name_msr
        test edx, CPUID_1_EDX_MSR
        call .need
        mov si, message_needed
        test bp, bp
        jnz fail
        test edi, CPUID_EXT_EDX_1G
        setnz [cpu_has_gigabyte_pages]
        test edi, CPUID_EXT_EDX_NX
        setnz [cpu_has_nx]
        jnz .return
        mov si, message_no_nx
        jmp real_mode_print
; In: ZF set if the feature called SI is missing.   Out: BP not 0 then.   Clobbers: AX, SI.
.need:
        jnz .return
        push si
        mov si, message_lacks
        test bp, bp
        jz .print
        mov si, message_comma
.print:
        call real_mode_print
        pop si
        call real_mode_print
        inc bp
.return:
        ret

; Stops on a CPU without CPUID: one whose ID flag cannot be changed (Intel SDM volume 1, 20.1.2).
; Clobbers: EAX, ECX, SI.
check_cpuid:
        pushfd
        pop eax
        mov ecx, eax
        xor eax, EFLAGS_ID
        push eax
        popfd
        pushfd
        pop eax
        push ecx
        popfd
        xor eax, ecx
        test eax, EFLAGS_ID
        jnz check_cpu.return
        mov si, message_lacks
        call real_mode_print
        mov si, name_cpuid
        call real_mode_print
        mov si, message_needed
; Prints the text at SI and halts for ever.
fail:
        call real_mode_print
        jmp real_mode_halt

; Intel CPUs can hide NX by an MSR, and some firmware does.   Clobbers: EAX, EBX, ECX, EDX.
allow_nx:
        xor eax, eax
        cpuid
        cmp ebx, "Genu"
        jne .return
        cmp edx, "ineI"
        jne .return
        cmp ecx, "ntel"
        jne .return
        mov eax, 1
        cpuid
        test edx, CPUID_1_EDX_MSR
        jz .return
        mov ecx, eax
        shr ecx, 8
        and ecx, 0Fh                    ; family
        cmp cl, INTEL_FAMILY
        jb .return
        ja .allow                       ; Pentium 4 and later
        mov ecx, eax
        shr ecx, 4
        and ecx, 0Fh                    ; model, low digit
        shr eax, 12
        and eax, 0F0h                   ; model, high digit
        or eax, ecx
        cmp al, INTEL_FIRST_MODEL
        jb .return
.allow:
        mov ecx, MSR_MISC_ENABLE
        rdmsr
        test edx, MISC_ENABLE_XD_DISABLE
        jz .return
        and edx, ~MISC_ENABLE_XD_DISABLE
        wrmsr
.return:
        ret

cpu_has_nx:             db 0
cpu_has_gigabyte_pages: db 0

message_lacks:          db "firstlight: this CPU lacks ", 0
message_comma:          db ", ", 0
name_cpuid:             db "CPUID", 0
name_long_mode:         db "long mode", 0
name_pae:               db "PAE", 0
name_pse:               db "PSE", 0
name_msr:               db "MSR", 0
message_needed:         db ": a 64-bit x86 CPU is needed", 13, 10, 0
message_no_nx:
        db "firstlight: warning: this CPU lacks NX: the kernel's data will be executable"
        db 13, 10, 0
