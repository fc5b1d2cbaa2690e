// Padding and CHS arithmetic. Called by image_layout.c, mbr.c and image_read.c.
#include "geometry.h"

#include "image_format.h"

// Small disks: what BIOSes without translation and emulators agree on. Large disks: the most that
// INT 13h can address.
#define SMALL_DISK_HEADS  16
#define LARGE_DISK_HEADS  255
#define SECTORS_PER_TRACK 63
#define CHS_MAX_CYLINDERS 1024 // 10 bits

struct geometry geometry_for(uint64_t sectors)
{
    struct geometry geometry = {SMALL_DISK_HEADS, SECTORS_PER_TRACK, IMAGE_MIN_CYLINDERS};
    const uint64_t small_disk = (uint64_t)SMALL_DISK_HEADS * SECTORS_PER_TRACK;
    const uint64_t large_disk = (uint64_t)LARGE_DISK_HEADS * SECTORS_PER_TRACK;

    if (sectors > CHS_MAX_CYLINDERS * small_disk) {
        geometry.heads = LARGE_DISK_HEADS;
        geometry.cylinders = (sectors + large_disk - 1) / large_disk;
    } else if (sectors > IMAGE_MIN_CYLINDERS * small_disk) {
        geometry.cylinders = (sectors + small_disk - 1) / small_disk;
    }
    return geometry;
}

uint64_t geometry_sectors(const struct geometry *geometry)
{
    return geometry->cylinders * geometry->heads * geometry->sectors_per_track;
}

void geometry_chs(const struct geometry *geometry, uint64_t lba, uint8_t chs[GEOMETRY_CHS_BYTES])
{
    const uint64_t track = lba / geometry->sectors_per_track;
    const uint64_t cylinder = track / geometry->heads;

    if (cylinder >= CHS_MAX_CYLINDERS) {
        chs[0] = 0xFE;
        chs[1] = 0xFF;
        chs[2] = 0xFF;
        return;
    }
    chs[0] = (uint8_t)(track % geometry->heads);
    chs[1] = (uint8_t)(lba % geometry->sectors_per_track + 1 + (cylinder >> 8) * 0x40);
    chs[2] = (uint8_t)(cylinder & 0xFF);
}
