; The first long-mode code: gives C what it needs. Jumped to once, by protected_to_long.

        bits 64
        extern stage2_main
        extern stage2_bss_start         ; by the linker script
        extern stage2_bss_quadwords
        extern stage2_stack_top
        global long_mode_main

        section .text align=1

long_mode_main:
        mov esp, stage2_stack_top
        mov edi, stage2_bss_start
        mov ecx, stage2_bss_quadwords
        xor eax, eax
        rep stosq
        xor ebp, ebp
        call stage2_main                ; does not return
        ud2
