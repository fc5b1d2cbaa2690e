; A kernel that runs at any address: prints boot_info's fields on COM1 as `name=16 hex digits`, ends
; QEMU. Assembled flat by test_addresses.py, which puts it where it likes.
        bits 64
        default rel

COM1_DATA       equ 3F8h
COM1_STATUS     equ COM1_DATA + 5
TRANSMIT_EMPTY  equ 40h
DEBUG_EXIT_PORT equ 0F4h
SUCCESS         equ 10h
NAME_BYTES      equ 24

; In: RDI = boot_info.
start:
        mov r8, rdi
        lea r9, [fields]
.field:
        lea rsi, [r9]
        call print
        movzx eax, byte [r9 + NAME_BYTES]
        mov rbx, [r8 + rax]
        call print_number
        add r9, NAME_BYTES + 1
        lea rax, [fields_end]
        cmp r9, rax
        jb .field
        lea rsi, [address_name]
        call print
        lea rbx, [start]
        call print_number
        mov al, SUCCESS
        out DEBUG_EXIT_PORT, al
.halt:
        cli
        hlt
        jmp .halt

; print: the text at RSI up to its NUL. Clobbers RAX, RDX, RSI.
print:
        lodsb
        test al, al
        jz .done
        call print_character
        jmp print
.done:
        ret

; print_number: RBX as 16 hex digits and a line end. Clobbers RAX, RBX, RCX, RDX.
print_number:
        mov ecx, 16
.digit:
        rol rbx, 4
        mov al, bl
        and al, 0Fh
        add al, '0'
        cmp al, '9'
        jbe .decimal
        add al, 'a' - '9' - 1
.decimal:
        call print_character
        loop .digit
        mov al, 10
; print_character: AL on COM1. Clobbers RAX, RDX.
print_character:
        mov edx, COM1_DATA
        out dx, al
        mov edx, COM1_STATUS
.wait:
        in al, dx
        test al, TRANSMIT_EMPTY
        jz .wait
        ret

%macro field 2 ; name, offset in struct boot_info
%%name: db %1, "="
        times NAME_BYTES - ($ - %%name) db 0
        db %2
%endmacro
fields:
        field "flags", 8
        field "direct_map_offset", 32
        field "direct_map_size", 40
        field "kernel_physical_base", 48
        field "kernel_virtual_base", 56
        field "kernel_virtual_size", 64
        field "stack_bottom", 72
        field "stack_top", 80
        field "handover_page", 88
fields_end:
address_name:   db "address=", 0
