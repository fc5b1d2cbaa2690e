; The thunk: C in long mode calls a routine in real mode, an interrupt of the firmware or one of the
; first block's. Everything that firmware might change is saved and restored here.

%include "asm_offsets.inc"
%include "cpu.inc"

        extern long_to_protected
        extern protected_to_real
        extern real_to_protected
        extern protected_to_long
        global real_mode_call
        global real_mode_interrupt
        global real_mode_registers
        global real_mode_target

        section .first_block progbits alloc exec write align=1

; void real_mode_call(uint16_t routine)
; Calls the near routine at 0:DI in real mode with the registers in real_mode_registers, and stores
; there what it leaves in them. Its upper halves count: some firmware wants, some destroys them.
; In: IF clear.   Out: IF, DF clear.   Clobbers: what the System V ABI allows, all of SSE.
        bits 64
real_mode_call:
        push rbx
        push rbp
        push r12
        push r13
        push r14
        push r15
        mov [saved_rsp], rsp
        mov [real_mode_routine], di
        mov ebx, .protected
        jmp long_to_protected
        bits 32
.protected:
        mov ebx, .real
        jmp protected_to_real
        bits 16
.real:
        mov si, real_mode_registers
        mov eax, [si + REGISTERS_EAX]
        mov ebx, [si + REGISTERS_EBX]
        mov ecx, [si + REGISTERS_ECX]
        mov edx, [si + REGISTERS_EDX]
        mov edi, [si + REGISTERS_EDI]
        mov ebp, [si + REGISTERS_EBP]
        mov es, [si + REGISTERS_ES]
        push word [si + REGISTERS_DS]
        mov esi, [si + REGISTERS_ESI]
        pop ds
        sti                             ; USB keyboards and disks of some firmware need interrupts
        stc                             ; firmware that answers nothing has failed
        call [cs:real_mode_routine]
        pushf
        cli
        cld
        mov [cs:real_mode_registers + REGISTERS_DS], ds
        push cs
        pop ds
        pop word [real_mode_registers + REGISTERS_FLAGS]
        push dword EFLAGS_RESERVED
        popfd                           ; NT, TF, AC and IOPL may have been left behind
        mov [real_mode_registers + REGISTERS_EAX], eax
        mov [real_mode_registers + REGISTERS_EBX], ebx
        mov [real_mode_registers + REGISTERS_ECX], ecx
        mov [real_mode_registers + REGISTERS_EDX], edx
        mov [real_mode_registers + REGISTERS_ESI], esi
        mov [real_mode_registers + REGISTERS_EDI], edi
        mov [real_mode_registers + REGISTERS_EBP], ebp
        mov [real_mode_registers + REGISTERS_ES], es
        mov ebx, .protected_again
        jmp real_to_protected
        bits 32
.protected_again:
        mov ebx, .long
        jmp protected_to_long
        bits 64
.long:
        mov rsp, [saved_rsp]
        pop r15
        pop r14
        pop r13
        pop r12
        pop rbp
        pop rbx
        ret

; A routine for real_mode_call: the interrupt whose vector is in real_mode_target, as INT enters it.
        bits 16
real_mode_interrupt:
        pushf
        cli
        call far [cs:real_mode_target]
        ret

saved_rsp:              dq 0
real_mode_registers:    times REGISTERS_SIZE db 0
real_mode_target:       dd 0            ; offset, segment
real_mode_routine:      dw 0
