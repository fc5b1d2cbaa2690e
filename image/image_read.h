// Reads a disk image back and checks every byte of it, as bootimage inspect shows. Whatever the
// file holds: it is bounded by its real size before anything in it is believed.
#ifndef IMAGE_READ_H
#define IMAGE_READ_H

#include "elf.h"
#include "image_format.h"
#include "image_header.h"
#include "kernel_layout.h"
#include "message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Where the image comes from.
struct image_reader {
    // Reads exactly `size` bytes at `offset`; all below `bytes`. False, with a message.
    bool (*read)(void *context, uint64_t offset, void *buffer, size_t size, struct message *why);
    void *context;
    uint64_t bytes; // of the file or device
};

enum image_part_kind {
    IMAGE_PART_MBR,
    IMAGE_PART_FIRST_BLOCK,
    IMAGE_PART_STAGE2_REST,
    IMAGE_PART_HEADER,
    IMAGE_PART_COMMAND_LINE,
    IMAGE_PART_KERNEL,
    IMAGE_PART_PADDING,
};

struct image_part {
    enum image_part_kind kind;
    uint64_t lba;
    uint64_t bytes;
    bool good; // checksum, signature, or for padding: all zeros
};

#define IMAGE_REPORT_PARTS    12
#define IMAGE_REPORT_PROBLEMS 16

struct image_report {
    uint64_t file_bytes;
    uint32_t disk_signature;

    uint32_t part_count;
    struct image_part parts[IMAGE_REPORT_PARTS]; // in order of LBA

    // What is wrong, one line each; those that find no room are counted only. None: a good image.
    uint32_t problem_count;
    struct message problems[IMAGE_REPORT_PROBLEMS];

    bool has_items; // the image header was accepted
    struct image_items items;
    _Alignas(8) uint8_t header[IMAGE_HEADER_MAX_SECTORS * SECTOR_SIZE]; // what they point into

    char command_line[COMMAND_LINE_MAX_BYTES + 1]; // as read, ends with NUL

    bool has_kernel; // its ELF file was accepted
    uint8_t *kernel_file;
    struct elf_kernel kernel;
    struct kernel_layout layout;
};

// Fills the report; to be freed.
void image_read(const struct image_reader *reader, struct image_report *report);

void image_report_free(struct image_report *report);

#endif
