// Turns C's constants and structure offsets into lines that cmake/AsmOffsets.cmake makes a NASM
// include of, so that a number both languages need stands once. One function, because it is
// one table. Never linked.
#include "bios_registers.h"
#include "checksum.h"
#include "disk_request.h"
#include "handover.h"
#include "image_format.h"
#include "lz4_decode.h"
#include "memory_layout.h"

#define EMIT(text, value)         __asm__ volatile(".ascii \"->" text " %c0\"" ::"i"(value))
#define VALUE(name, value)        EMIT(#name, value)
#define CONSTANT(name)            EMIT(#name, name)
#define OFFSET(name, type, field) EMIT(#name, offsetof(struct type, field))
// Four characters of a string as the little-endian number they are in memory.
#define TEXT_WORD(text, at)                                                                        \
    ((uint32_t)(text)[at] | (uint32_t)(text)[(at) + 1] << 8 | (uint32_t)(text)[(at) + 2] << 16 |   \
     (uint32_t)(text)[(at) + 3] << 24)

void asm_offsets(void);

void asm_offsets(void) // NOLINT(readability-function-size)
{
    CONSTANT(SECTOR_SIZE);
    CONSTANT(MBR_BPB_OFFSET);
    CONSTANT(MBR_CODE_OFFSET);
    CONSTANT(MBR_DISK_SIGNATURE_OFFSET);
    CONSTANT(MBR_BOOT_SIGNATURE_OFFSET);
    CONSTANT(MBR_BOOT_SIGNATURE);
    CONSTANT(STAGE2_LBA);
    CONSTANT(STAGE2_MAX_SECTORS);
    VALUE(STAGE2_SIGNATURE_LOW, TEXT_WORD(STAGE2_SIGNATURE, 0));
    VALUE(STAGE2_SIGNATURE_HIGH, TEXT_WORD(STAGE2_SIGNATURE, 4));
    CONSTANT(FIRST_BLOCK_SECTORS);

    CONSTANT(MBR_ADDRESS);
    CONSTANT(MBR_VARIABLES_ADDRESS);
    CONSTANT(REAL_MODE_STACK_TOP);
    CONSTANT(STAGE2_ADDRESS);
    CONSTANT(STAGE2_BSS_ADDRESS);
    CONSTANT(IDENTITY_TABLES_ADDRESS);
    CONSTANT(LOW_MEMORY_END);
    CONSTANT(DISK_BUFFER_ADDRESS);
    CONSTANT(BDA_LOW_MEMORY_KIB);
    CONSTANT(FIRST_HARD_DISK);

    OFFSET(STAGE2_FIRST_BLOCK_SUMS, stage2_header, first_block_sums);
    OFFSET(STAGE2_REST_SUM, stage2_header, rest_sum);
    CONSTANT(STAGE2_REST_SUM_ROTATION);
    VALUE(STAGE2_HEADER_SIZE, sizeof(struct stage2_header));

    OFFSET(DISK_LBA, disk_request, lba);
    OFFSET(DISK_SECTORS, disk_request, sectors);
    OFFSET(DISK_SEGMENT, disk_request, segment);
    OFFSET(DISK_FAILED, disk_request, failed);
    OFFSET(DISK_STATUS, disk_request, status);
    OFFSET(DISK_DRIVE, disk_request, drive);

    OFFSET(REGISTERS_EAX, bios_registers, eax);
    OFFSET(REGISTERS_EBX, bios_registers, ebx);
    OFFSET(REGISTERS_ECX, bios_registers, ecx);
    OFFSET(REGISTERS_EDX, bios_registers, edx);
    OFFSET(REGISTERS_ESI, bios_registers, esi);
    OFFSET(REGISTERS_EDI, bios_registers, edi);
    OFFSET(REGISTERS_EBP, bios_registers, ebp);
    OFFSET(REGISTERS_DS, bios_registers, ds);
    OFFSET(REGISTERS_ES, bios_registers, es);
    OFFSET(REGISTERS_FLAGS, bios_registers, flags);
    VALUE(REGISTERS_SIZE, sizeof(struct bios_registers));

    OFFSET(CHECKSUM_SUM, checksum_state, sum);
    OFFSET(CHECKSUM_WEIGHTED, checksum_state, weighted);
    OFFSET(CHECKSUM_BYTES, checksum_state, bytes);
    VALUE(CHECKSUM_STATE_BYTES, sizeof(struct checksum_state));
    CONSTANT(CHECKSUM_BLOCK_SIZE);
    CONSTANT(CHECKSUM_GROUP_SIZE);

    VALUE(LZ4_LITERALS_SHIFT, __builtin_ctz(LZ4_TOKEN_HALF));
    CONSTANT(LZ4_LENGTH_IN_TOKEN);
    CONSTANT(LZ4_LENGTH_IN_BYTE);
    CONSTANT(LZ4_OFFSET_BYTES);
    CONSTANT(LZ4_MATCH_LEAST);

    CONSTANT(KERNEL_CODE_SELECTOR);
    CONSTANT(KERNEL_DATA_SELECTOR);
    CONSTANT(KERNEL_GDT_BYTES);
}
