; Stage 2's checksum_add and checksum_copy (load/checksum.h): sixteen bytes an addition. Hypervisors
; that interpret guests know no SSE arithmetic, so there is a plain loop for them.

%include "asm_offsets.inc"

HALF_BLOCK      equ CHECKSUM_BLOCK_SIZE / 2
LANE            equ 8
LANES           equ 2 * LANE

; Adds the next group, at the base %1 + RDX + offset, to the sums %2 and %3, and one sum to the other: the two
; change places.
%macro add_group 3
        paddq %2, [%1 + rdx + offset]
        paddq %2, [%1 + rdx + offset + LANES]
        paddq %3, [%1 + rdx + offset + 2 * LANES]
        paddq %2, [%1 + rdx + offset + 3 * LANES]
        paddq %3, %2
  %assign offset offset + CHECKSUM_GROUP_SIZE
%endmacro

%macro add_half_block 1
  %assign offset -(HALF_BLOCK / 2)
  %rep HALF_BLOCK / (2 * CHECKSUM_GROUP_SIZE)
        add_group %1, xmm0, xmm1
        add_group %1, xmm1, xmm0
  %endrep
%endmacro

        bits 64
        extern cpu_is_interpreted
        global checksum_copy
        global checksum_add

        section .text align=1

; void checksum_copy(struct checksum_state *, void *destination, const void *source, size_t bytes)
; In: RDI, RSI, RDX, RCX; the source 16-byte aligned.   Clobbers: RAX, RCX, RDX, RSI, RDI, R8, R9, XMM0, XMM1.
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

; What checksum_add does where no SSE arithmetic may be used.
; In: RDI as there; RSI behind the source, RDX the bytes, negative.   Clobbers: as there.
add_by_words:
        mov rax, [rdi + CHECKSUM_SUM]
        mov rcx, [rdi + CHECKSUM_SUM + LANE]
        mov r8, [rdi + CHECKSUM_WEIGHTED]
        mov r9, [rdi + CHECKSUM_WEIGHTED + LANE]
.group:
        add rax, [rsi + rdx]
        add rcx, [rsi + rdx + LANE]
        add rax, [rsi + rdx + LANES]
        add rcx, [rsi + rdx + LANES + LANE]
        add r8, [rsi + rdx + 2 * LANES]
        add r9, [rsi + rdx + 2 * LANES + LANE]
        add rax, [rsi + rdx + 3 * LANES]
        add rcx, [rsi + rdx + 3 * LANES + LANE]
        add r8, rax
        add r9, rcx
        xchg r8, rax
        xchg r9, rcx
        add rdx, CHECKSUM_GROUP_SIZE
        jnz .group
        mov [rdi + CHECKSUM_SUM], rax
        mov [rdi + CHECKSUM_SUM + LANE], rcx
        mov [rdi + CHECKSUM_WEIGHTED], r8
        mov [rdi + CHECKSUM_WEIGHTED + LANE], r9
.return:
        ret

; void checksum_add(struct checksum_state *, const void *source, size_t bytes)
; In: RDI, RSI, RDX; the source 16-byte aligned.   Clobbers: RAX, RCX, RDX, RSI, R8, R9, XMM0, XMM1.
checksum_add:
        add [rdi + CHECKSUM_BYTES], rdx
        add rsi, rdx
        neg rdx                         ; counts up to 0
        jz add_by_words.return          ; near enough for a short jump
        cmp byte [rel cpu_is_interpreted], 0
        jne add_by_words
        movups xmm0, [rdi + CHECKSUM_SUM]
        movups xmm1, [rdi + CHECKSUM_WEIGHTED]
        sub rsi, -(HALF_BLOCK / 2)      ; a base for each half of a block: no offset takes more than a byte
        lea rcx, [rsi + HALF_BLOCK]
.block:
        add_half_block rsi
        add_half_block rcx
        add rdx, CHECKSUM_BLOCK_SIZE
        jnz .block
        movups [rdi + CHECKSUM_SUM], xmm0
        movups [rdi + CHECKSUM_WEIGHTED], xmm1
        ret
