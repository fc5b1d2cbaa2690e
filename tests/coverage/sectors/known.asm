; A boot sector of which it is known what runs, for the tests of the coverage. The comment behind each
; instruction says it: `never runs`, or of a branch `both ways`, `always taken`, `never taken`; those
; without any run. With -DENDLESS it ends in a loop, else it ends QEMU.
bits 16
org 0x7C00

COM1_DATA       equ 0x3F8
DEBUG_EXIT_PORT equ 0xF4
SUCCESS         equ 0x10
TRAP_FLAG       equ 0x100
SCRATCH         equ 0x1000              ; free memory
VECTOR_DIVIDE   equ 0 * 4
VECTOR_DEBUG    equ 1 * 4
INC_AX          equ 0x40

%macro MARK_PRESENT 0                   ; a macro's instructions count for the line that names it
    mov dx, COM1_DATA
    mov al, '+'
    out dx, al
%endmacro

start:
    cld
    xor ax, ax
    mov ss, ax
    mov sp, start
    mov ds, ax
    mov es, ax

    ; Loops and conditional jumps.
    mov cx, 2
.again:
    loop .again                         ; both ways
    test ax, ax
    jz .zero                            ; always taken
    inc bx                              ; never runs
.zero:
    jnz near .never                     ; never taken
    jcxz .empty                         ; always taken
    jc .zero                            ; never runs
.empty:

    ; Repeated string instructions: to repeat is to be taken.
    mov di, SCRATCH
    mov cx, 3
    rep stosb                           ; both ways
    rep stosb                           ; never taken

    ; An instruction that faults has run, those behind it in the same block have not.
    mov word [VECTOR_DIVIDE], .divided
    mov word [VECTOR_DIVIDE + 2], 0
    xor cx, cx
    div cl
    inc bx                              ; never runs
    jmp .never                          ; never runs
.divided:
    mov sp, start

    ; An interrupt comes between a branch and its successor.
    mov word [VECTOR_DEBUG], .trap
    mov word [VECTOR_DEBUG + 2], 0
    mov cx, 2
    pushf
    or word [start - 2], TRAP_FLAG
    popf
.trapped:
    dec cx
    jnz .trapped                        ; both ways
    pushf
    and word [start - 2], ~TRAP_FLAG
    popf

    ; What is not the code that was built does not count.
    mov byte [.patched], INC_AX
    jmp .patched
.patched:
    nop                                 ; never runs
    jmp .behind                         ; never runs
.behind:
    MARK_PRESENT
%ifdef ENDLESS
    jmp $
%else
    mov al, SUCCESS
    out DEBUG_EXIT_PORT, al
%endif
.never:
    hlt                                 ; never runs
    jmp .never                          ; never runs

.trap:
    iret

    times 510 - 64 - 2 - ($ - $$) db 0
    ; Signature and one active entry: firmware takes the medium for a hard disk.
    dw 0
    db 0x80, 0, 2, 0, 0xDA, 15, 63, 2
    dd 1, 3023
    times 510 - ($ - $$) db 0
    dw 0xAA55
    times 3024 * 512 - ($ - $$) db 0
