// Reads from the boot drive. Called by stage2/image.c for everything that comes after stage 2.
#include "disk.h"

#include "bios_call.h"
#include "console.h"
#include "disk_request.h"
#include "image_format.h"
#include "memory_layout.h"
#include "port.h"

#include <stdbool.h>
#include <string.h>

// INT 13h (EDD 4, INCITS T13: 8.2 and 8.9).
#define EDD_CHECK            0x4100
#define EDD_CHECK_ASK        0x55AA // in BX
#define EDD_CHECK_ANSWER     0xAA55
#define EDD_PARAMETERS       0x4800
#define EDD_PARAMETERS_LEAST 26u // EDD 1.0's
#define EDD_PATH_OFFSET      30u // EDD 3.0: key, length of the path with both, path
#define EDD_PATH_KEY         0xBEDD

#define PARTITION_COUNT 4u

struct partition_entry {
    uint8_t status;
    uint8_t first_chs[3];
    uint8_t type;
    uint8_t last_chs[3];
    uint32_t lba;
    uint32_t sectors;
};

_Static_assert(sizeof(struct partition_entry) == MBR_PARTITION_ENTRY_SIZE, "16 bytes an entry");

#define FLOPPY_DIGITAL_OUTPUT 0x3F2 // Intel 82077AA, 2.1.2
#define FLOPPY_MOTORS_OFF     0x0C  // controller enabled, its interrupts and DMA too

// stage2/disk_reader.inc
extern struct disk_request disk_request;

uint8_t disk_drive(void)
{
    return disk_request.drive;
}

const uint8_t *disk_read_sectors(uint64_t lba, uint32_t sectors, const char *what)
{
    disk_request.lba = lba;
    disk_request.sectors = (uint16_t)sectors;
    disk_request.segment = DISK_BUFFER_ADDRESS / PARAGRAPH_SIZE;
    static struct bios_registers registers; // DS = 0, as disk_read wants and leaves it
    real_mode_routine(disk_read, &registers);
    if (disk_request.failed != 0) {
        fatal("cannot read %s: disk %02xh, LBA %llu, status %02xh: check the disk, or write the "
              "image to another",
              what, disk_request.drive, (unsigned long long)disk_request.lba, disk_request.status);
    }
    return (const uint8_t *)DISK_BUFFER_ADDRESS;
}

static bool disk_call(struct bios_registers *registers)
{
    registers->edx = disk_request.drive;
    bios_call(BIOS_DISK, registers);
    return (registers->flags & BIOS_FLAG_CARRY) == 0;
}

static void describe_edd(struct boot_disk *disk)
{
    struct bios_registers registers = {.eax = EDD_CHECK, .ebx = EDD_CHECK_ASK};
    if (!disk_call(&registers) || (uint16_t)registers.ebx != EDD_CHECK_ANSWER) {
        return;
    }
    disk->edd_version = registers.eax >> 8 & 0xFF;
    disk->edd_interfaces = registers.ecx & 0xFFFF;

    // The first word: how much room there is, then how much was filled.
    static _Alignas(PARAGRAPH_SIZE) uint16_t parameters[BOOT_EDD_PARAMETERS_SIZE / 2];
    parameters[0] = sizeof parameters;
    registers = (struct bios_registers){
        .eax = EDD_PARAMETERS,
        .esi = real_mode_offset(parameters),
        .ds = real_mode_segment(parameters),
    };
    if (!disk_call(&registers)) {
        return;
    }
    uint32_t size = parameters[0];
    if (parameters[EDD_PATH_OFFSET / 2] == EDD_PATH_KEY) {
        // Some firmware appends the device path without counting it.
        size = EDD_PATH_OFFSET + (parameters[EDD_PATH_OFFSET / 2 + 1] & 0xFFu);
    }
    if (size >= EDD_PARAMETERS_LEAST && size <= sizeof parameters) {
        disk->edd_parameters_size = size;
        memcpy(disk->edd_parameters, parameters, size);
    }
}

// The MBR is still where firmware has read it to.
static void describe_mbr(struct boot_disk *disk)
{
    const uint8_t *mbr = (const uint8_t *)MBR_ADDRESS;
    memcpy(&disk->signature, mbr + MBR_DISK_SIGNATURE_OFFSET, sizeof disk->signature);
    for (uint32_t i = 0; i < PARTITION_COUNT; i++) {
        struct partition_entry entry;
        memcpy(&entry, mbr + MBR_PARTITION_OFFSET + i * sizeof entry, sizeof entry);
        if ((entry.status & PARTITION_ACTIVE) != 0) {
            disk->partition = i + 1;
            disk->partition_type = entry.type;
            disk->partition_lba = entry.lba;
            disk->partition_sectors = entry.sectors;
            break;
        }
    }
}

void disk_describe(struct boot_disk *disk)
{
    disk->drive = disk_request.drive;
    describe_edd(disk);
    describe_mbr(disk);
}

void disk_finish(void)
{
    if (disk_request.drive < FIRST_HARD_DISK) {
        port_out(FLOPPY_DIGITAL_OUTPUT, FLOPPY_MOTORS_OFF);
    }
}
