; The fast checksum_copy_function (load/checksum.h): copies and sums by SSE2, 16 bytes at a time.

%include "asm_offsets.inc"

        bits 64
        global checksum_copy

        section .text

; void checksum_copy(struct checksum_state *, void *destination, const void *source, size_t bytes)
; In: RDI, RSI, RDX, RCX; both buffers 16-byte aligned, bytes a multiple of CHECKSUM_BLOCK_SIZE.
; Clobbers: RCX, RDX, RSI, XMM0-XMM5.
checksum_copy:
        add [rdi + CHECKSUM_BYTES], rcx
        movdqu xmm0, [rdi + CHECKSUM_SUM]
        movdqu xmm1, [rdi + CHECKSUM_WEIGHTED]
        add rsi, rcx
        add rdx, rcx
        neg rcx                         ; counts up to 0
        jz .done
.block:
        movdqa xmm2, [rdx + rcx]
        movdqa xmm3, [rdx + rcx + 16]
        movdqa xmm4, [rdx + rcx + 32]
        movdqa xmm5, [rdx + rcx + 48]
        movdqa [rsi + rcx], xmm2
        movdqa [rsi + rcx + 16], xmm3
        movdqa [rsi + rcx + 32], xmm4
        movdqa [rsi + rcx + 48], xmm5
        paddq xmm0, xmm2
        paddq xmm0, xmm3
        paddq xmm0, xmm4
        paddq xmm0, xmm5
        paddq xmm1, xmm0
        add rcx, CHECKSUM_BLOCK_SIZE
        jnz .block
.done:
        movdqu [rdi + CHECKSUM_SUM], xmm0
        movdqu [rdi + CHECKSUM_WEIGHTED], xmm1
        ret
