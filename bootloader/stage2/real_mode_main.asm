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
        extern enter_rest
        global real_mode_main

        section .first_block progbits alloc exec write align=1

BIOS_TARGET_LONG_MODE   equ 2
TABLES                  equ 3

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

; Stage 2's first page tables: 2 MiB at their own addresses. C adds to them what it needs
; (stage2/identity_map.c). Cleared by 32 bytes an instruction, but for the high halves of entries where
; PUSHAD leaves the stack pointer: they are not present all the same. There is no stack meanwhile.
build_identity_map:
        mov ax, IDENTITY_TABLES_ADDRESS >> 4
        mov ss, ax
        mov sp, TABLES * PAGE_BYTES
        xor eax, eax
        xor ebx, ebx
        xor ecx, ecx
        xor edx, edx
        xor ebp, ebp
        xor esi, esi
        xor edi, edi
.clear:
%rep 8
        pushad
%endrep
        test sp, sp
        jnz .clear
        mov dword [bp], IDENTITY_TABLES_ADDRESS + PAGE_BYTES + PAGE_PRESENT_WRITE
        mov dword [bp + PAGE_BYTES], IDENTITY_TABLES_ADDRESS + 2 * PAGE_BYTES + PAGE_PRESENT_WRITE
        mov dword [bp + 2 * PAGE_BYTES], PAGE_PRESENT_WRITE + PAGE_LARGE
        mov ss, ax
        mov sp, REAL_MODE_STACK_TOP
        call build_idt
        mov ebx, .protected
        jmp real_to_protected
        bits 32
.protected:
        mov ebx, enter_rest
        jmp protected_to_long
        bits 16
