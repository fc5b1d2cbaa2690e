; Stage 2's GDT, for every mode it passes through. Loaded by real_to_protected.asm.

%include "cpu.inc"

        global gdt_pointer

        section .first_block progbits alloc exec write align=8

; Descriptors (Intel SDM volume 3A, 3.4.5): base 0; the accessed bit set, so that the CPU need not.
gdt:
        dq 0
        dq 00CF9B000000FFFFh            ; SELECTOR_CODE32: 4 GiB
        dq 00CF93000000FFFFh            ; SELECTOR_DATA32: 4 GiB
        dq 00AF9B000000FFFFh            ; SELECTOR_CODE64
        dq 00009B000000FFFFh            ; SELECTOR_CODE16: 64 KiB, as real mode expects
        dq 000093000000FFFFh            ; SELECTOR_DATA16: 64 KiB
gdt_end:

gdt_pointer:
        dw gdt_end - gdt - 1
        dd gdt
