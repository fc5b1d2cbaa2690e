; The floor of the benchmark: a boot sector that reads SECTORS sectors from LBA 1 on, by the largest
; reads INT 13h gives, always to the same place, and then ends QEMU. No loader can read them with less.
; SECTORS is given on the command line. `finished` is where the plugins stop counting: see FINISHED.
        bits 16
        org 7C00h

TRANSFER_SECTORS        equ 127         ; EDD 3.0, 3.3: more is not promised
BUFFER_SEGMENT          equ 1000h
EDD_READ                equ 42h
PACKET_BYTES            equ 16
EXIT_PORT               equ 0F4h
EXIT_SUCCESS            equ 10h
EXIT_FAILURE            equ 1
FINISHED                equ 7D00h       ; payload.py's FLOOR_FINISHED

start:
        xor ax, ax
        mov ds, ax
        mov ss, ax
        mov sp, start
        mov ebp, SECTORS
        mov si, packet
.next:
        mov eax, TRANSFER_SECTORS
        cmp eax, ebp
        jb .count
        mov eax, ebp
.count:
        mov [packet.sectors], ax
        push ax
        mov ah, EDD_READ
        int 13h
        pop ax
        mov bl, EXIT_FAILURE
        jc finished
        movzx eax, ax
        add [packet.lba], eax
        sub ebp, eax
        jnz .next
        mov bl, EXIT_SUCCESS
        jmp finished

        align 4
packet:
        dw PACKET_BYTES
.sectors:
        dw 0
        dw 0, BUFFER_SEGMENT
.lba:
        dq 1

        times FINISHED - 7C00h - ($ - $$) db 0
finished:
        mov al, bl
        out EXIT_PORT, al
        cli
        hlt

        times 510 - ($ - $$) db 0
        dw 0AA55h
