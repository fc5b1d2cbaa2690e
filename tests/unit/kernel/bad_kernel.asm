; A kernel that breaks the rules which check_registers.cmake, check_segments.cmake and
; check_calls.cmake look after. It is never booted: the checks must find it guilty.
        bits 64

        global _start, memcpy, memmove, memset, memcmp, strlen

        section .text._start progbits alloc exec nowrite
_start: movaps  xmm0, xmm1
        fld1
        paddb   mm0, mm1
        ret

        section .text.memcpy progbits alloc exec nowrite
memcpy: call    memmove
        ret
        section .text.memmove progbits alloc exec nowrite
memmove:
        jmp     memmove
        section .text.memset progbits alloc exec nowrite
memset: ret
        section .text.memcmp progbits alloc exec nowrite
memcmp: ret
        section .text.strlen progbits alloc exec nowrite
strlen: ret

        section .data
        dd      1
