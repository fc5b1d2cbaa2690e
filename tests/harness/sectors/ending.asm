; A boot sector that says a line on COM1 and ends in the way that -D names. The harness's own tests
; assemble it; nothing here is part of the loader.
;   EXIT_SUCCESS EXIT_WRONG TRIPLE_FAULT LOOP KEYBOARD_RESET ERROR_HALT ERROR_INTERRUPTS_ON
;   ERROR_LOOP ERROR_NOT_ON_SCREEN ERROR_TWICE ERROR_RESET BOCHS_SHUTDOWN
bits 16
org 0x7C00

COM1_DATA       equ 0x3F8
COM1_DIVISOR    equ COM1_DATA
COM1_LINE       equ COM1_DATA + 3
COM1_STATUS     equ COM1_DATA + 5
LINE_8N1        equ 0x03
DIVISOR_LATCH   equ 0x80
TRANSMIT_EMPTY  equ 0x40
DEBUG_EXIT_PORT equ 0xF4
KEYBOARD_PORT   equ 0x64
PULSE_RESET     equ 0xFE
SHUTDOWN_PORT   equ 0x8900

start:
    xor ax, ax
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov sp, start
    cld
    ; 115200 8N1: QEMU does not care, Bochs does.
    mov dx, COM1_LINE
    mov al, DIVISOR_LATCH | LINE_8N1
    out dx, al
    mov dx, COM1_DIVISOR
    mov ax, 1
    out dx, ax
    mov dx, COM1_LINE
    mov al, LINE_8N1
    out dx, al
    mov si, hello
    call say

%ifdef EXIT_SUCCESS
    mov al, 0x10
    out DEBUG_EXIT_PORT, al
%elifdef EXIT_WRONG
    mov al, 0x11
    out DEBUG_EXIT_PORT, al
%elifdef TRIPLE_FAULT
    lidt [no_idt]
    int3
%elifdef LOOP
    jmp $
%elifdef KEYBOARD_RESET
    mov al, PULSE_RESET
    out KEYBOARD_PORT, al
%elifdef ERROR_HALT
    call error
%elifdef ERROR_INTERRUPTS_ON
    call error
    sti
.again:
    hlt
    jmp .again
%elifdef ERROR_LOOP
    call error
    cli
    jmp $
%elifdef ERROR_NOT_ON_SCREEN
    mov si, complaint
    call say
%elifdef ERROR_TWICE
    call error
    call error
%elifdef ERROR_RESET
    call error
    mov al, PULSE_RESET
    out KEYBOARD_PORT, al
%elifdef BOCHS_SHUTDOWN
    mov dx, SHUTDOWN_PORT
    mov si, shutdown
.next:
    lodsb
    out dx, al
    test al, al
    jnz .next
%else
%error "name an ending"
%endif

halt:
    cli
    hlt
    jmp halt

; error: the complaint on COM1 and on screen. Clobbers AX, BX, DX, SI.
error:
    mov si, complaint
    call say
    mov si, complaint
.next:
    lodsb
    test al, al
    jz .done
    mov ah, 0x0E
    mov bx, 7
    int 0x10
    jmp .next
.done:
    ret

; say: the text at DS:SI, ending with 0, on COM1. Clobbers AX, DX, SI.
say:
    lodsb
    test al, al
    jz .done
    mov dx, COM1_DATA
    out dx, al
    mov dx, COM1_STATUS
.wait:
    in al, dx
    test al, TRANSMIT_EMPTY
    jz .wait
    jmp say
.done:
    ret

no_idt:     dw 0
            dd 0
hello:      db "sector: hello", 13, 10, 0
complaint:  db "firstlight: a complaint that is somewhat longer than one row of the screen has"
            db " columns, code 5A", 13, 10, 0
shutdown:   db "Shutdown", 0

    times 510 - 64 - 2 - ($ - $$) db 0
    ; Signature and one active entry: firmware takes the medium for a hard disk.
    dw 0
    db 0x80, 0, 2, 0, 0xDA, 15, 63, 2
    dd 1, 3023
    times 510 - ($ - $$) db 0
    dw 0xAA55
    times 3024 * 512 - ($ - $$) db 0
