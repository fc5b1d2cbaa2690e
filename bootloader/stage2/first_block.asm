; Stage 2's first block begins here: the sectors that the MBR has read to 8000h and checked. It reads
; the rest of stage 2 behind itself, and checks that once it is in long mode: the first block has all
; that it takes to get there and back (the section .first_block of other files). Its disk reader and
; console also serve the C code, through the thunk.
;
; Entered by the MBR with CS = DS = ES = SS = 0, SP = 7C00h, DF clear, DL = the boot drive.

%include "asm_offsets.inc"
%include "cpu.inc"
%include "firmware.inc"

        bits 16
        cpu 386

        extern stage2_sectors           ; by the linker script, as the next one
        extern stage2_rest_sectors      ; behind the first block
        extern real_mode_main
        extern find_cpuid
        global first_block_time
        global read_rest
        global stage2_is_damaged
        global stage2_header
        global real_mode_fail
        global first_block_sectors      ; for the linker script
first_block_sectors     equ FIRST_BLOCK_SECTORS

        section .first_block.header progbits alloc exec write

; struct stage2_header. Zeros are the image tool's to fill.
stage2_header:
        dd STAGE2_SIGNATURE_LOW, STAGE2_SIGNATURE_HIGH
        dd 0, 0                         ; first_block_sums
        dq 0                            ; rest_sum
        dw FIRST_BLOCK_SECTORS
        dw stage2_sectors
        dd 0                            ; image_header_sectors
        dq 0                            ; image_header_lba
%if $ - stage2_header != STAGE2_HEADER_SIZE
%error stage2_header does not have the size that image_format.h gives it
%endif

first_block:
        xor ax, ax
        cli
        mov ss, ax
        mov sp, REAL_MODE_STACK_TOP
        mov ds, ax
        mov es, ax
        cld
        mov [disk_request + DISK_DRIVE], dl
        call note_time
        call console_init
        call check_low_memory
        call disk_init
        call read_rest
        jmp real_mode_main

; Notes when the MBR has ended, where there is a time-stamp counter.   Clobbers: EAX, EBX, ECX, EDX.
note_time:
        call find_cpuid
        jnc .return
        cpu 586
        mov eax, 1
        cpuid
        test dl, 1 << CPUID_1_EDX_TSC
        jz .return
        rdtsc
        mov [first_block_time], eax
        mov [first_block_time + 4], edx
        cpu 386
.return:
        ret

; Stops if the loader's own tables would not fit below what firmware left of the first mebibyte.
check_low_memory:
        cmp word [BDA_LOW_MEMORY_KIB], LOW_MEMORY_END / 1024
        mov si, message_low_memory
        jb fail
        ret

; Reads stage 2's sectors behind the first block.   Clobbers: all.
read_rest:
        mov di, disk_request
        mov dword [di + DISK_LBA], STAGE2_LBA + FIRST_BLOCK_SECTORS
        mov dword [di + DISK_LBA + 4], 0
        mov word [di + DISK_SECTORS], stage2_rest_sectors
        mov word [di + DISK_SEGMENT], REST_ADDRESS >> 4
        call disk_read
        cmp byte [disk_request + DISK_FAILED], 0
        jne .failed
        ret
.failed:
        mov si, message_read
        call real_mode_say
        mov al, [disk_request + DISK_DRIVE]
        call print_hex_byte
        mov si, message_read_lba
        call print
        mov ax, [disk_request + DISK_LBA]       ; stage 2 ends below LBA 100
        aam                             ; AH = tens, AL = ones
        call print_two_digits
        mov si, message_read_status
        call print
        mov al, [disk_request + DISK_STATUS]
        call print_hex_byte
        mov si, message_read_end
        jmp real_mode_fail

stage2_is_damaged:
        mov si, message_damaged
; Prints the message at SI, behind the loader's name, and halts for ever.
fail:
        call real_mode_say
        jmp real_mode_halt
; Prints the text at SI, the end of a message, and halts for ever.
real_mode_fail:
        call print
real_mode_halt:
        cli
        hlt
        jmp real_mode_halt

REST_ADDRESS            equ STAGE2_ADDRESS + FIRST_BLOCK_SECTORS * SECTOR_SIZE

message_low_memory:
        db "less than 384 KiB of memory below 1 MiB: "
        db "use another machine", 13, 10, 0
%if STAGE2_MAX_SECTORS + STAGE2_LBA > 100
%error read_rest prints only two digits of an LBA
%endif
%if LOW_MEMORY_END != 384 * 1024
%error message_low_memory does not name LOW_MEMORY_END
%endif
message_read:           db "cannot read stage 2: disk ", 0
message_read_lba:       db "h, LBA ", 0
message_read_status:    db ", status ", 0
message_read_end:       db "h: check the disk", 13, 10, 0
message_damaged:
        db "stage 2 is damaged (checksum): write the image again", 13, 10, 0

first_block_time:       dq 0            ; a time stamp; 0: none

; Interrupt vectors at 0, 256 of 4 bytes; loaded after each of firmware's interrupts.
        global real_mode_idt_pointer
real_mode_idt_pointer:
        dw 256 * 4 - 1
        dd 0

%include "disk_reader.inc"
%include "real_mode_console.inc"
