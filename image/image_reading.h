// State of one reading of an image, and what the files of the reader share: image_read.c (loader
// and header) and image_read_items.c. Included by these two only.
#ifndef IMAGE_READING_H
#define IMAGE_READING_H

#include "image_read.h"

#define READ_BLOCK_SIZE    0x10000 // a multiple of SECTOR_SIZE
#define READ_BLOCK_SECTORS (READ_BLOCK_SIZE / SECTOR_SIZE)

// Parts that are no items: MBR, two of stage 2, padding, header, and the padding at the end. Each
// item may have padding in front of it besides.
#define IMAGE_FIXED_PARTS 6

struct reading {
    const struct image_reader *reader;
    struct image_report *report;
    uint8_t mbr[SECTOR_SIZE];
    struct stage2_header stage2_header;
    uint8_t stage2[STAGE2_MAX_SECTORS * SECTOR_SIZE];
    uint64_t next_lba; // behind the last part
    uint8_t block[READ_BLOCK_SIZE];
};

// Where to write the next problem. The last place is written over once all are taken.
struct message *next_problem(struct reading *reading);

// Makes room for so many parts in all. False, with a problem reported.
bool reserve_parts(struct reading *reading, uint32_t count);

// Appends a part, for which there must be room.
struct image_part *add_part(struct reading *reading, enum image_part_kind kind, uint64_t lba,
                            uint64_t bytes);

// False, with a problem reported, when the file does not have these sectors.
bool check_file_holds(struct reading *reading, const char *what, uint64_t lba, uint64_t sectors);

// Reads whole sectors. False, with a problem reported, when the file is too short or unreadable.
bool read_sectors(struct reading *reading, const char *what, uint64_t lba, uint64_t sectors,
                  void *buffer);

void report_damage(struct reading *reading, const char *what, uint64_t lba, uint64_t bytes);

bool is_zero(const uint8_t *bytes, size_t size);

// Checks that all is zero from the end of the last part to `end`.
void read_padding(struct reading *reading, uint64_t end);

// Reads and checks all items and the padding behind each; the header has been accepted.
void read_items(struct reading *reading);

#endif
