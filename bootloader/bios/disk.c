// Reads from the boot drive. Called by stage2/image.c for everything that comes after stage 2.
#include "disk.h"

#include "bios_call.h"
#include "console.h"
#include "disk_request.h"
#include "memory_layout.h"
#include "port.h"

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
    struct bios_registers registers = {0};
    real_mode_routine(disk_read, &registers);
    if (disk_request.failed != 0) {
        fatal("cannot read %s: disk %02xh, LBA %llu, status %02xh: check the disk, or write the "
              "image to another",
              what, disk_request.drive, (unsigned long long)disk_request.lba, disk_request.status);
    }
    return (const uint8_t *)DISK_BUFFER_ADDRESS;
}

void disk_finish(void)
{
    if (disk_request.drive < FIRST_HARD_DISK) {
        port_out(FLOPPY_DIGITAL_OUTPUT, FLOPPY_MOTORS_OFF);
    }
}
