; Stage 2's decoder for the host, with stage 2's own memcpy, on whose registers it counts, under names
; that do not meet the C library's.

%define memcpy  stage2_memcpy
%define memmove stage2_memmove
%define memset  stage2_memset
%define memcmp  stage2_memcmp
%include "memory.asm"
%include "lz4_decode_wide.asm"

        section .note.GNU-stack noalloc noexec nowrite progbits
