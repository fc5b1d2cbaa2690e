; Real mode: what is left to do before C can run. Checks the CPU, tells firmware what is coming,
; and enters long mode. Jumped to by the first block, all segments 0.

%include "asm_offsets.inc"
%include "cpu.inc"

        bits 16
        cpu x64

        extern build_idt
        extern check_cpu
        extern save_real_mode
        extern real_to_protected
        extern protected_to_long
        extern long_mode_main
        global real_mode_main

        section .text

BIOS_TARGET_LONG_MODE   equ 2

real_mode_main:
        call check_cpu
        mov ax, 0EC00h                  ; detect target operating mode callback (AMD, 2003)
        mov bl, BIOS_TARGET_LONG_MODE
        sti
        int 15h                         ; whether firmware knows it makes no difference
        cli
        cld
        xor ax, ax
        mov ds, ax
        mov es, ax
        call build_identity_map
        call build_idt
        mov ebx, .protected
        jmp real_to_protected
        bits 32
.protected:
        mov ebx, long_mode_main
        jmp protected_to_long
        bits 16

; Builds the page tables that stage 2 starts with: the first 2 MiB at their own addresses. C adds
; to them what it needs (stage2/identity_map.c).   Clobbers: EAX, CX, DI.
build_identity_map:
        mov ax, IDENTITY_TABLES_ADDRESS >> 4
        mov es, ax
        xor di, di
        xor eax, eax
        mov cx, 3 * PAGE_BYTES / 4
        rep stosd
        mov dword [es:0], IDENTITY_TABLES_ADDRESS + PAGE_BYTES + PAGE_PRESENT_WRITE
        mov dword [es:PAGE_BYTES], IDENTITY_TABLES_ADDRESS + 2 * PAGE_BYTES + PAGE_PRESENT_WRITE
        mov dword [es:2 * PAGE_BYTES], PAGE_PRESENT_WRITE + PAGE_LARGE
        push ds
        pop es
        ret
