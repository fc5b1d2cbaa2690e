; An option ROM after which the CPU is not as the loader would like it. What it leaves behind:
;   CR4_LEFT=bits     in CR4, from before the boot on
;   FLAGS_LEFT=bits   in EFLAGS, whenever INT 13h returns
;   RUBBISH           whenever INT 10h, 13h or 15h returns: IF and DF set, A20 off, another GDT,
;                     rubbish in DS, ES, FS, GS and in the upper halves of ESP and other registers
%include "option_rom.inc"

FLAGS_IF                equ 1 << 9
FLAGS_DF                equ 1 << 10
SYSTEM_CONTROL_A        equ 92h
SYSTEM_CONTROL_KEPT     equ 0FCh        ; without A20 and reset
E820_SIGNATURE          equ 534D4150h   ; "SMAP"
UPPER_HALF              equ 0BAD00000h
SEGMENT_RUBBISH         equ 0DEADh

init:
        push ds
        pushad
        xor ax, ax
        mov ds, ax
%ifdef CR4_LEFT
        mov eax, cr4
        or eax, CR4_LEFT
        mov cr4, eax
%endif
        HOOK 13h, FIRMWARE_13, int_13
%ifdef RUBBISH
        HOOK 10h, FIRMWARE_10, int_10
        HOOK 15h, FIRMWARE_15, int_15
%endif
        popad
        pop ds
        retf

int_13:
        UNLESS_LOADER .firmware
        int FIRMWARE_13
        jmp leave_behind
.firmware:
        int FIRMWARE_13
        retf 2

%ifdef RUBBISH
int_10:
        UNLESS_LOADER .firmware
        int FIRMWARE_10
        jmp leave_behind
.firmware:
        int FIRMWARE_10
        retf 2

int_15:
        UNLESS_LOADER .firmware
        int FIRMWARE_15
        jmp leave_behind
.firmware:
        int FIRMWARE_15
        retf 2
%endif

; Returns to the loader. In: registers and flags as firmware left them.
%ifdef CR4_LEFT
leave_behind:
        pushf
        push eax
        mov eax, cr4
        and eax, CR4_LEFT
        cmp eax, CR4_LEFT
        jne .gone
        TELL_PLAYED
.gone:
        pop eax
        popf
        retf 2
%endif

%ifdef FLAGS_LEFT
leave_behind:
        pushfd
        push ebp
        movzx ebp, sp
        or dword [ebp + 4], FLAGS_LEFT  ; EBP, EFLAGS, IP, CS, FLAGS
        push word [ebp + 4]
        pop word [ebp + 12]
        pop ebp
        popfd                           ; for the upper half: IRET takes only the lower
        TELL_PLAYED
        iret
%endif

%ifdef RUBBISH
; E820h's answers fill whole registers: where it answered, EAX, EBX and ECX stay.
leave_behind:
        push bp
        pushf
        mov bp, sp
        or word [bp], FLAGS_IF | FLAGS_DF
        push word [bp]
        pop word [bp + 8]               ; flags, BP, IP, CS, FLAGS
        cmp eax, E820_SIGNATURE
        je .e820
        and ebx, 0FFFFh
        or ebx, UPPER_HALF
        and ecx, 0FFFFh
        or ecx, UPPER_HALF
        and eax, 0FFFFh
        or eax, UPPER_HALF
.e820:
        push ax
        in al, SYSTEM_CONTROL_A
        and al, SYSTEM_CONTROL_KEPT
        out SYSTEM_CONTROL_A, al
        mov ax, SEGMENT_RUBBISH
        mov ds, ax
        mov es, ax
        mov fs, ax
        mov gs, ax
        o32 lgdt [cs:gdt_rubbish]
        TELL_PLAYED
        pop ax
        add sp, 2
        pop bp
        and edx, 0FFFFh
        or edx, UPPER_HALF
        and esi, 0FFFFh
        or esi, UPPER_HALF
        and edi, 0FFFFh
        or edi, UPPER_HALF
        and ebp, 0FFFFh
        or ebp, UPPER_HALF
        and esp, 0FFFFh
        or esp, UPPER_HALF
        iret

gdt_rubbish:
        dw 7
        dd 0F0000000h
%endif
        ROM_END
