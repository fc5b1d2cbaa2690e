; Stage 2's page_table_fill (load/page_tables.h): most of a boot's page-table work, two entries by a
; store and an addition. Hypervisors that interpret guests know no SSE arithmetic (check_cpu.asm).

        bits 64
        extern cpu_is_interpreted
        global page_table_fill

        section .text align=1

ENTRY           equ 8
PAIR            equ 2 * ENTRY
TURN_BITS       equ 4                   ; entries a turn
TURN            equ 1 << TURN_BITS

; void page_table_fill(uint64_t *entry, uint64_t count, uint64_t value, uint64_t step)
; In: RDI, RSI, RDX, RCX.   Clobbers: RAX, RDX, RSI, RDI, XMM0, XMM1.
page_table_fill:
        mov eax, TURN - 1
        cmp byte [cpu_is_interpreted], 0
        je .singles
        or rax, -1                      ; all are singles
        jmp .singles
.single:
        mov [rdi], rdx
        add rdx, rcx
        add rdi, ENTRY
        dec rsi
.singles:
        test rsi, rax                   ; until what is left are whole turns
        jnz .single
        shr rsi, TURN_BITS
        jz .return
        movq xmm0, rdx
        movq xmm1, rcx
        punpcklqdq xmm0, xmm0
        pslldq xmm1, ENTRY
        paddq xmm0, xmm1                ; value, value + step
        punpckhqdq xmm1, xmm1
        psllq xmm1, 1                   ; 2 * step, twice
.turn:
%assign offset 0
%rep TURN * ENTRY / PAIR
        movups [rdi + offset], xmm0
        paddq xmm0, xmm1
  %assign offset offset + PAIR
%endrep
        sub rdi, -(TURN * ENTRY)
        dec rsi
        jnz .turn
.return:
        ret
