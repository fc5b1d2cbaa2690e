; The fast checksum_copy_function (load/checksum.h): copies by string moves, then adds what was copied
; from the same, still cached, source. General registers only: some hypervisors interpret guests and
; know no SSE arithmetic.

%include "asm_offsets.inc"

        bits 64
        global checksum_copy

        section .text

; void checksum_copy(struct checksum_state *, void *destination, const void *source, size_t bytes)
; In: RDI, RSI, RDX, RCX; both buffers 8-byte aligned, bytes a multiple of CHECKSUM_BLOCK_SIZE.
; Clobbers: RAX, RCX, RDX, RSI, RDI, R8, R9.
checksum_copy:
        add [rdi + CHECKSUM_BYTES], rcx
        mov rax, rdi
        mov rdi, rsi
        mov rsi, rdx
        lea rdx, [rdx + rcx]            ; end of the source
        mov r8, rcx
        neg r8                          ; counts up to 0
        shr rcx, 3
        rep movsq
        mov rcx, r8
        mov rdi, [rax + CHECKSUM_SUM]
        mov rsi, [rax + CHECKSUM_SUM + 8]
        mov r8, [rax + CHECKSUM_WEIGHTED]
        mov r9, [rax + CHECKSUM_WEIGHTED + 8]
        test rcx, rcx
        jz .done
.part:
%assign offset 0
%rep CHECKSUM_BLOCK_SIZE / 2 / 16
        add rdi, [rdx + rcx + offset]
        add rsi, [rdx + rcx + offset + 8]
  %assign offset offset + 16
%endrep
        add rcx, CHECKSUM_BLOCK_SIZE / 2
        test ecx, CHECKSUM_BLOCK_SIZE / 2
        jnz .part                       ; half a block, for the code to be short
        add r8, rdi
        add r9, rsi
        test rcx, rcx
        jnz .part
.done:
        mov [rax + CHECKSUM_SUM], rdi
        mov [rax + CHECKSUM_SUM + 8], rsi
        mov [rax + CHECKSUM_WEIGHTED], r8
        mov [rax + CHECKSUM_WEIGHTED + 8], r9
        ret
