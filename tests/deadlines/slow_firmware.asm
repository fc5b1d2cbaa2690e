; An option ROM that counts the loader's calls of INT 13h and makes them cost as much as they can. LBA 0
; stays readable: firmware loads it this way too. Used by the tests of this folder.
;   NEVER        no read succeeds
;   ONE_SECTOR   stage 2 gets no more than one sector a read
;   TWICE        with ONE_SECTOR: and every read fails twice before it succeeds
        bits 16
        org 0

ROM_SECTORS             equ 2
VECTOR_13               equ 13h * 4
; Firmware's own handler, at a vector that nobody uses.
SPARE_13                equ 6Bh

DISK_READ               equ 02h
DISK_EDD_READ           equ 42h
PACKET_SECTORS          equ 2           ; in the disk address packet
STATUS_TIME_OUT         equ 80h
STAGE2_ADDRESS          equ 8000h

; State, in memory that nobody uses: a ROM's own bytes cannot be written.
CALLS                   equ 4F0h        ; dword
FAILURES                equ 4F4h        ; dword
FAILED_IN_A_ROW         equ 4F8h        ; byte

        db 55h, 0AAh, ROM_SECTORS
        push ds
        push eax
        xor eax, eax
        mov ds, ax
        mov [CALLS], eax
        mov [FAILURES], eax
        mov [FAILED_IN_A_ROW], al
        mov eax, [VECTOR_13]
        mov [SPARE_13 * 4], eax
        mov word [VECTOR_13], int_13
        mov [VECTOR_13 + 2], cs
        pop eax
        pop ds
        retf

; On entry the stack has IP, CS, flags; the loader's CS is 0, firmware's own is not.
int_13:
        push bp
        mov bp, sp
        push ds
        push ax
        cmp word [bp + 4], 0
        jne .firmware
        push word 0
        pop ds
        inc dword [CALLS]
        cmp ah, DISK_READ
        je .read
        cmp ah, DISK_EDD_READ
        jne .firmware
        mov al, [si + PACKET_SECTORS]   ; the loader's DS is 0 as well
.read:
%ifdef NEVER
        jmp .fail
%endif
%ifdef ONE_SECTOR
        cmp word [bp + 2], STAGE2_ADDRESS
        jb .firmware
        cmp al, 1
        ja .fail
%endif
%ifdef TWICE
        inc byte [FAILED_IN_A_ROW]
        cmp byte [FAILED_IN_A_ROW], 2
        jbe .fail
        mov byte [FAILED_IN_A_ROW], 0
%endif
.firmware:
        pop ax
        pop ds
        pop bp
        int SPARE_13
        retf 2                          ; with the flags that firmware set
.fail:
        inc dword [FAILURES]
        pop ax
        pop ds
        pop bp
        mov ah, STATUS_TIME_OUT
        stc
        retf 2

        times ROM_SECTORS * 512 - ($ - $$) db 0 ; the last byte is for the sum
