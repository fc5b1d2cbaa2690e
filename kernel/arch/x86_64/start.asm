; The kernel's first instructions. Entered by the loader as `void _start(const struct boot_info *)`,
; on the loader's stack, interrupts off, DF clear (bootloader/include/firstlight/boot_info.h).
;
; In:       RDI = boot_info, RSP + 8 a multiple of 16, 0 at [RSP]
; Out:      does not return
        bits 64
        default rel

        global _start:function
        extern kernel_main

        section .text._start progbits alloc exec nowrite align=16
_start:
        xor     ebp, ebp        ; the outermost frame: a walk along RBP ends here
        push    rbp             ; RSP a multiple of 16 again, as the call wants it
        call    kernel_main
.halt:  cli                     ; kernel_main does not return; an NMI ends a hlt
        hlt
        jmp     .halt
