; memcpy, memmove, memset and memcmp for stage 2's C, which may call them wherever it copies or clears
; a structure. Whole quadwords where it counts; System V ABI.

        bits 64
        global memcpy
        global memmove
        global memset
        global memcmp

        section .text align=1

; void *memmove(void *destination, const void *source, size_t bytes)
memmove:
        mov rax, rdi
        sub rax, rsi
        cmp rax, rdx                    ; unsigned: destination inside the source?
        jae memcpy
        mov rax, rdi
        mov rcx, rdx
        lea rdi, [rdi + rcx - 1]
        lea rsi, [rsi + rcx - 1]
        std
        rep movsb
        cld
        ret

; void *memcpy(void *destination, const void *source, size_t bytes)
memcpy:
        mov rax, rdi
        mov rcx, rdx
        shr rcx, 3
        rep movsq
        mov ecx, edx
        and ecx, 7
        rep movsb
        ret

; void *memset(void *destination, int value, size_t bytes)
; Of SSE it uses moves only: hypervisors that interpret guests know these.
BLOCK_BITS      equ 8
BLOCK_BYTES     equ 1 << BLOCK_BITS
memset:
        mov r8, rdi
        movzx esi, sil
        mov rax, 0101010101010101h
        imul rax, rsi
        mov rcx, rdx
        shr rcx, BLOCK_BITS
        jz .rest
        mov [rdi], rax
        mov [rdi + 8], rax
        movups xmm0, [rdi]
        sub rdi, -(BLOCK_BYTES / 2)
.block:
%assign offset -(BLOCK_BYTES / 2)       ; each in a byte
%rep BLOCK_BYTES / 16
        movups [rdi + offset], xmm0
  %assign offset offset + 16
%endrep
        add rdi, BLOCK_BYTES
        dec rcx
        jnz .block
        add rdi, -(BLOCK_BYTES / 2)
.rest:
        movzx ecx, dl                   ; below BLOCK_BYTES
        shr ecx, 3
        rep stosq
        mov ecx, edx
        and ecx, 7
        rep stosb
        mov rax, r8
        ret

; int memcmp(const void *a, const void *b, size_t bytes)
memcmp:
        mov rcx, rdx
        xchg rdi, rsi                   ; CMPSB subtracts [RDI] from [RSI]
        xor eax, eax
        cmp eax, eax                    ; equal if there are no bytes
        repe cmpsb
        je .return
        sbb eax, eax                    ; -1 where a is below b
        or eax, 1
.return:
        ret
