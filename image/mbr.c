// Disk signature and partition table. Called by image_layout.c and image_read.c.
#include "mbr.h"

#include "word_sums.h"

#include <string.h>

#define PARTITION_ENTRIES    4
#define PARTITION_TABLE_SIZE ((size_t)PARTITION_ENTRIES * MBR_PARTITION_ENTRY_SIZE)
#define DISK_SIGNATURE_SIZE  4
// 0 means "none" to operating systems.
#define DISK_SIGNATURE_INSTEAD_OF_ZERO 1

// One partition entry, the layout every PC operating system agrees on.
struct partition_entry {
    uint8_t status;
    uint8_t first_chs[GEOMETRY_CHS_BYTES];
    uint8_t type;
    uint8_t last_chs[GEOMETRY_CHS_BYTES];
    uint8_t first_lba[4];
    uint8_t sectors[4];
};

_Static_assert(sizeof(struct partition_entry) == MBR_PARTITION_ENTRY_SIZE, "an entry is 16 bytes");
_Static_assert(MBR_PARTITION_OFFSET + PARTITION_TABLE_SIZE == MBR_BOOT_SIGNATURE_OFFSET,
               "the boot signature follows the partition table");

static void put_u32(uint8_t *bytes, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        bytes[i] = (uint8_t)(value >> (8 * i));
    }
}

static uint32_t get_u32(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

uint32_t mbr_disk_signature(const uint8_t mbr[SECTOR_SIZE], const struct mbr_identity *identity)
{
    uint8_t masked[SECTOR_SIZE];
    struct word_sums sums = {0, 0};

    memcpy(masked, mbr, SECTOR_SIZE);
    memset(masked + MBR_DISK_SIGNATURE_OFFSET, 0, DISK_SIGNATURE_SIZE);
    memset(masked + MBR_PARTITION_OFFSET, 0, PARTITION_TABLE_SIZE);
    word_sums_add(&sums, masked, sizeof(masked));
    word_sums_add(&sums, &identity->first_block_sums, sizeof(identity->first_block_sums));
    word_sums_add(&sums, &identity->rest_sum, sizeof(identity->rest_sum));
    word_sums_add(&sums, &identity->image_header, sizeof(identity->image_header));

    // Each word counts an odd number of times, so a single changed bit cannot cancel out.
    const uint32_t signature = sums.sum + 2 * sums.weighted_sum;
    return signature != 0 ? signature : DISK_SIGNATURE_INSTEAD_OF_ZERO;
}

bool mbr_check(const uint8_t mbr[SECTOR_SIZE], struct message *why)
{
    const unsigned found =
        mbr[MBR_BOOT_SIGNATURE_OFFSET] + 256u * mbr[MBR_BOOT_SIGNATURE_OFFSET + 1];

    if (found != MBR_BOOT_SIGNATURE) {
        return message_refuse(why, "the MBR does not end with 55h AAh: "
                                   "make it with bootimage create");
    }
    return true;
}

static void make_entry(struct partition_entry *entry, const struct geometry *geometry)
{
    const uint64_t image_sectors = geometry_sectors(geometry);

    entry->status = PARTITION_ACTIVE;
    entry->type = PARTITION_TYPE;
    geometry_chs(geometry, PARTITION_LBA, entry->first_chs);
    geometry_chs(geometry, image_sectors - 1, entry->last_chs);
    put_u32(entry->first_lba, PARTITION_LBA);
    put_u32(entry->sectors, (uint32_t)(image_sectors - PARTITION_LBA));
}

void mbr_patch(uint8_t mbr[SECTOR_SIZE], const struct geometry *geometry,
               const struct mbr_identity *identity)
{
    struct partition_entry entry;

    make_entry(&entry, geometry);
    memset(mbr + MBR_PARTITION_OFFSET, 0, PARTITION_TABLE_SIZE);
    memcpy(mbr + MBR_PARTITION_OFFSET, &entry, sizeof(entry));
    put_u32(mbr + MBR_DISK_SIGNATURE_OFFSET, mbr_disk_signature(mbr, identity));
}

bool mbr_check_partitions(const uint8_t mbr[SECTOR_SIZE], const struct geometry *geometry,
                          struct message *why)
{
    static const uint8_t empty[PARTITION_TABLE_SIZE - MBR_PARTITION_ENTRY_SIZE];
    struct partition_entry found;
    struct partition_entry expected;
    const char *field = NULL;

    memcpy(&found, mbr + MBR_PARTITION_OFFSET, sizeof(found));
    make_entry(&expected, geometry);
    if (found.status != expected.status) {
        field = "active flag";
    } else if (found.type != expected.type) {
        field = "type";
    } else if (memcmp(found.first_lba, expected.first_lba, sizeof(found.first_lba)) != 0) {
        field = "first LBA";
    } else if (memcmp(found.sectors, expected.sectors, sizeof(found.sectors)) != 0) {
        field = "number of sectors";
    } else if (memcmp(found.first_chs, expected.first_chs, sizeof(found.first_chs)) != 0) {
        field = "first CHS address";
    } else if (memcmp(found.last_chs, expected.last_chs, sizeof(found.last_chs)) != 0) {
        field = "last CHS address";
    } else if (memcmp(mbr + MBR_PARTITION_OFFSET + sizeof(found), empty, sizeof(empty)) != 0) {
        return message_refuse(why, "MBR: partition entries 2 to 4 are not empty: "
                                   "make the image anew with bootimage create");
    }
    if (field != NULL) {
        return message_refuse(why,
                              "MBR: the %s of partition entry 1 is wrong for this image: "
                              "make it anew with bootimage create",
                              field);
    }
    return true;
}

uint32_t mbr_read_disk_signature(const uint8_t mbr[SECTOR_SIZE])
{
    return get_u32(mbr + MBR_DISK_SIGNATURE_OFFSET);
}
