; The option ROM of all cases under tests/firmware: firmware runs it before the boot, and it hooks
; interrupts to lie to the loader. What it does, definitions say; tests/harness/option_rom.py assembles
; it, defines a PART for each prefix that occurs in them, fills up the last sector, and makes size and
; sum right. A part adds code to section .text, and to .init what is done once.
%include "framework.inc"

        section .text
        db 55h, 0AAh, 0                 ; number of sectors: written by option_rom.py
        jmp init

        section .init follows=.text align=1
init:
        pushad
        push ds
        push es
        xor ax, ax
        mov ds, ax

; The later a part hooks an interrupt, the nearer it is to the loader.
%ifdef PART_MACHINE
  %include "machine.inc"
%endif
%ifdef PART_MEMORY
  %include "memory.inc"
%endif
%ifdef PART_DISK
  %include "disk.inc"
%endif
%ifdef PART_VBE
  %include "vbe.inc"
%endif
%ifdef PART_TIMER
  %include "timer.inc"
%endif
%ifdef PART_NMI
  %include "nmi.inc"
%endif
%ifdef PART_LEFT
  %include "left_behind.inc"
%endif
%ifdef PART_ENTRY
  %include "entry.inc"
%endif
%include "rules.inc"

        section .init
        pop es
        pop ds
        popad
        retf
