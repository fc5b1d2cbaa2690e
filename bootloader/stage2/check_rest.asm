; The first code in long mode, still of the first block: checks the rest of stage 2, by sixteen bytes
; an instruction, and goes on to it. Jumped to by protected_to_long, once.

%include "asm_offsets.inc"

        bits 64
        extern stage2_rest_bytes        ; by the linker script, as the next one
        extern stage2_stack_top
        extern stage2_header
        extern read_rest
        extern stage2_is_damaged
        extern real_mode_call
        extern checksum_add
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
; Out: ZF set if they are the same.   Clobbers: RAX, RCX, RDX, RSI, RDI, R8, R9, XMM0, XMM1.
check_rest:
        xor eax, eax
%rep CHECKSUM_STATE_BYTES / 8
        push rax
%endrep
        mov rdi, rsp
        mov esi, STAGE2_ADDRESS + FIRST_BLOCK_SECTORS * SECTOR_SIZE
        mov edx, stage2_rest_bytes
        call checksum_add
        mov rax, [rdi + CHECKSUM_SUM + 8]
        mov rcx, [rdi + CHECKSUM_WEIGHTED]
        add rcx, rax
        add rax, [rdi + CHECKSUM_WEIGHTED + 8]
        add rax, [rdi + CHECKSUM_SUM]
        rol rcx, STAGE2_REST_SUM_ROTATION
        add rax, rcx
        lea rsp, [rsp + CHECKSUM_STATE_BYTES]
        cmp rax, [stage2_header + STAGE2_REST_SUM]
        ret
