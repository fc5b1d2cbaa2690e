; The fast lz4_decode_function (load/lz4_decode.h): gives the same as load/lz4_decode.c, which is proved; fuzzing
; compares the two. Short sequences, of which most of a kernel is made, are copied by 16 bytes where there is room
; for more than they need, all others exactly. Of SSE it uses MOVUPS alone, from and to memory: hypervisors that
; interpret guests know it, but no SSE arithmetic. It is no C for its speed: of code (16 MiB of programs) it makes a
; byte with 1.45 instructions in 584 bytes; lz4_decode.c by -Oz takes 12.7, in 160 bytes less.

%include "asm_offsets.inc"

        bits 64
        global lz4_decode_wide
        extern memcpy

; What one MOVUPS copies; and one step of SCASQ compares, or of memcpy's MOVSQ copies.
GRAIN           equ 16
QUADWORD        equ 8

; A short sequence: literals that one grain holds, a match whose length takes at most one byte more than
; the token and that repeats what begins at least a grain before, or its own length. What it reads at
; most; what it writes at most, whole grains; and for how many bytes of output, at most, each of its
; bytes stands (a power of two; of many literals, too, though each is only one byte).
SHORT_LITERALS  equ LZ4_LENGTH_IN_TOKEN - 1
SHORT_INPUT     equ 1 + GRAIN + LZ4_OFFSET_BYTES + 1
SHORT_OUTPUT    equ SHORT_LITERALS + LZ4_LENGTH_IN_TOKEN + LZ4_LENGTH_IN_BYTE - 1 + LZ4_MATCH_LEAST + GRAIN
YIELD_SHIFT     equ 7

TOKENS          equ 1 << 8
; Moves a negative number so far down that no offset brings it back to 0.
BEYOND_SHIFT    equ 24

        section .bss.not_zeroed nobits alloc noexec write align=4

; For each token the length of its match, negative; far below every offset where the token says that a
; length is longer than a grain holds.
matches:        resd TOKENS

        section .bss

has_matches:    resd 1                  ; bit 0

        section .text align=1

; size_t lz4_decode_wide(const uint8_t *input, size_t input_bytes, uint8_t *output, size_t start,
;                        size_t capacity)
; In: RDI, RSI, RDX, RCX, R8. Out: RAX. Clobbers: RCX, RDX, RSI, RDI, R8 to R11, XMM0.
; RSI and RDI go through input and output, which end at R8 and R9. In front of R10 a short sequence may
; begin. RBX: where the output begins. R11: so far may a short match reach back, less a grain and one
; more. RBP: matches.
lz4_decode_wide:
        push rbx
        push rbp
        push r12
        mov rbx, rdx
        lea r9, [rdx + r8]
        lea r8, [rdi + rsi]
        mov rsi, rdi
        lea rdi, [rdx + rcx]
        lea rbp, [rel matches]
        bts dword [rel has_matches], 0
        jc .next
        push rdi
        mov rdi, rbp
        mov ecx, TOKENS                 ; less the token
.token: lea eax, [rcx - 1]
        and eax, LZ4_LENGTH_IN_TOKEN    ; what is not the match's length in the token
        sub eax, LZ4_LENGTH_IN_TOKEN + LZ4_MATCH_LEAST
        cmp eax, -GRAIN
        jl .beyond
        cmp ecx, TOKENS - (LZ4_LENGTH_IN_TOKEN << LZ4_LITERALS_SHIFT)
        ja .put
.beyond:
        shl eax, BEYOND_SHIFT
.put:   stosd
        loop .token
        pop rdi
.next:
        lea r11, [rdi - GRAIN + 1]      ; from here on it could only grow
        sub r11, rbx
        jg .find_end
        xor r11d, r11d                  ; none
.find_end:
        lea r10, [r8 - SHORT_INPUT]
        lea rax, [r9 - SHORT_OUTPUT]
        sub rax, rdi
        sar rax, YIELD_SHIFT            ; negative: no room
        add rax, rsi
        cmp r10, rax
        cmova r10, rax
        cmp rsi, r10
        jae .careful

.short: movzx ecx, byte [rsi]           ; the token
        movups xmm0, [rsi + 1]
        movups [rdi], xmm0
        movsxd rax, dword [rbp + rcx * 4]
        shr ecx, LZ4_LITERALS_SHIFT
        movzx edx, word [rsi + rcx + 1] ; nothing of use behind too many literals
        lea r12, [rdx + rax]            ; below 0, and thus too large: nearer than the match is long
        cmp r12, r11
        jae .not_so_short
        add rdi, rcx
        lea rsi, [rsi + rcx + 1 + LZ4_OFFSET_BYTES]
        neg rdx
        movups xmm0, [rdi + rdx]
        movups [rdi], xmm0
        sub rdi, rax
        cmp rsi, r10
        jb .short
        jmp .next

; ECX: literals by the token. Nothing is done yet but that the first of them are copied.
.not_so_short:
        movzx eax, byte [rsi]
        and eax, LZ4_LENGTH_IN_TOKEN
        cmp ecx, LZ4_LENGTH_IN_TOKEN
        je .many_literals
.have_literals:                         ; ECX: how many; EDX: offset; EAX: the match's length in the token
        add rdi, rcx
        lea rsi, [rsi + rcx + 1 + LZ4_OFFSET_BYTES]
        lea rcx, [rdx - GRAIN]          ; below a grain it becomes too large
        cmp rcx, r11
        jae .match
        neg rdx
        movups xmm0, [rdi + rdx]
        movups [rdi], xmm0
        cmp eax, LZ4_LENGTH_IN_TOKEN
        jne .have_length
        movzx ecx, byte [rsi]
        inc cl
        jz .long_match                  ; one more follows
        lea eax, [rax + rcx - 1]
        inc rsi
.have_length:
        lea rax, [rdi + rax + LZ4_MATCH_LEAST - GRAIN]
.grain: add rdi, GRAIN
        movups xmm0, [rdi + rdx]
        movups [rdi], xmm0
        cmp rdi, rax
        jb .grain
        lea rdi, [rax + GRAIN]
        cmp rsi, r10
        jb .short
        jmp .next

; Their length takes one byte more, and the sequence behind that many bytes may still be a short one.
.many_literals:
        movzx edx, byte [rsi + 1]
        inc dl
        jz .literals                    ; one more follows
        lea edx, [rdx + LZ4_LENGTH_IN_TOKEN - 1]
        lea r12, [rsi + rdx]
        cmp r12, r10
        jae .literals
        mov ecx, edx
        inc rsi
        xor edx, edx
.literal_grain:
        movups xmm0, [rsi + rdx + 1]
        movups [rdi + rdx], xmm0
        add edx, GRAIN
        cmp edx, ecx
        jb .literal_grain
        movzx edx, word [rsi + rcx + 1]
        jmp .have_literals

.long_match:
        neg rdx
        jmp .match

; Any sequence.
.careful:
        cmp rsi, r8
        je .damaged                     ; no block ends with a match
        movzx eax, byte [rsi]
        mov ecx, eax
        shr ecx, LZ4_LITERALS_SHIFT
        and eax, LZ4_LENGTH_IN_TOKEN
.literals:                              ; ECX: their length in the token; EAX: the match's
        inc rsi
        xchg eax, ecx
        call read_length
        xchg rax, rcx
        lea rdx, [rsi + rcx]
        cmp rdx, r8
        ja .damaged
        mov rdx, rcx
        call check_room
        push rax
        call memcpy                     ; advances RSI and RDI
        pop rax
        mov rdx, r8
        sub rdx, rsi
        je .end
        dec rdx
        je .damaged                     ; half an offset
        movzx edx, word [rsi]
        add rsi, LZ4_OFFSET_BYTES

.match:                                 ; EDX: offset; EAX: length in the token
        mov ecx, edx
        call read_length
        lea rdx, [rax + LZ4_MATCH_LEAST]
        call check_room
        test ecx, ecx
        je .damaged
        mov rax, rdi
        sub rax, rcx
        jb .damaged
        cmp rax, rbx
        jb .damaged
        push rsi
        xchg rax, rsi
; Nearer than a quadword: what has been copied is as good as what it was copied from, so the distance
; doubles. From a quadword on, memcpy repeats what it has written itself.
.double:
        cmp ecx, QUADWORD
        jae .copy
        cmp rdx, rcx
        jbe .copy
        sub rdx, rcx
        push rsi
        push rcx
        rep movsb
        pop rcx
        pop rsi
        add ecx, ecx
        jmp .double
.copy:  call memcpy
        pop rsi
        jmp .next

; Of read_length and check_room.
.no_room:
        pop rdx                         ; the return address
.damaged:
        lea rdi, [rbx - 1]              ; LZ4_DAMAGED
.end:   mov rax, rdi
        sub rax, rbx
        pop r12
        pop rbp
        pop rbx
        ret

; Reads the rest of the length that begins in EAX. Out: RAX. Clobbers: RDX, R12. Returns to .damaged when
; it passes the input. Eight bytes that all say that more follow are passed at once.
read_length:
        cmp eax, LZ4_LENGTH_IN_TOKEN
        jne .done
        mov r12d, ecx
        lea edx, [rsi + 1]              ; input is so small that 32 bits hold each difference and length
        mov rcx, r8
        sub rcx, rsi
        or rax, -1
        xchg rdi, rsi
        shr ecx, 3
        repe scasq                      ; none: SHR has set ZF
        je .bytes
        sub rdi, QUADWORD
.bytes: mov ecx, r8d
        sub ecx, edi
        repe scasb                      ; no byte left: SUB has set ZF
        xchg rdi, rsi
        je lz4_decode_wide.no_room
        neg edx
        add edx, esi                    ; bytes but the last
        imul edx, edx, LZ4_LENGTH_IN_BYTE
        movzx eax, byte [rsi - 1]
        lea eax, [rdx + rax + LZ4_LENGTH_IN_TOKEN]
        mov ecx, r12d
.done:  ret

; Returns to .damaged unless the output has room for RDX more bytes.
check_room:
        add rdx, rdi
        cmp rdx, r9
        ja lz4_decode_wide.no_room
        sub rdx, rdi
        ret
