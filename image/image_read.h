// Reads a disk image back and checks every byte of it, as bootimage inspect shows. Whatever the
// file holds: it is bounded by its real size before anything in it is believed.
#ifndef IMAGE_READ_H
#define IMAGE_READ_H

#include "image_format.h"
#include "image_header.h"
#include "image_stream.h"
#include "kernel_check.h"
#include "message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum image_part_kind {
    IMAGE_PART_MBR,
    IMAGE_PART_FIRST_BLOCK,
    IMAGE_PART_STAGE2_REST,
    IMAGE_PART_HEADER,
    IMAGE_PART_COMMAND_LINE,
    IMAGE_PART_KERNEL,
    IMAGE_PART_SYMBOLS,
    IMAGE_PART_MODULE,
    IMAGE_PART_PADDING,
};

struct image_part {
    enum image_part_kind kind;
    uint64_t lba;
    uint64_t bytes;
    uint64_t unpacked_bytes;       // of a compressed item that is good: what it holds; else 0
    bool good;                     // checksum, signature, or for padding: all zeros
    const struct image_item *item; // of the image header; null for what is none
};

#define IMAGE_REPORT_PROBLEMS 16

struct image_report {
    uint64_t file_bytes;
    uint32_t disk_signature;

    uint32_t part_count;
    struct image_part *parts; // in order of LBA

    // What is wrong, one line each; those that find no room are counted only. None: a good image.
    uint32_t problem_count;
    struct message problems[IMAGE_REPORT_PROBLEMS];

    bool has_items; // the image header was accepted
    struct image_items items;
    _Alignas(8) uint8_t header[IMAGE_HEADER_MAX_SECTORS * SECTOR_SIZE]; // what they point into

    char command_line[COMMAND_LINE_MAX_BYTES + 1]; // as read, ends with NUL

    bool has_kernel; // stage 2 will accept it
    uint8_t *kernel_file;
    struct checked_kernel kernel;

    bool has_symbols; // stage 2 will accept them
    struct symbols_header symbols;
};

// Fills the report; to be freed.
void image_read(const struct image_reader *reader, struct image_report *report);

void image_report_free(struct image_report *report);

#endif
