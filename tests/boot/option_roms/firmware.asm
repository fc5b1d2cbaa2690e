; An option ROM that makes the firmware tell the loader something else, in the way that -D names.
; test_errors.py assembles it and makes its bytes sum to 0; QEMU runs it before the boot.
;   LOW_MEMORY      40:13h says 128 KiB
;   NO_MEMORY       INT 15h knows neither E820h, E801h nor 88h
;   LARGE_SECTORS   INT 13h AH=42h writes more than 512 bytes for a sector
;   ENDLESS_MAP     E820h has a next entry for ever, each of 8 KiB and apart from the one before
        bits 16
        org 0

ROM_SECTORS             equ 2
BDA_LOW_MEMORY_KIB      equ 413h
VECTOR_13               equ 13h * 4
VECTOR_15               equ 15h * 4
; The firmware's own handler, called through a vector that nobody uses.
SPARE_INT               equ 6Bh
SPARE_VECTOR            equ SPARE_INT * 4
LOW_MEMORY_KIB          equ 128
RANGE_BYTES             equ 2000h

        db 55h, 0AAh, ROM_SECTORS
init:
        push ds
        push eax
        xor ax, ax
        mov ds, ax
%ifdef LOW_MEMORY
        mov word [BDA_LOW_MEMORY_KIB], LOW_MEMORY_KIB
%elifdef LARGE_SECTORS
        mov eax, [VECTOR_13]
        mov [SPARE_VECTOR], eax
        mov word [VECTOR_13], int_13
        mov [VECTOR_13 + 2], cs
%else
        mov eax, [VECTOR_15]
        mov [SPARE_VECTOR], eax
        mov word [VECTOR_15], int_15
        mov [VECTOR_15 + 2], cs
%endif
        pop eax
        pop ds
        retf

%ifndef LARGE_SECTORS
%ifndef LOW_MEMORY
int_15:
        cmp ax, 0E820h
        je memory_map
%ifdef NO_MEMORY
        cmp ax, 0E801h
        je unsupported
        cmp ah, 88h
        je unsupported
%endif
        int SPARE_INT
        retf 2                  ; the flags that firmware set
%endif
%endif

%ifdef NO_MEMORY
memory_map:
unsupported:
        mov ah, 86h
        stc
        retf 2
%endif

%ifdef ENDLESS_MAP
; In: EBX = number of the entry, ES:DI = its place.   Out: as INT 15h AX=E820h.
memory_map:
        mov eax, ebx
        shl eax, 15             ; every 32 KiB
        add eax, 100000h
        mov [es:di], eax
        mov dword [es:di + 4], 0
        mov dword [es:di + 8], RANGE_BYTES
        mov dword [es:di + 12], 0
        mov dword [es:di + 16], 1
        inc ebx
        mov eax, 534D4150h      ; "SMAP"
        mov ecx, 20
        clc
        retf 2
%endif

%ifdef LARGE_SECTORS
; In: as INT 13h; for AH=42h DS:SI = disk address packet, its buffer at offset 4.
int_13:
        cmp ah, 42h
        jne .pass
        int SPARE_INT
        jc .return
        push ds
        push bx
        lds bx, [si + 4]
        not word [bx + 512]
        pop bx
        pop ds
        clc
.return:
        retf 2
.pass:
        int SPARE_INT
        retf 2
%endif
        times ROM_SECTORS * 512 - ($ - $$) db 0
