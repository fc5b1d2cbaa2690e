// Checks what boot_info says of the machine: screen, firmware's tables, disk, chance and time; see
// check_info.h.
#include "check_info.h"

#include "lib/string.h"
#include "page_walk.h"
#include "panic.h"

#include <stdbool.h>
#include <stddef.h>

#define VGA_TEXT         0xB8000u
#define COLUMNS          80u
#define ROWS             25u
#define RSDP_SIZE_1_0    20u
#define EDD_SMALLEST     26u // bytes of AH=48h's buffer in EDD 1.1
#define PARTITION_TYPE   0xDAu
#define PARTITION_LBA    1u
#define PARTITION_NUMBER 1u
#define SIGNATURE_RSDP   "RSD PTR "
#define SIGNATURE_SM     "_SM_"
#define SIGNATURE_SM3    "_SM3_"

static bool is_zero(const void *memory, uint64_t bytes)
{
    const uint8_t *byte = memory;
    for (uint64_t i = 0; i < bytes; i++) {
        if (byte[i] != 0) {
            return false;
        }
    }
    return true;
}

static void check_text_mode(const struct boot_info *info)
{
    const struct boot_text_mode *text = &info->text_mode;
    ASSERT(text->physical_address == VGA_TEXT);
    ASSERT(text->columns == COLUMNS && text->rows == ROWS);
    ASSERT(text->cursor_column < COLUMNS && text->cursor_row < ROWS);
    if ((info->flags & BOOT_FLAG_VGA_TEXT_MAPPED) != 0) {
        ASSERT((uint64_t)text->address == VGA_TEXT);
    } else if (info->direct_map_offset != 0) {
        ASSERT((uint64_t)text->address == info->direct_map_offset + VGA_TEXT);
    } else {
        ASSERT(text->address == NULL);
    }
}

static void check_channel(const struct boot_framebuffer *framebuffer, uint8_t size, uint8_t shift)
{
    ASSERT(size >= 5 && size + shift <= framebuffer->bits_per_pixel);
}

static void check_framebuffer(const struct boot_info *info)
{
    const struct boot_framebuffer *framebuffer = &info->framebuffer;
    ASSERT(is_zero(&info->text_mode, sizeof info->text_mode));
    ASSERT(framebuffer->address != NULL && framebuffer->physical_address != 0);
    ASSERT(framebuffer->width != 0 && framebuffer->height != 0);
    ASSERT(framebuffer->pitch >= framebuffer->width * ((framebuffer->bits_per_pixel + 7) / 8));
    ASSERT(framebuffer->size == (uint64_t)framebuffer->pitch * framebuffer->height);
    check_channel(framebuffer, framebuffer->red_size, framebuffer->red_shift);
    check_channel(framebuffer, framebuffer->green_size, framebuffer->green_shift);
    check_channel(framebuffer, framebuffer->blue_size, framebuffer->blue_shift);
    const struct boot_memory_range *range = range_at(info, framebuffer->physical_address);
    ASSERT(range != NULL && range->kind == BOOT_MEMORY_FRAMEBUFFER);
    ASSERT(framebuffer->edid_size == BOOT_EDID_SIZE ||
           (framebuffer->edid_size == 0 && is_zero(framebuffer->edid, BOOT_EDID_SIZE)));
}

void check_screen(const struct boot_info *info)
{
    if (info->framebuffer.address != NULL) {
        check_framebuffer(info);
        return;
    }
    ASSERT(is_zero(&info->framebuffer, sizeof info->framebuffer));
    if (info->text_mode.columns == 0) { // no VGA
        ASSERT(is_zero(&info->text_mode, sizeof info->text_mode));
        return;
    }
    check_text_mode(info);
}

static void check_signature(const struct boot_info *info, uint64_t physical, const char *signature)
{
    ASSERT(physical % 16 == 0 && physical < 0x100000);
    if (info->direct_map_offset != 0) {
        ASSERT(memcmp((const void *)direct(info, physical), signature, strlen(signature)) == 0);
    }
}

static void check_rsdp(const struct boot_info *info)
{
    const struct boot_tables *tables = &info->tables;
    ASSERT(is_zero(tables->rsdp + tables->rsdp_size, sizeof tables->rsdp - tables->rsdp_size));
    if (tables->rsdp_physical == 0) {
        ASSERT(tables->rsdp_size == 0);
        return;
    }
    ASSERT(tables->rsdp_size == RSDP_SIZE_1_0 || tables->rsdp_size == BOOT_RSDP_SIZE_MAX);
    check_signature(info, tables->rsdp_physical, SIGNATURE_RSDP);
    ASSERT(memcmp(tables->rsdp, SIGNATURE_RSDP, sizeof SIGNATURE_RSDP - 1) == 0);
    for (uint32_t end = RSDP_SIZE_1_0; end <= tables->rsdp_size;
         end += BOOT_RSDP_SIZE_MAX - RSDP_SIZE_1_0) {
        uint8_t sum = 0;
        for (uint32_t i = 0; i < end; i++) {
            sum = (uint8_t)(sum + tables->rsdp[i]);
        }
        ASSERT(sum == 0);
    }
    if (info->direct_map_offset != 0) {
        ASSERT(memcmp((const void *)direct(info, tables->rsdp_physical), tables->rsdp,
                      tables->rsdp_size) == 0);
    }
}

void check_tables(const struct boot_info *info)
{
    const struct boot_tables *tables = &info->tables;
    ASSERT(tables->reserved == 0 && tables->rsdp_size <= BOOT_RSDP_SIZE_MAX);
    check_rsdp(info);
    if (tables->smbios_physical != 0) {
        check_signature(info, tables->smbios_physical, SIGNATURE_SM);
    }
    if (tables->smbios3_physical != 0) {
        check_signature(info, tables->smbios3_physical, SIGNATURE_SM3);
    }
}

void check_disk(const struct boot_info *info)
{
    const struct boot_disk *disk = &info->disk;
    ASSERT(disk->drive == info->boot_drive);
    ASSERT(disk->drive <= 1 || (disk->drive >= 0x80 && disk->drive <= 0xFE));
    ASSERT(disk->signature != 0 && disk->reserved == 0);
    ASSERT(disk->partition == PARTITION_NUMBER && disk->partition_type == PARTITION_TYPE);
    ASSERT(disk->partition_lba == PARTITION_LBA && disk->partition_sectors > 0);
    ASSERT(disk->edd_parameters_size == 0 ||
           (disk->edd_parameters_size >= EDD_SMALLEST &&
            disk->edd_parameters_size <= BOOT_EDD_PARAMETERS_SIZE));
    ASSERT(is_zero(disk->edd_parameters + disk->edd_parameters_size,
                   sizeof disk->edd_parameters - disk->edd_parameters_size));
    if (disk->edd_version == 0) {
        ASSERT(disk->edd_interfaces == 0 && disk->edd_parameters_size == 0);
    }
}

void check_entropy(const struct boot_info *info)
{
    ASSERT(info->entropy_source >= BOOT_ENTROPY_JITTER &&
           info->entropy_source <= BOOT_ENTROPY_RDSEED);
    for (unsigned i = 0; i < BOOT_ENTROPY_SIZE; i += 8) {
        ASSERT(!is_zero(info->entropy + i, 8));
        for (unsigned j = 0; j < i; j += 8) {
            ASSERT(memcmp(info->entropy + i, info->entropy + j, 8) != 0);
        }
    }
}

static void check_item_times(const struct boot_info *info)
{
    uint64_t kinds[BOOT_ITEM_MODULE + 1] = {0};
    uint64_t before = info->timestamps[BOOT_STEP_MEMORY_MAP];
    for (uint64_t i = 0; i < info->item_count; i++) {
        const struct boot_item *item = &info->items[i];
        ASSERT(item->kind >= BOOT_ITEM_KERNEL && item->kind <= BOOT_ITEM_MODULE);
        if (item->kind == BOOT_ITEM_MODULE) {
            ASSERT(item->bytes == info->modules[kinds[BOOT_ITEM_MODULE]].size);
        }
        kinds[item->kind]++;
        ASSERT(item->stored_bytes > 0 && item->bytes > 0 && item->begin > before);
        ASSERT(item->parts[BOOT_ITEM_READ] > 0 && item->parts[BOOT_ITEM_VERIFY] > 0);
        ASSERT(item->bytes == item->stored_bytes || item->parts[BOOT_ITEM_DECOMPRESS] > 0);
        before = item->begin + item->parts[BOOT_ITEM_READ] + item->parts[BOOT_ITEM_VERIFY] +
                 item->parts[BOOT_ITEM_DECOMPRESS];
    }
    ASSERT(before < info->timestamps[BOOT_STEP_MODULES]);
    ASSERT(kinds[BOOT_ITEM_KERNEL] == 1 && kinds[BOOT_ITEM_MODULE] == info->module_count);
    ASSERT(kinds[BOOT_ITEM_COMMAND_LINE] == (info->command_line_length != 0));
    ASSERT(kinds[BOOT_ITEM_SYMBOLS] == (info->symbols.count != 0));
}

void check_timestamps(const struct boot_info *info)
{
    uint32_t low;
    uint32_t high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    static const enum boot_step in_time[BOOT_STEP_COUNT] = {
        BOOT_STEP_MBR,      BOOT_STEP_STAGE2,  BOOT_STEP_A20,       BOOT_STEP_MEMORY_MAP,
        BOOT_STEP_HEADER,   BOOT_STEP_KERNEL,  BOOT_STEP_RELOCATED, BOOT_STEP_MODULES,
        BOOT_STEP_FIRMWARE, BOOT_STEP_PLANNED, BOOT_STEP_BUILT,
    };
    ASSERT(info->timestamp_count == BOOT_STEP_COUNT);
    uint64_t before = 0;
    for (unsigned i = 0; i < BOOT_STEP_COUNT; i++) {
        const uint64_t stamp = info->timestamps[in_time[i]];
        if (in_time[i] == BOOT_STEP_MBR && stamp == 0) {
            continue; // CPUID tells of no time-stamp counter; the others are never passed over
        }
        ASSERT(stamp > before);
        before = stamp;
    }
    check_item_times(info);
    ASSERT(before < ((uint64_t)high << 32 | low));
    ASSERT(is_zero(info->timestamps + BOOT_STEP_COUNT,
                   sizeof info->timestamps - BOOT_STEP_COUNT * sizeof *info->timestamps));
}
