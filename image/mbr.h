// The fields of the MBR that belong to one image: disk signature and partition table.
// image_layout.c writes them, image_read.c compares them.
#ifndef IMAGE_MBR_H
#define IMAGE_MBR_H

#include "geometry.h"
#include "image_format.h"
#include "message.h"

#include <stdbool.h>
#include <stdint.h>

// What the disk signature is derived from.
struct mbr_identity {
    struct word_sums first_block_sums; // with these two, stage 2
    uint64_t rest_sum;
    struct image_checksum image_header; // covers the checksums of all items
};

// The disk signature: never 0, another one for other content. Covers all bytes of the MBR but
// signature and partition table, so that it tells also a damaged MBR from a good one: a single
// changed bit always changes it.
uint32_t mbr_disk_signature(const uint8_t mbr[SECTOR_SIZE], const struct mbr_identity *identity);

// Whether the sector ends with 55h AAh. False, with a message.
bool mbr_check(const uint8_t mbr[SECTOR_SIZE], struct message *why);

// Writes the partition table for a disk of this geometry: one active entry from PARTITION_LBA to
// the end, and three empty ones. Then the disk signature.
void mbr_patch(uint8_t mbr[SECTOR_SIZE], const struct geometry *geometry,
               const struct mbr_identity *identity);

// Whether the partition table is what mbr_patch writes. False, with a message that names the field.
bool mbr_check_partitions(const uint8_t mbr[SECTOR_SIZE], const struct geometry *geometry,
                          struct message *why);

// The disk signature that the sector holds.
uint32_t mbr_read_disk_signature(const uint8_t mbr[SECTOR_SIZE]);

#endif
