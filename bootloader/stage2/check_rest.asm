; The first code in long mode, still of the first block: checks the rest of stage 2, by eight bytes an
; instruction, and goes on to it. Jumped to by protected_to_long, once.

%include "asm_offsets.inc"

        bits 64
        extern stage2_end               ; by the linker script, as the next two
        extern stage2_rest_bytes
        extern stage2_stack_top
        extern stage2_header
        extern read_rest
        extern stage2_is_damaged
        extern real_mode_call
        extern checksum_add_blocks
        extern long_mode_main
        global enter_rest

        section .first_block progbits alloc exec write align=1

enter_rest:
        mov esp, stage2_stack_top
        call check_rest
        je .good
        mov edi, read_rest              ; firmware may report success and have read something else
        call real_mode_call
        call check_rest
        je .good
        mov edi, stage2_is_damaged
        call real_mode_call             ; does not return
.good:
        jmp long_mode_main

; Compares the sum of what follows the first block with the header's.
; Out: ZF set if they are the same.   Clobbers: RCX, RDX, RSI, RDI, R8, R9.
check_rest:
        mov edx, stage2_end
        mov ecx, stage2_rest_bytes
        neg rcx
        xor edi, edi
        xor esi, esi
        xor r8d, r8d
        xor r9d, r9d
        call checksum_add_blocks
        add rdi, rsi
        add r8, r9
        lea rdi, [rdi + 2 * r8]
        cmp rdi, [stage2_header + STAGE2_REST_SUM]
        ret
