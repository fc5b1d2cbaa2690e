; Stage 2's checksum_add and checksum_copy (load/checksum.h): sixteen bytes an addition. Hypervisors
; that interpret guests know no SSE arithmetic, so there is a plain loop for them.

%include "asm_offsets.inc"

HALF_BLOCK_BIT  equ 8
HALF_BLOCK      equ 1 << HALF_BLOCK_BIT
%if HALF_BLOCK != CHECKSUM_BLOCK_SIZE / 2
%error HALF_BLOCK_BIT is not that of CHECKSUM_BLOCK_SIZE / 2
%endif
LANE            equ 8
LANES           equ 2 * LANE

        bits 64
        extern cpu_is_interpreted
        global checksum_copy
        global checksum_add

        section .text

; void checksum_copy(struct checksum_state *, void *destination, const void *source, size_t bytes)
; In: RDI, RSI, RDX, RCX; the source 16-byte aligned.   Clobbers: RAX, RCX, RDX, RSI, RDI, XMM0, XMM1.
checksum_copy:
        xchg rdi, rsi
        xchg rsi, rdx
        push rsi
        mov rax, rcx
        shr rcx, 3
        rep movsq
        pop rsi                         ; this one is in the cache
        mov rdi, rdx
        mov rdx, rax
        jmp checksum_add

        section .first_block progbits alloc exec write align=1

; void checksum_add(struct checksum_state *, const void *source, size_t bytes)
; In: RDI, RSI, RDX; the source 16-byte aligned.   Clobbers: RAX, RCX, RDX, RSI, XMM0, XMM1.
checksum_add:
        add [rdi + CHECKSUM_BYTES], rdx
        add rsi, rdx
        neg rdx                         ; counts up to 0
        jz .return
        cmp byte [cpu_is_interpreted], 0
        jne .by_words
        movups xmm0, [rdi + CHECKSUM_SUM]
        movups xmm1, [rdi + CHECKSUM_WEIGHTED]
        sub rsi, -(HALF_BLOCK / 2)
.half:                                  ; half a block, for the code to be short
%assign offset -(HALF_BLOCK / 2)        ; each in a byte
%rep HALF_BLOCK / LANES
        paddq xmm0, [rsi + rdx + offset]
  %assign offset offset + LANES
%endrep
        btc rdx, HALF_BLOCK_BIT
        jnc .half
        paddq xmm1, xmm0
        add rdx, CHECKSUM_BLOCK_SIZE
        jnz .half
        movups [rdi + CHECKSUM_SUM], xmm0
        movups [rdi + CHECKSUM_WEIGHTED], xmm1
.return:
        ret

.by_words:
        mov rax, [rdi + CHECKSUM_SUM]
        mov rcx, [rdi + CHECKSUM_SUM + LANE]
.words:
        add rax, [rsi + rdx]
        add rcx, [rsi + rdx + LANE]
        add rdx, LANES
        test edx, CHECKSUM_BLOCK_SIZE - 1
        jnz .words
        add [rdi + CHECKSUM_WEIGHTED], rax
        add [rdi + CHECKSUM_WEIGHTED + LANE], rcx
        test rdx, rdx
        jnz .words
        mov [rdi + CHECKSUM_SUM], rax
        mov [rdi + CHECKSUM_SUM + LANE], rcx
        ret
