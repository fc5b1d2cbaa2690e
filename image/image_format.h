// The disk image: every structure and number that its writer (image/, tools/bootimage) and its
// readers (MBR, stage 2, bootloader/load) share. image/README.md shows the same as tables.
//
// All fields are little-endian. Constants reach NASM by way of bootloader/stage2/asm_offsets.c.
#ifndef IMAGE_FORMAT_H
#define IMAGE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define SECTOR_SIZE 512

// ---- LBA 0: the MBR -----------------------------------------------------------------------

// The gap that firmware may overwrite with, or read as, a BIOS parameter block (03h-3Dh), and
// where code may start behind it.
#define MBR_BPB_OFFSET            0x03
#define MBR_CODE_OFFSET           0x3E
#define MBR_DISK_SIGNATURE_OFFSET 0x1B8 // u32, written by the image tool
#define MBR_PARTITION_OFFSET      0x1BE // first entry, written by the image tool; 3 more, zeros
#define MBR_PARTITION_ENTRY_SIZE  16
#define MBR_BOOT_SIGNATURE_OFFSET 0x1FE
#define MBR_BOOT_SIGNATURE        0xAA55

#define PARTITION_ACTIVE 0x80
#define PARTITION_TYPE   0xDA // "non-filesystem data"
#define PARTITION_LBA    1    // behind the MBR: stage 2 is inside the partition

// ---- LBA 1 on: stage 2 --------------------------------------------------------------------

#define STAGE2_LBA            1
#define FIRST_BLOCK_SECTORS   6 // what the MBR reads and checks
#define STAGE2_MAX_SECTORS    64
#define STAGE2_SIGNATURE      "1stLight"
#define STAGE2_SIGNATURE_SIZE 8

// Two running sums over 32-bit words, from zero: sum += word for each word, weighted_sum += sum
// after each word.
struct word_sums {
    uint32_t sum;
    uint32_t weighted_sum;
};

// rest_sum has the sums of bootloader/load/checksum.h, with 1 in place of CHECKSUM_LANE_FACTOR and
// no length: sum + rotate(weighted), by STAGE2_REST_SUM_ROTATION bits. In stage 2's few sectors a
// single changed bit always shows (tests/image/test_stage2_header.c tries them all), and a sector
// that is zero, elsewhere or another but for a chance of at most 2^-56.
#define STAGE2_REST_SUM_ROTATION 32

// The first bytes of stage 2's first block; code follows. Everything behind first_block_sums is
// summed by them, up to the end of the first block.
struct stage2_header {
    uint8_t signature[STAGE2_SIGNATURE_SIZE];
    struct word_sums first_block_sums; // written by the image tool
    uint64_t rest_sum;                 // of stage 2's sectors behind the first block; image tool
    uint16_t first_block_sectors;      // FIRST_BLOCK_SECTORS; build
    uint16_t stage2_sectors;           // with the first block, for tools; build
    uint32_t image_header_sectors;     // 1 to IMAGE_HEADER_MAX_SECTORS; image tool
    uint64_t image_header_lba;         // image tool
};

_Static_assert(sizeof(struct stage2_header) == 40, "stage2_header is 40 bytes");
_Static_assert(offsetof(struct stage2_header, rest_sum) == 16, "the sums begin at byte 16");

// ---- Behind stage 2: the image header, then its items -------------------------------------

#define IMAGE_MAGIC              "1stImage"
#define IMAGE_MAGIC_SIZE         8
#define IMAGE_VERSION            3
#define IMAGE_HEADER_MAX_SECTORS 127

// bootloader/load/checksum.h says how it is computed.
struct image_checksum {
    uint64_t sum;
    uint64_t weighted_sum;
};

// What an item is. A kind the loader does not know is an error.
enum image_item_kind {
    IMAGE_ITEM_KERNEL = 1,       // exactly one: an ELF64 file laid out for in-place mapping
    IMAGE_ITEM_COMMAND_LINE = 2, // at most one: text without NUL
    IMAGE_ITEM_SYMBOLS = 3,      // at most one: the kernel's functions (struct symbols_header)
    IMAGE_ITEM_MODULE = 4,       // any number: a file that the kernel gets as it is
};

// Bits of image_item.flags. Of a kernel only: what its boot request says of physical memory.
#define IMAGE_ITEM_ALIGNMENT_REQUIRED 1u // memory_alignment and memory_phase are no mere wish
#define IMAGE_ITEM_AVOID_ISA_HOLE     2u // no byte of its memory from 15 to 16 MiB

// Of a kernel or a module: its sectors are a compressed_header and chunks. All the other fields but
// bytes and checksum are of what was compressed.
#define IMAGE_ITEM_LZ4 4u

#define COMMAND_LINE_MAX_BYTES 4095 // of the kernel and of each module
#define MODULE_NAME_MAX_BYTES  255

// An item takes whole sectors from `lba` on; the bytes behind `bytes` in its last sector are
// zero and are summed like the rest.
struct image_item {
    uint32_t kind;  // enum image_item_kind
    uint32_t flags; // IMAGE_ITEM_*
    uint64_t lba;
    uint64_t bytes; // at least 1
    struct image_checksum checksum;
    // How much contiguous memory the item wants: its sectors, rounded up to pages, and for a
    // kernel the pages behind them for .bss and for what cannot be mapped in place.
    uint64_t memory_bytes; // a multiple of 4096
    // Where it would like to lie: address mod memory_alignment == memory_phase. A wish: where no
    // range of memory grants it, any page will do.
    uint64_t memory_alignment; // a power of two, 4096 to 1 GiB
    uint64_t memory_phase;     // a multiple of 4096 below memory_alignment
    // Of a module: name, NUL, command line, NUL, so many bytes from the header's start on, behind
    // the items. 0 for other kinds.
    uint32_t text_offset;
    uint16_t name_bytes;         // without NUL: 1 to MODULE_NAME_MAX_BYTES
    uint16_t command_line_bytes; // without NUL: 0 to COMMAND_LINE_MAX_BYTES
    uint64_t physical_address;   // 0; the loader notes here where it has read the item to
};

struct image_header {
    uint8_t magic[IMAGE_MAGIC_SIZE];
    uint32_t version;       // IMAGE_VERSION
    uint32_t header_bytes;  // with items and texts, a multiple of SECTOR_SIZE; zeros elsewhere
    uint32_t item_size;     // sizeof(struct image_item)
    uint32_t item_count;    // 1 to what header_bytes holds
    uint64_t image_sectors; // of the whole disk image, padding included
    struct image_checksum checksum; // of header_bytes with this field zero
};

_Static_assert(sizeof(struct image_item) == 80, "image_item is 80 bytes");
_Static_assert(sizeof(struct image_header) == 48, "image_header is 48 bytes");

// More than any header holds: modules have texts, too.
#define IMAGE_ITEMS_MAX                                                                            \
    (((size_t)IMAGE_HEADER_MAX_SECTORS * SECTOR_SIZE - sizeof(struct image_header)) /              \
     sizeof(struct image_item))

// ---- Compressed items -------------------------------------------------------------------------

// At the front of a compressed item's sectors, and of its first chunk.
struct compressed_header {
    uint64_t bytes;                 // of what was compressed, at least 1
    struct image_checksum checksum; // of that, filled up with zeros to whole sectors
};

// Behind it, and at the front of each chunk: u32, how long the block is that follows, of LZ4's
// block format, and then the block, which gives at least one byte. It may repeat what the chunks
// before have given. A chunk is what one read of the disk brings, so that it can be decoded from
// there.
#define COMPRESSED_CHUNK_SECTORS 127
#define COMPRESSED_CHUNK_BYTES   (COMPRESSED_CHUNK_SECTORS * SECTOR_SIZE)

_Static_assert(sizeof(struct compressed_header) == 24, "compressed_header is 24 bytes");

// ---- The symbols item -----------------------------------------------------------------------

// Then symbol_count times struct boot_symbol (firstlight/boot_info.h), sorted by offset, then the
// names. No padding between them or behind.
struct symbols_header {
    uint32_t symbol_count; // at least 1
    uint32_t names_bytes;  // at least 1; the last byte is NUL
};

_Static_assert(sizeof(struct symbols_header) == 8, "symbols_header is 8 bytes");

// ---- The end ------------------------------------------------------------------------------

// The image is padded to whole cylinders; see image/geometry.h.
#define IMAGE_MIN_CYLINDERS 3

#endif
