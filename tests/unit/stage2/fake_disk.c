// The boot drive of the fake machine.
#include "fake_disk.h"

#include "console.h"
#include "disk.h"
#include "fake_machine.h"
#include "image_header.h"
#include "memory_layout.h"
#include "unit.h"

#define BUFFER_ALIGNMENT 16u

// How many transfers a boot may take beyond the sectors' share: 8, of which the MBR takes two and
// the first block one.
#define SPARE_TRANSFERS 5u

void fake_disk_begin(struct fake_disk *disk, uint8_t drive, const struct boot_image *image)
{
    const size_t sectors = (size_t)(image->size / SECTOR_SIZE);
    *disk = (struct fake_disk){.drive = drive, .image = image, .sectors = sectors};
    disk->reads = calloc(sectors, sizeof *disk->reads);
    assert_non_null(disk->reads);
}

void fake_disk_end(struct fake_disk *disk)
{
    free(disk->reads);
    free(disk->buffer);
    disk->reads = NULL;
    disk->buffer = NULL;
}

void fake_disk_add_fault(struct fake_disk *disk, enum disk_fault_kind kind, uint64_t lba,
                         uint32_t times)
{
    assert_true(disk->fault_count < FAKE_DISK_FAULTS);
    disk->faults[disk->fault_count++] =
        (struct disk_fault){.kind = kind, .lba = lba, .times = times, .bit = 7};
}

// ---- Reading ------------------------------------------------------------------------------

// The fault's effect on a transfer that has its sector at `sector`.
static void apply_fault(const struct fake_disk *disk, const struct disk_fault *fault,
                        uint8_t *sector, const char *what)
{
    switch (fault->kind) {
    case DISK_FAULT_ERROR:
        fatal("cannot read %s: LBA %llu", what, (unsigned long long)fault->lba);
    case DISK_FAULT_BIT:
        sector[fault->bit / 8 % SECTOR_SIZE] ^= (uint8_t)(1u << fault->bit % 8);
        break;
    case DISK_FAULT_ZEROS:
        memset(sector, 0, SECTOR_SIZE);
        break;
    case DISK_FAULT_STALE:
        memcpy(sector, disk->image->bytes + (fault->lba - 1) * SECTOR_SIZE, SECTOR_SIZE);
        break;
    }
}

static void apply_faults(struct fake_disk *disk, uint64_t lba, uint32_t sectors, const char *what)
{
    for (uint32_t i = 0; i < disk->fault_count; i++) {
        struct disk_fault *fault = &disk->faults[i];
        if (fault->lba >= lba && fault->lba - lba < sectors && fault->times > 0) {
            fault->times -= fault->times != EVERY_TIME;
            apply_fault(disk, fault, disk->buffer + (fault->lba - lba) * SECTOR_SIZE, what);
        }
    }
}

const uint8_t *disk_read_sectors(uint64_t lba, uint32_t sectors, const char *what)
{
    struct fake_disk *disk = &fake_machine_now()->disk;
    assert_false(disk->finished);
    assert_in_range(sectors, 1, DISK_BUFFER_SECTORS);
    disk->transfers++;
    // The transfer before is gone: whoever still reads it is caught.
    free(disk->buffer);
    disk->buffer = NULL;
    if (lba > disk->sectors || sectors > disk->sectors - lba) {
        fatal("cannot read %s: LBA %llu", what, (unsigned long long)lba);
    }
    const size_t bytes = (size_t)sectors * SECTOR_SIZE;
    disk->buffer = aligned_alloc(BUFFER_ALIGNMENT, bytes);
    assert_non_null(disk->buffer);
    memcpy(disk->buffer, disk->image->bytes + lba * SECTOR_SIZE, bytes);
    for (uint32_t i = 0; i < sectors; i++) {
        disk->reads[lba + i]++;
    }
    apply_faults(disk, lba, sectors, what);
    return disk->buffer;
}

uint8_t disk_drive(void)
{
    return fake_machine_now()->disk.drive;
}

void disk_finish(void)
{
    assert_false(fake_machine_now()->disk.finished);
    fake_machine_now()->disk.finished = true;
}

// ---- What was read ------------------------------------------------------------------------

void fake_disk_check_reads(const struct fake_disk *disk, const struct image_item *item,
                           uint32_t times)
{
    for (uint64_t i = 0; i < image_item_sectors(item->bytes); i++) {
        assert_int_equal(disk->reads[item->lba + i], times);
    }
}

void fake_disk_check_thrift(const struct fake_disk *disk)
{
    uint32_t *needed = calloc((size_t)disk->sectors, sizeof *needed);
    assert_non_null(needed);
    const struct stage2_header *stage2 = boot_image_stage2(disk->image);
    uint64_t needed_count = stage2->image_header_sectors;
    for (uint32_t i = 0; i < stage2->image_header_sectors; i++) {
        needed[stage2->image_header_lba + i] = 1;
    }
    const struct image_header *header = boot_image_header(disk->image);
    const struct image_item *items = (const struct image_item *)(header + 1);
    for (uint32_t i = 0; i < header->item_count; i++) {
        const uint64_t sectors = (items[i].bytes + SECTOR_SIZE - 1) / SECTOR_SIZE;
        needed_count += sectors;
        for (uint64_t j = 0; j < sectors; j++) {
            needed[items[i].lba + j] = 1;
        }
    }
    assert_memory_equal(disk->reads, needed, (size_t)disk->sectors * sizeof *needed);
    assert_true(disk->transfers <= needed_count / DISK_BUFFER_SECTORS + SPARE_TRANSFERS);
    free(needed);
}
