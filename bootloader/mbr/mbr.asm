; The master boot record: firmware loads it to 7C00h and jumps there, in real mode. It finds the
; drive it came from, reads stage 2's first block to 8000h, checks it, and jumps into it.
;
; On entry nothing is known but that LBA 0 lies at 7C00h: CS:IP may be 0000:7C00 or 07C0:0000, DL
; may be the drive or rubbish, stack, segments and flags are anything.
;
; Hand-over to the first block: CS = DS = ES = SS = 0, some stack below 7C00h, DF clear, DL = the boot
; drive.
;
;   offset   width  written by   contents
;   000h     3      build        jmp, nop
;   003h     59     build        BPB-shaped data; firmware may overwrite it
;   03Eh     ..     build        code, messages
;   0DAh     6      nobody       zeros: some firmware stamps date and drive here
;   1B8h     4      image tool   disk signature (the 2 bytes behind it: zeros)
;   1BEh     16     image tool   partition entry 1: active, covers the rest of the disk
;   1CEh     48     build        partition entries 2-4: zeros
;   1FEh     2      build        55AAh

%include "asm_offsets.inc"
%include "firmware.inc"
%include "uart.inc"

        bits 16
        cpu 386
%ifidn __?OUTPUT_FORMAT?__, bin
        org MBR_ADDRESS
        [map symbols mbr.map]   ; for the build's report of the bytes left
%else                           ; the same with symbols for a debugger: a linker says where
        section .text
        global mbr
%endif

; Bytes that firmware may stamp, after the "modern standard MBR" of later DOS versions.
STAMPED_OFFSET  equ 0DAh
STAMPED_END     equ 0E0h

FIRST_BLOCK_ENTRY equ STAGE2_ADDRESS + STAGE2_HEADER_SIZE
READ_ATTEMPTS   equ 5

; Variable, behind the MBR.
status          equ MBR_VARIABLES_ADDRESS       ; byte: INT 13h's, 0 when it reported none

; SP inside `read`, its two return addresses and PUSHA's registers pushed: restores it in 3 bytes,
; flags kept.
READ_STACK      equ REAL_MODE_STACK_TOP - 2 * 2 - 8 * 2

mbr:
        jmp short code
        nop

; ---- BPB: a 1.44 MB floppy's geometry, for firmware that looks at it. FATs and root directory are
; 0, so that no tool takes the disk for a FAT file system and overlooks the partition table ---------
        times MBR_BPB_OFFSET - ($ - $$) db 0
        db "1STLIGHT"           ; OEM name
        dw SECTOR_SIZE          ; bytes a sector
        db 1                    ; sectors a cluster
        dw 1                    ; reserved sectors
        db 0                    ; FATs
        dw 0                    ; root directory entries
        dw 2880                 ; sectors
        db 0F0h                 ; media descriptor: 3.5" floppy
        dw 0                    ; sectors a FAT
        dw 18                   ; sectors a track
        dw 2                    ; heads
        dd 0, 0                 ; hidden sectors, sectors where there are 2^16 or more
        db 0, 0                 ; drive, reserved
        db 29h                  ; the three fields below are there
        db 0, 0                 ; volume serial number: these and the next two bytes
message_prefix:                 ; at worst overwritten and unreadable
        db 13, 10
        db "firstlight:"        ; volume label
        db " ", 0               ; type of the file system
        times MBR_CODE_OFFSET - ($ - $$) db 0

; ---- Code ---------------------------------------------------------------------------------------
code:
        jmp 0:.canonical        ; some firmware enters at 07C0:0000
.canonical:
        xor ax, ax
        mov ss, ax              ; holds interrupts off until SP is set too
        mov sp, REAL_MODE_STACK_TOP
        mov ds, ax
        mov es, ax
        cld
        cmp dl, 1               ; believe 80h-FEh (negative) and 00h-01h, else take it for 80h
        jg .first_disk
        cmp dl, -1
        jne .try
.first_disk:
        mov dl, FIRST_HARD_DISK
.try:
        call load_first_block   ; returns only when it failed
        call load_first_block   ; firmware may report success and have read something else
        cmp dl, FIRST_HARD_DISK ; a wrong DL is common: the first hard disk is the other candidate
        jne .first_disk

; Prints the message at SI and, where INT 13h reported one, its last status; halts.
fail:
        push si
        UART_SET_LINE
        mov si, message_prefix
        call print
        pop si
        call print
        mov al, [status]
        test al, al
        jz .halt
        aam 16                  ; AH = high digit, AL = low digit
        xchg al, ah
        call print_digit
        mov al, ah
        call print_digit
.halt:
        cli
        hlt
        jmp .halt

; Prints the text at SI up to its NUL.   Clobbers: AL, SI.
print_next:
        call print_character
print:
        lodsb
        test al, al
        jnz print_next
        ret

; Prints AL, 0 to 15, as a digit.   Clobbers: AL.
print_digit:
        cmp al, 10
        sbb al, 69h
        das
; Prints AL on COM1, if that is ready in bounded time, and on the screen.
; Out: DS = 0, DF clear.   Clobbers: ES.
print_character:
        pusha
        mov ah, al
        mov dx, COM1_BASE + UART_LINE_STATUS
        xor cx, cx
.wait:
        in al, dx
        test al, UART_TRANSMITTER_EMPTY
        loopz .wait
        mov al, ah
        mov dl, COM1_BASE & 0FFh
        out dx, al
        mov ah, VIDEO_TELETYPE
        mov bx, VIDEO_PAGE_0_GREY
        sti                     ; firmware may have returned with interrupts off
        int 10h                 ; destroys BP
        popa
        push cs
        pop ds
        cld
        ret

message_damaged:        db "loader damaged", 0
mbr_pause:                      ; padding from here on

%assign MBR_BEFORE_STAMPED $ - $$
%if MBR_BEFORE_STAMPED > STAMPED_OFFSET
%error mbr: MBR_BEFORE_STAMPED bytes reach into those firmware stamps: move a routine behind them
%endif
        times STAMPED_END - ($ - $$) db 0

; Loads, checks and enters the first block from the drive in DL.
; In: DS = ES = 0, DF clear.   Out: returns only on failure, SI = message.   Clobbers: not DL.
load_first_block:
        mov dh, 0               ; head 0
        mov bx, STAGE2_ADDRESS
        mov [bx + SECTOR_SIZE], bx      ; a mark that a sector of more than 512 bytes overwrites
        mov ax, 1               ; the first sector alone proves drive and sector size
        mov cx, STAGE2_LBA + 1
        call read
        jc load_failed
        mov si, message_sector_size
        cmp [bx + SECTOR_SIZE], bx
        jne load_failed
        cmp dword [bx], STAGE2_SIGNATURE_LOW
        jne load_damaged
        cmp dword [bx + 4], STAGE2_SIGNATURE_HIGH
        jne load_damaged
        mov al, FIRST_BLOCK_SECTORS - 1
        mov bh, (STAGE2_ADDRESS + SECTOR_SIZE) >> 8
        inc cx
        call read
        jc load_failed
        mov cx, (FIRST_BLOCK_SECTORS * SECTOR_SIZE - STAGE2_REST_SUM) / 4
        mov si, STAGE2_ADDRESS + STAGE2_REST_SUM
        xor ebx, ebx            ; sum
        xor edi, edi            ; weighted sum
.word:
        lodsd
        add ebx, eax
        add edi, ebx
        loop .word
        mov si, STAGE2_ADDRESS + STAGE2_FIRST_BLOCK_SUMS
        cmp ebx, [si]
        jne load_damaged
        cmp edi, [si + 4]
        je mbr + FIRST_BLOCK_ENTRY - MBR_ADDRESS   ; by its distance: holds before a linker, too
load_damaged:
        mov si, message_damaged
load_failed:
        ret

; Reads sectors of the disk's first track: by EDD, else by CHS, with a reset between attempts.
; In:  AX = sectors, BX = buffer, CX = LBA + 1, DH = 0, DL = drive; called by load_first_block.
; Out: BX, CX, DX kept, AX too on success; CF clear, or CF set and SI = message; [status].
; Clobbers: SI, DI, BP.
read:
        mov bp, READ_ATTEMPTS
.attempt:
        pusha
        mov ah, DISK_EDD_CHECK
        mov bx, EDD_CHECK_ASK
        call disk_call
        jc .chs
        cmp bx, EDD_CHECK_ANSWER
        jne .chs
        shr cl, 1               ; EDD_PACKET_BIT
        jnc .chs
        popa
        pusha
        dec cx
        xor si, si
        push si                 ; disk address packet, from its end: LBA
        push si
        push si
        push cx
        push si                 ; segment and offset
        push bx
        push ax                 ; sectors
        push word EDD_PACKET_SIZE
        mov si, sp
        mov ah, DISK_EDD_READ
        call disk_call
        mov sp, READ_STACK
        jnc .done
.chs:
        popa
        pusha
        mov ah, DISK_READ       ; CX: cylinder 0, sector LBA + 1
        call disk_call
        jnc .done
        mov [status], ah
        popa
        pusha
        call disk_call          ; AH = 0: DISK_RESET
        popa
        dec bp
        jnz .attempt
        mov si, message_disk
        stc
        ret
.done:
        popa
        mov [status], ah
        ret

; INT 13h; sets right what firmware may have changed.   Out: as INT 13h; DS = ES = 0, DF clear.
disk_call:
        sti
        int 13h
        cld
        push cs
        pop ds
        push cs
        pop es
        ret

message_disk:           db "disk error ", 0
message_sector_size:    db "sector size", 0

mbr_end:
%assign MBR_USED $ - $$
%if MBR_USED > MBR_DISK_SIGNATURE_OFFSET
%error mbr: MBR_USED bytes of code and messages, only MBR_DISK_SIGNATURE_OFFSET fit
%endif
        times MBR_BOOT_SIGNATURE_OFFSET - ($ - $$) db 0
        dw MBR_BOOT_SIGNATURE
