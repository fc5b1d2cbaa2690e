; The fast checksum_copy_function and checksum_add_function (load/checksum.h): the one copies by string
; moves, then goes on as the other, which adds what lies in the same, still cached, source. General
; registers only: some hypervisors interpret guests and know no SSE arithmetic.

%include "asm_offsets.inc"

HALF_BLOCK_BIT  equ 8
HALF_BLOCK      equ 1 << HALF_BLOCK_BIT
%if HALF_BLOCK != CHECKSUM_BLOCK_SIZE / 2
%error HALF_BLOCK_BIT is not that of CHECKSUM_BLOCK_SIZE / 2
%endif

        bits 64
        global checksum_copy
        global checksum_add_fast
        global checksum_add_blocks

        section .text

; void checksum_copy(struct checksum_state *, void *destination, const void *source, size_t bytes)
; In: RDI, RSI, RDX, RCX; both buffers 8-byte aligned, bytes a multiple of CHECKSUM_BLOCK_SIZE.
; Clobbers: RAX, RCX, RDX, RSI, RDI, R8, R9.
checksum_copy:
        mov rax, rdi
        mov r8, rcx
        mov rdi, rsi
        mov rsi, rdx
        shr rcx, 3
        rep movsq
        mov rdi, rax
        mov rsi, rdx
        mov rdx, r8

; void checksum_add_fast(struct checksum_state *, const void *source, size_t bytes)
; In: RDI, RSI, RDX; the source 8-byte aligned, bytes a multiple of CHECKSUM_BLOCK_SIZE.
; Clobbers: RAX, RCX, RDX, RSI, RDI, R8, R9.
checksum_add_fast:
        add [rdi + CHECKSUM_BYTES], rdx
        mov rax, rdi
        mov rcx, rdx
        lea rdx, [rsi + rcx]            ; end of the source
        neg rcx                         ; counts up to 0
        mov rdi, [rax + CHECKSUM_SUM]
        mov rsi, [rax + CHECKSUM_SUM + 8]
        mov r8, [rax + CHECKSUM_WEIGHTED]
        mov r9, [rax + CHECKSUM_WEIGHTED + 8]
        jrcxz .done
        call checksum_add_blocks
.done:
        mov [rax + CHECKSUM_SUM], rdi
        mov [rax + CHECKSUM_SUM + 8], rsi
        mov [rax + CHECKSUM_WEIGHTED], r8
        mov [rax + CHECKSUM_WEIGHTED + 8], r9
        ret

        section .first_block progbits alloc exec write align=1

; Adds blocks to the sums. In: RDX = their end, RCX = minus their size in bytes, not 0; RDI, RSI = the
; two lanes' sums, R8, R9 = their weighted sums.   Out: the sums.   Clobbers: RCX, RDX.
checksum_add_blocks:
        sub rdx, -(HALF_BLOCK / 2)
.half:                                  ; half a block, for the code to be short
%assign offset -(HALF_BLOCK / 2)        ; each in a byte
%rep HALF_BLOCK / 16
        add rdi, [rdx + rcx + offset]
        add rsi, [rdx + rcx + offset + 8]
  %assign offset offset + 16
%endrep
        btc rcx, HALF_BLOCK_BIT
        jnc .half
        add r8, rdi
        add r9, rsi
        add rcx, CHECKSUM_BLOCK_SIZE
        jnz .half
        ret
