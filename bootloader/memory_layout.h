// The one map of the first mebibyte: who uses which physical addresses before the kernel runs.
// bootloader/README.md shows it as a table; NASM gets it by way of stage2/asm_offsets.c, the
// linker script by the C preprocessor.
#ifndef MEMORY_LAYOUT_H
#define MEMORY_LAYOUT_H

// 00000h-004FFh interrupt vectors and BIOS data area (firmware's)
// 00500h-005FFh nobody (firmware scribbles here)
// 00600h-07BFFh real-mode stack, grows down from 7C00h: firmware's calls run on it
// 07C00h-07DFFh MBR
// 07E00h-07FFFh its variables
// 08000h-0FFFFh stage 2: first block, then the rest
// 10000h-1FFFFh stage 2's .bss: its C stack, tables, memory maps
// 20000h-2FFFFh disk buffer: 127 sectors that never cross a 64 KiB line; later VBE's answers
// 30000h-3FFFFh stage 2's own page tables: what it needs of memory, mapped at its own address
// 40000h-4FFFFh the image header, kept: items, names and command lines of modules
// 50000h-5FFFFh what each item cost, for boot_info

// Words of the BIOS data area (RBIL MEMORY.LST).
#define BDA_EBDA_SEGMENT   0x40E // where the extended BIOS data area begins, a segment
#define BDA_LOW_MEMORY_KIB 0x413 // memory below it
#define BDA_CURSOR         0x450 // of page 0: column, row, a byte each
#define BDA_TICKS          0x46C // of the clock; the low word
#define BDA_SCREEN_ROWS    0x484 // a byte: rows of the screen less one

#define MBR_ADDRESS             0x7C00
#define MBR_VARIABLES_ADDRESS   0x7E00
#define REAL_MODE_STACK_TOP     0x7C00
#define STAGE2_ADDRESS          0x8000
#define STAGE2_END              0x10000
#define STAGE2_BSS_ADDRESS      0x10000
#define STAGE2_BSS_END          0x20000
#define STAGE2_STACK_BYTES      0x4000
#define DISK_BUFFER_ADDRESS     0x20000
#define DISK_BUFFER_SECTORS     127
#define IDENTITY_TABLES_ADDRESS 0x30000
#define IDENTITY_TABLES_COUNT   16
#define IMAGE_HEADER_ADDRESS    0x40000
#define ITEM_TIMES_ADDRESS      0x50000
#define LOW_MEMORY_END          0x60000

#endif
