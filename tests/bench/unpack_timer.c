// How long this processor takes to unpack and to sum an image's compressed item: stage 2's decoder
// and load's code, its sums the portable ones, chunk by chunk as stage 2 reads, without the disk.
// Run by unpack_speed.py:
//     unpack_timer IMAGE LBA STORED-BYTES UNPACKED-BYTES
// Prints the nanoseconds of the quickest turn.
#include "decompress.h"
#include "fast_lz4.h"
#include "image_header.h"
#include "steady_clock.h"

#include <stdio.h>
#include <stdlib.h>

#define TURNS       10
#define CHUNK_BYTES ((size_t)COMPRESSED_CHUNK_BYTES)

struct item {
    uint8_t *sectors;
    size_t bytes; // there, whole sectors
    uint8_t *output;
    size_t capacity; // there, whole sectors
};

_Noreturn static void fail(const char *what)
{
    (void)fprintf(stderr, "unpack_timer: %s\n", what);
    exit(EXIT_FAILURE);
}

static uint8_t *memory(size_t bytes)
{
    uint8_t *found = aligned_alloc(SECTOR_SIZE, bytes);
    if (found == NULL) {
        fail("not enough memory");
    }
    return found;
}

static struct item read_item(const char *path, long lba, uint64_t stored, uint64_t unpacked)
{
    struct item item = {
        .bytes = (size_t)image_item_sectors(stored) * SECTOR_SIZE,
        .capacity = (size_t)image_item_sectors(unpacked) * SECTOR_SIZE,
    };
    item.sectors = memory(item.bytes);
    item.output = memory(item.capacity);
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, lba * SECTOR_SIZE, SEEK_SET) != 0 ||
        fread(item.sectors, 1, item.bytes, file) != item.bytes) {
        fail("the image cannot be read");
    }
    (void)fclose(file);
    return item;
}

static uint64_t time_turn(const struct item *item)
{
    struct decompression state = {.output = item->output, .capacity = item->capacity};
    struct checksum_state sums;
    const uint64_t begin = steady_clock();
    checksum_begin(&sums);
    for (size_t at = 0; at < item->bytes;) {
        const size_t left = item->bytes - at;
        const size_t chunk = left < CHUNK_BYTES ? left : CHUNK_BYTES;
        checksum_add(&sums, item->sectors + at, chunk);
        decompress_chunk(&state, item->sectors + at, chunk, lz4_decode_wide);
        at += chunk;
    }
    const char *fault = decompress_end(&state);
    const uint64_t end = steady_clock();
    if (fault != NULL) {
        fail("the item is damaged");
    }
    return end - begin;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fail("usage: unpack_timer IMAGE LBA STORED-BYTES UNPACKED-BYTES");
    }
    const struct item item = read_item(argv[1], strtol(argv[2], NULL, 10),
                                       strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10));
    uint64_t least = UINT64_MAX;
    for (unsigned turn = 0; turn < TURNS; turn++) {
        const uint64_t taken = time_turn(&item);
        least = taken < least ? taken : least;
    }
    printf("%llu\n", (unsigned long long)least);
    return EXIT_SUCCESS;
}
