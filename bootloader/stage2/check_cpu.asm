; Real mode: whether this CPU can run a 64-bit kernel at all. Called once, by real_mode_main.

%include "asm_offsets.inc"
%include "cpu.inc"

        bits 16
        cpu x64

        extern real_mode_print
        extern real_mode_say
        extern real_mode_fail
        global check_cpu
        global find_cpuid
        global cpu_has_nx
        global cpu_has_gigabyte_pages
        global cpu_is_interpreted

        section .first_block progbits alloc exec write align=1

; CPUID bits (Intel SDM volume 2A, CPUID; AMD64 APM volume 3, appendix E).
CPUID_1_EDX_PSE         equ 3
CPUID_1_EDX_MSR         equ 5
CPUID_1_EDX_PAE         equ 6
CPUID_1_EDX_CMOV        equ 15
CPUID_1_EDX_FXSR        equ 24
CPUID_1_EDX_SSE2        equ 26
CPUID_HYPERVISOR        equ 40000000h
CPUID_EXTENDED          equ 80000000h
CPUID_EXTENDED_FEATURES equ 80000001h
CPUID_EXTENDED_LIMIT    equ 8000FFFFh   ; old CPUs answer junk
CPUID_EXT_EDX_NX        equ 20
CPUID_EXT_EDX_1G        equ 26
CPUID_EXT_EDX_LONG_MODE equ 29

MSR_MISC_ENABLE         equ 1A0h        ; Intel only
MISC_ENABLE_XD_DISABLE  equ 1 << (34 - 32)
INTEL_FAMILY            equ 6
INTEL_FIRST_MODEL       equ 0Dh         ; the first with MSR_MISC_ENABLE's bit 34

; Stops with a line that names every missing feature; a missing NX is only a warning.
; Out: cpu_has_nx, cpu_has_gigabyte_pages, cpu_is_interpreted.   Clobbers: all.
check_cpu:
        xor bp, bp                      ; nothing missing yet
        mov si, name_cpuid
        call find_cpuid
        call .need
        test bp, bp
        jnz .lacking                    ; without CPUID there is nothing more to ask
        call allow_nx
        mov eax, CPUID_HYPERVISOR       ; without one no CPU answers by a name
        cpuid
        cmp ebx, "KVMK"
        sete [cpu_is_interpreted]
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
        mov si, name_long_mode
        bt edi, CPUID_EXT_EDX_LONG_MODE
        call .need
        mov si, leaf_1_features
.next:
        lodsb
        bt edx, eax                     ; which of the 32 bits: AL's lowest five say
        call .need
        add si, FEATURE_NAME_BYTES
        cmp si, leaf_1_features_end
        jb .next
.lacking:
        mov si, message_needed
        test bp, bp
        jnz real_mode_fail
        bt edi, CPUID_EXT_EDX_1G
        setc [cpu_has_gigabyte_pages]
        bt edi, CPUID_EXT_EDX_NX
        setc [cpu_has_nx]
        jc .return
        mov si, message_no_nx
        jmp real_mode_say
; In: CF clear if the feature called SI is missing.   Out: BP not 0 then.   Clobbers: AX.
.need:
        jc .return
        push si
        push si
        test bp, bp
        jnz .more
        mov si, message_lacks
        call real_mode_say
        jmp .name
.more:
        mov si, message_comma
        call real_mode_print
.name:
        pop si
        call real_mode_print
        pop si
        inc bp
.return:
        ret

; Whether the CPU has CPUID: whether its ID flag can be changed (Intel SDM volume 1, 20.1.2).
; Out: CF set if it has.   Clobbers: EAX, ECX.
find_cpuid:
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
        bt eax, EFLAGS_ID_BIT
        ret

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
        bt edx, CPUID_1_EDX_MSR
        jnc .return
        and ah, 0Fh
        cmp ah, INTEL_FAMILY
        jb .return
        ja .allow                       ; Pentium 4 and later
        shr eax, 4
        and ax, 0F00Fh                  ; model: its high digit, and far below it the low one
        cmp ax, INTEL_FIRST_MODEL
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
; Whether KVM may interpret each instruction, as it does without hardware's help: of SSE it then knows
; only moves, and stops the machine at all else (Linux's arch/x86/kvm/emulate.c). It is not
; known where it hides behind another hypervisor's name.
cpu_is_interpreted:     db 0

message_lacks:          db "this CPU lacks ", 0
message_comma:          db ", ", 0
name_cpuid:             db "CPUID", 0
name_long_mode:         db "long mode", 0
message_needed:         db ": a 64-bit x86 CPU is needed", 13, 10, 0
message_no_nx:
        db "warning: this CPU lacks NX: the kernel's data will be executable"
        db 13, 10, 0

; What every 64-bit CPU has, and stage 2 relies on; emulators can be told to leave it out. FXSR: to
; set CR4.OSFXSR is an exception without it. CMOV and SSE2: Clang's code, and the checksum's.
FEATURE_NAME_BYTES      equ 5
%macro leaf_1_feature 2 ; bit of EDX, name
        db %1
%%name: db %2
        times FEATURE_NAME_BYTES - ($ - %%name) db 0
%endmacro
leaf_1_features:
        leaf_1_feature CPUID_1_EDX_PAE, "PAE"
        leaf_1_feature CPUID_1_EDX_PSE, "PSE"
        leaf_1_feature CPUID_1_EDX_MSR, "MSR"
        leaf_1_feature CPUID_1_EDX_CMOV, "CMOV"
        leaf_1_feature CPUID_1_EDX_FXSR, "FXSR"
        leaf_1_feature CPUID_1_EDX_SSE2, "SSE2"
leaf_1_features_end:
