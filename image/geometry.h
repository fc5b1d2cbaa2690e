// Cylinders, heads and sectors: what the image is padded to, and the CHS addresses in its partition
// entry. Pure arithmetic, used by the image's writer and by its reader.
#ifndef IMAGE_GEOMETRY_H
#define IMAGE_GEOMETRY_H

#include <stdint.h>

// The entry of the partition, which begins at LBA 1, counts its sectors in 32 bits.
#define IMAGE_MAX_SECTORS 0x100000000u

#define GEOMETRY_CHS_BYTES 3

struct geometry {
    uint32_t heads;
    uint32_t sectors_per_track;
    uint64_t cylinders;
};

// The geometry of the smallest disk of whole cylinders that holds `sectors` (at most
// IMAGE_MAX_SECTORS): 16 heads and 63 sectors a track, or 255 and 63 where that makes more than
// 1024 cylinders; at least IMAGE_MIN_CYLINDERS.
struct geometry geometry_for(uint64_t sectors);

uint64_t geometry_sectors(const struct geometry *geometry);

// Writes an LBA the way a partition entry holds it: head; bits 0-5 sector from 1, bits 6-7 the
// cylinder's bits 8-9; cylinder's bits 0-7. FE FF FF where the cylinder does not fit in 10 bits.
void geometry_chs(const struct geometry *geometry, uint64_t lba, uint8_t chs[GEOMETRY_CHS_BYTES]);

#endif
