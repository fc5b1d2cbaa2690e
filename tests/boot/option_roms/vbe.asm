; An option ROM whose INT 10h has another VBE than the graphics card. Every VBE call writes PLAYED to
; port E9h once, whatever else happens:
;   (nothing)           that is all
;   VERSION=n           the controller says that it has this version of VBE
;   SIGNATURE           the controller's signature is "VESB"
;   NO_MEMORY           the controller says that it has no memory
;   ENDLESS_LIST        the list of modes has no end; MODE is its first, all others are that, too
;   LIST=n              the list of modes lies at this far address
;   AT1=n TO1=n AT2=n TO2=n   in the description of each mode, these words at these offsets
;   EDID_AT=n           a bit of this byte of the EDID is turned over
;   NO_EDID             there is none
;   SET_FAILS           a mode is set, and reported as not set
%ifdef ENDLESS_LIST
  %define ROM_SECTORS   6
%endif
%include "option_rom.inc"

VBE                     equ 4Fh         ; AH; AL is the function
CONTROLLER              equ 4F00h
MODE_INFORMATION        equ 4F01h
SET_MODE                equ 4F02h
DDC                     equ 4F15h
FAILED                  equ 014Fh       ; AX: supported, failed
CONTROLLER_SIGNATURE    equ 0           ; offsets in VbeInfoBlock
CONTROLLER_VERSION      equ 4
CONTROLLER_MODES        equ 0Eh
CONTROLLER_MEMORY       equ 12h
MODES                   equ 600         ; more than the loader reads

init:
        push ds
        pushad
        xor ax, ax
        mov ds, ax
        HOOK 10h, FIRMWARE_10, int_10
        popad
        pop ds
        retf

int_10:
        cmp ah, VBE
        je .vbe
        int FIRMWARE_10
        iret
.vbe:
        TELL_PLAYED
        push bp
        mov bp, ax                      ; the function
        int FIRMWARE_10
        cmp bp, CONTROLLER
        je controller
        cmp bp, MODE_INFORMATION
        je mode_information
        cmp bp, SET_MODE
        je set_mode
        cmp bp, DDC
        je ddc
return:
        pop bp
        iret

; In: ES:DI = what firmware has answered, AX its status, to be changed.
controller:
%ifdef VERSION
        mov word [es:di + CONTROLLER_VERSION], VERSION
%endif
%ifdef SIGNATURE
        inc byte [es:di + CONTROLLER_SIGNATURE + 3]
%endif
%ifdef NO_MEMORY
        mov word [es:di + CONTROLLER_MEMORY], 0
%endif
%ifdef LIST
        mov dword [es:di + CONTROLLER_MODES], LIST
%endif
%ifdef ENDLESS_LIST
        mov word [es:di + CONTROLLER_MODES], endless_list
        mov [es:di + CONTROLLER_MODES + 2], cs
%endif
        jmp return

mode_information:
%ifdef AT1
        mov word [es:di + AT1], TO1
%endif
%ifdef AT2
        mov word [es:di + AT2], TO2
%endif
        jmp return

set_mode:
%ifdef SET_FAILS
        mov ax, FAILED
%endif
        jmp return

ddc:
%ifdef EDID_AT
        xor byte [es:di + EDID_AT], 10h
%endif
%ifdef NO_EDID
        mov ax, FAILED
%endif
        jmp return

%ifdef ENDLESS_LIST
        align 2
endless_list:
        times MODES dw MODE
%endif
        ROM_END
