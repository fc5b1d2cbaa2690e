; The fast lz4_decode_function (load/lz4_decode.h): gives the same as load/lz4_decode.c, which is proved; fuzzing
; compares the two. Short sequences, of which most of a kernel is made, are copied by quadwords where
; there is room for more than they need, all others exactly. General registers only: hypervisors that
; interpret guests know no SSE arithmetic. It is no C for its speed: of code (64 KiB of a C library's) it makes a byte with 2.9
; instructions in 465 bytes; lz4_decode.c in its place takes 15.0 as stage 2's C is compiled (-Oz), in
; 364 bytes, and 9.7 by -O2, in 524.

%include "asm_offsets.inc"

        bits 64
        global lz4_decode_wide
        extern memcpy

; A short sequence: at most two quadwords of literals, a match whose length takes at most one byte more
; than the token, and repeats what begins at least a quadword before. What it reads at most; what it
; writes at most, whole pairs of quadwords; and for how many bytes of output, at most, each of its
; bytes stands (a power of two).
QUADWORD        equ 8
PAIR            equ 2 * QUADWORD
SHORT_LITERALS  equ LZ4_LENGTH_IN_TOKEN - 1
SHORT_INPUT     equ 1 + PAIR + LZ4_OFFSET_BYTES + 1
SHORT_OUTPUT    equ SHORT_LITERALS + LZ4_LENGTH_IN_TOKEN + LZ4_LENGTH_IN_BYTE - 1 + LZ4_MATCH_LEAST + PAIR
YIELD_SHIFT     equ 7

        section .text

; size_t lz4_decode_wide(const uint8_t *input, size_t input_bytes, uint8_t *output, size_t start,
;                        size_t capacity)
; In: RDI, RSI, RDX, RCX, R8. Out: RAX. Clobbers: RCX, RDX, RSI, RDI, R8 to R11.
; RSI and RDI go through input and output, which end at R8 and R9. In front of R10 a short sequence may
; begin. RBX: where the output begins. R11: so far may a short match reach back, less a quadword and
; one more.
lz4_decode_wide:
        push rbx
        mov rbx, rdx
        lea r9, [rdx + r8]
        lea r8, [rdi + rsi]
        mov rsi, rdi
        lea rdi, [rdx + rcx]
.next:
        lea r11, [rdi - QUADWORD + 1]   ; from here on it could only grow
        sub r11, rbx
        jg .find_end
        xor r11d, r11d                  ; none
.find_end:
        lea r10, [r8 - SHORT_INPUT]
        lea rax, [r9 - SHORT_OUTPUT]
        sub rax, rdi
        jb .careful
        shr rax, YIELD_SHIFT
        add rax, rsi
        cmp r10, rax
        cmova r10, rax
        cmp rsi, r10
        jae .careful

.short: movzx eax, byte [rsi]           ; the token
        mov rcx, [rsi + 1]
        mov [rdi], rcx
        mov ecx, eax
        shr ecx, LZ4_LITERALS_SHIFT
        and eax, LZ4_LENGTH_IN_TOKEN
        cmp ecx, QUADWORD
        ja .second_quadword
.short_offset:
        add rdi, rcx
        movzx edx, word [rsi + rcx + 1]
        lea rsi, [rsi + rcx + 1 + LZ4_OFFSET_BYTES]
        lea rcx, [rdx - QUADWORD]       ; below a quadword it becomes too large
        cmp rcx, r11
        jae .match
        neg rdx
        mov rcx, [rdi + rdx]
        mov [rdi], rcx
        mov rcx, [rdi + rdx + QUADWORD]
        mov [rdi + QUADWORD], rcx
        cmp eax, PAIR - LZ4_MATCH_LEAST
        ja .more_pairs
        lea rdi, [rdi + rax + LZ4_MATCH_LEAST]
        cmp rsi, r10
        jb .short
        jmp .next

.second_quadword:
        cmp ecx, SHORT_LITERALS
        ja .literals
        mov rdx, [rsi + 1 + QUADWORD]
        mov [rdi + QUADWORD], rdx
        jmp .short_offset

.more_pairs:
        cmp eax, LZ4_LENGTH_IN_TOKEN
        jne .have_length
        movzx ecx, byte [rsi]
        add eax, ecx
        inc rsi
        cmp ecx, LZ4_LENGTH_IN_BYTE
        je .long_match
.have_length:
        lea rax, [rdi + rax + LZ4_MATCH_LEAST - PAIR]
.pair:  add rdi, PAIR
        mov rcx, [rdi + rdx]
        mov [rdi], rcx
        mov rcx, [rdi + rdx + QUADWORD]
        mov [rdi + QUADWORD], rcx
        cmp rdi, rax
        jb .pair
        lea rdi, [rax + PAIR]
        cmp rsi, r10
        jb .short
        jmp .next

.long_match:
        neg rdx
        mov eax, LZ4_LENGTH_IN_TOKEN    ; as it was
        dec rsi
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
        mov rdx, r8
        sub rdx, rsi
        cmp rdx, rcx
        jb .damaged
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
        mov rax, rdi
        sub rax, rbx
        dec rcx                         ; 0 becomes too large
        cmp rcx, rax
        jae .damaged
        inc rcx
        push rsi
        mov rsi, rdi
        sub rsi, rcx
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

.damaged:
        lea rdi, [rbx - 1]              ; LZ4_DAMAGED
.end:   mov rax, rdi
        sub rax, rbx
        pop rbx
        ret

; Reads the rest of the length that begins in EAX. Out: RAX. Clobbers: RDX. Returns to .damaged when it
; passes the input.
read_length:
        cmp eax, LZ4_LENGTH_IN_TOKEN
        jne .done
.byte:  cmp rsi, r8
        je no_room
        movzx edx, byte [rsi]
        inc rsi
        add rax, rdx
        cmp edx, LZ4_LENGTH_IN_BYTE
        je .byte
.done:  ret

; Returns to .damaged unless the output has room for RDX more bytes.
check_room:
        add rdx, rdi
        cmp rdx, r9
        ja no_room
        sub rdx, rdi
        ret

no_room:
        pop rdx                         ; the return address
        jmp lz4_decode_wide.damaged
