; An option ROM that switches address line 20 off after every INT 13h, the MBR's loading included, and
; whose firmware cannot switch it on: INT 15h AX=2401h fails. Used by test_a20.py.
        bits 16
        org 0

ROM_SECTORS             equ 1
VECTOR_13               equ 13h * 4
VECTOR_15               equ 15h * 4
; The firmware's own handlers, called through vectors that nobody uses.
SPARE_13                equ 6Bh
SPARE_15                equ 6Ch
A20_ON_FUNCTION         equ 2401h
NOT_SUPPORTED           equ 86h
SYSTEM_CONTROL_A        equ 92h
SYSTEM_CONTROL_A20      equ 2

        db 55h, 0AAh, ROM_SECTORS
        push ds
        push eax
        xor ax, ax
        mov ds, ax
        mov eax, [VECTOR_13]
        mov [SPARE_13 * 4], eax
        mov word [VECTOR_13], int_13
        mov [VECTOR_13 + 2], cs
        mov eax, [VECTOR_15]
        mov [SPARE_15 * 4], eax
        mov word [VECTOR_15], int_15
        mov [VECTOR_15 + 2], cs
        pop eax
        pop ds
        retf

int_13:
        int SPARE_13
        pushf
        push ax
        in al, SYSTEM_CONTROL_A
        and al, ~SYSTEM_CONTROL_A20 & 0FEh      ; bit 0 would reset the machine
        out SYSTEM_CONTROL_A, al
        pop ax
        popf
        retf 2                                  ; with the flags that firmware set

int_15:
        cmp ax, A20_ON_FUNCTION
        je .unsupported
        int SPARE_15
        retf 2
.unsupported:
        mov ah, NOT_SUPPORTED
        stc
        retf 2
        times ROM_SECTORS * 512 - ($ - $$) db 0
