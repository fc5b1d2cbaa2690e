; An option ROM whose INT 15h reports memory in another way:
;   SILENT            E820h, E801h and 88h return at once, nothing changed, CF neither
;   MAP_ENTRIES=n     E820h has n entries: 8 KiB every 32 KiB from 1 MiB up; last, 32 MiB at 32 MiB
;   SIGNATURE_LOST    E820h tells of memory that is not there, then answers without "SMAP"
%include "option_rom.inc"

E820_SIGNATURE          equ 534D4150h   ; "SMAP"
E820_BYTES              equ 20
USABLE                  equ 1
MIB                     equ 100000h
LAST_BASE               equ 32 * MIB
LAST_BYTES              equ 32 * MIB
RANGE_BYTES             equ 2000h
RANGE_SHIFT             equ 15
LIE_BASE                equ 512 * MIB
LIE_BYTES               equ 256 * MIB
LIES                    equ 2

init:
        push ds
        pushad
        xor ax, ax
        mov ds, ax
        HOOK 15h, FIRMWARE_15, int_15
        popad
        pop ds
        retf

int_15:
        cmp ax, 0E820h
        je memory_map
%ifdef SILENT
        cmp ax, 0E801h
        je memory_map
        cmp ah, 88h
        je memory_map
%endif
        int FIRMWARE_15
        retf 2

%ifdef SILENT
memory_map:
        TELL_PLAYED
        iret
%else
; In: EBX = number of the entry, ES:DI = its place.   Out: as INT 15h AX=E820h.
memory_map:
        push edx
        push esi
        call choose_range               ; EDX = base, ESI = bytes
        mov [es:di], edx
        mov dword [es:di + 4], 0
        mov [es:di + 8], esi
        mov dword [es:di + 12], 0
        mov dword [es:di + 16], USABLE
        pop esi
        pop edx
        inc ebx
        mov eax, E820_SIGNATURE
        mov ecx, E820_BYTES
%ifdef MAP_ENTRIES
        cmp ebx, MAP_ENTRIES
        jb .more
        xor ebx, ebx
        TELL_PLAYED
%else
        cmp ebx, LIES
        jbe .more
        xor eax, eax
        TELL_PLAYED
%endif
.more:
        clc
        retf 2
%endif

%ifdef MAP_ENTRIES
choose_range:
        mov edx, ebx
        shl edx, RANGE_SHIFT
        add edx, MIB
        mov esi, RANGE_BYTES
        cmp ebx, MAP_ENTRIES - 1
        jb .return
        mov edx, LAST_BASE
        mov esi, LAST_BYTES
.return:
        ret
%endif

%ifdef SIGNATURE_LOST
choose_range:
        mov edx, ebx
        shl edx, 28                     ; by LIE_BYTES
        add edx, LIE_BASE
        mov esi, LIE_BYTES
        ret
%endif
        ROM_END
