; Where the CPU goes on an exception: saves all registers and calls the report. And the loading of
; the segments that exceptions need. Used by exceptions.c and segments.c.
; Source: Intel SDM volume 3A, 6.14 (stack frame, error codes); AMD APM volume 2, 8.2 (29, 30).
        bits 64
        default rel

        global exception_entries:function
        global segments_load:function
        extern exception_report

VECTORS         equ 32          ; EXCEPTION_COUNT in exceptions.h
ENTRY_BYTES     equ 16          ; EXCEPTION_ENTRY_BYTES there

; The vectors with which the CPU pushes an error code.
ERROR_CODES     equ 1 << 8 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 14 | 1 << 17 | \
                    1 << 21 | 1 << 29 | 1 << 30

        section .text.exception_entries progbits alloc exec nowrite align=16

; One entry for each vector. All leave error code and vector on the stack.
exception_entries:
%assign vector 0
%rep VECTORS
        align   ENTRY_BYTES
    %if (ERROR_CODES >> vector) & 1 == 0
        push    0
    %endif
        push    vector
        jmp     strict near save_registers
    %assign vector vector + 1
%endrep

; In:       on the stack vector, error code and what the CPU pushed: struct exception_frame's end
; Out:      does not return
        align   ENTRY_BYTES
save_registers:
        push    rax
        push    rbx
        push    rcx
        push    rdx
        push    rbp
        push    rsi
        push    rdi
        push    r8
        push    r9
        push    r10
        push    r11
        push    r12
        push    r13
        push    r14
        push    r15
        mov     rdi, rsp        ; the frame, a multiple of 16: the CPU aligned the stack
        cld
        call    exception_report
        ud2                     ; it does not return

; void segments_load(const struct descriptor_table *gdt, unsigned code, unsigned data, unsigned task)
; In:       RDI = what LGDT reads, ESI, EDX, ECX = selectors
; Clobbers: RAX
        section .text.segments_load progbits alloc exec nowrite align=16
segments_load:
        lgdt    [rdi]
        mov     ds, edx
        mov     es, edx
        mov     ss, edx
        ltr     cx
        pop     rax             ; return by way of the new code segment
        push    rsi
        push    rax
        retfq
