; An option ROM whose INT 13h cannot read. LBA 0 stays readable: firmware loads it this way too.
;   STATUS=status   every read behind LBA 0 fails with it
;   EDD_LBA=lba     AH=42h fails for this sector with 0Ch, and AH=08h reports 0 sectors a track
%include "option_rom.inc"

DISK_READ               equ 02h
DISK_PARAMETERS         equ 08h
DISK_EDD_READ           equ 42h
PACKET_SECTORS          equ 2           ; in the disk address packet
PACKET_LBA              equ 8
CHS_OF_LBA_0            equ 0001h       ; in CX
STATUS_MEDIA_TYPE       equ 0Ch

init:
        push ds
        pushad
        xor ax, ax
        mov ds, ax
        HOOK 13h, FIRMWARE_13, int_13
        popad
        pop ds
        retf

%ifdef STATUS
int_13:
        cmp ah, DISK_EDD_READ
        je .edd
        cmp ah, DISK_READ
        jne .firmware
        cmp cx, CHS_OF_LBA_0
        jne .fail
.firmware:
        int FIRMWARE_13
        retf 2
.edd:
        cmp dword [si + PACKET_LBA], 0
        je .firmware
.fail:
        TELL_PLAYED
        mov ah, STATUS
        stc
        retf 2
%endif

%ifdef EDD_LBA
int_13:
        cmp ah, DISK_PARAMETERS
        je .parameters
        cmp ah, DISK_EDD_READ
        jne .firmware
        push eax
        movzx eax, word [si + PACKET_SECTORS]
        add eax, [si + PACKET_LBA]
        cmp eax, EDD_LBA                ; behind the last sector
        pop eax
        jbe .firmware
        cmp dword [si + PACKET_LBA], EDD_LBA
        ja .firmware
        TELL_PLAYED
        mov ah, STATUS_MEDIA_TYPE
        stc
        retf 2
.parameters:
        int FIRMWARE_13
        mov cx, 0                       ; CF stays
.return:
        retf 2
.firmware:
        int FIRMWARE_13
        jmp .return
%endif
        ROM_END
