; The kernel's first instructions. Entered by the loader as `void _start(const struct boot_info *)`,
; on the loader's stack, interrupts off, DF clear (bootloader/include/firstlight/boot_info.h).
;
; In:       RDI = boot_info, RSP + 8 a multiple of 16, 0 at [RSP]
; Out:      does not return; kernel_start_time
        bits 64
        default rel

        global _start:function
        extern kernel_main
        global kernel_start_time:data

        section .bss.kernel_start_time nobits alloc noexec write align=8
kernel_start_time:      resq 1  ; the time-stamp counter at the kernel's first instruction

        section .text._start progbits alloc exec nowrite align=16
_start:
        rdtsc
        mov     [kernel_start_time], eax
        mov     [kernel_start_time + 4], edx
        xor     ebp, ebp        ; the outermost frame: a walk along RBP ends here
        push    rbp             ; RSP a multiple of 16 again, as the call wants it
        call    kernel_main
.halt:  cli                     ; kernel_main does not return; an NMI ends a hlt
        hlt
        jmp     .halt
