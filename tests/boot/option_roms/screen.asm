; An option ROM that boots with 50 rows on the screen: text mode 3 with the font of 8 lines. What it
; got is left at ROWS_SEEN, for the test.
%include "option_rom.inc"

SCREEN_ROWS             equ 484h        ; BIOS data area: rows less one
ROWS_SEEN               equ 4F0h        ; free for applications

init:
        push ds
        push es
        pushad
        xor ax, ax
        mov ds, ax
        mov ax, 0003h                   ; set mode 3
        int 10h
        mov ax, 1112h                   ; load the 8x8 font, and as many rows as fit
        mov bl, 0
        int 10h
        mov al, [SCREEN_ROWS]
        mov [ROWS_SEEN], al
        popad
        pop es
        pop ds
        retf
        ROM_END
