; A kernel that runs at any address and looks at every byte of its segments: behind it lies a table,
; made by test_segments.py, of what each must hold. Ends QEMU and Bochs.
        bits 64
        default rel

DEBUG_EXIT_PORT     equ 0F4h
BOCHS_SHUTDOWN_PORT equ 8900h
SUCCESS             equ 10h
FAILURE             equ 11h

start:
        lea rbx, [table]
.segment:
        mov rdi, [rbx]          ; address; 0 ends the table
        test rdi, rdi
        jz .good
        mov rcx, [rbx + 8]      ; bytes of the file
        mov rdx, [rbx + 16]     ; bytes of zeros behind
        mov rax, [rbx + 24]     ; the first byte; each is the one before plus 7
        add rbx, 32
.byte:
        test rcx, rcx
        jz .zeros
        cmp [rdi], al
        jne .bad
        add al, 7
        inc rdi
        dec rcx
        jmp .byte
.zeros:
        test rdx, rdx
        jz .segment
        cmp byte [rdi], 0
        jne .bad
        inc rdi
        dec rdx
        jmp .zeros
.bad:
        mov al, FAILURE
        out DEBUG_EXIT_PORT, al
        jmp .halt
.good:
        mov al, SUCCESS
        out DEBUG_EXIT_PORT, al
        lea rsi, [shutdown]
        mov ecx, SHUTDOWN_BYTES
        mov edx, BOCHS_SHUTDOWN_PORT
        rep outsb
.halt:
        cli
        hlt
        jmp .halt

shutdown:       db "Shutdown"
SHUTDOWN_BYTES  equ $ - shutdown
                align 8
table:
