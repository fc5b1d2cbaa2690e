// Decides whether an item is stored compressed, and has liblz4 compress it piece by piece. Called
// by bootimage create and by the unit tests.
#include "compress.h"

#include "checksum.h"
#include "chunk_writer.h"
#include "image_header.h"

#include <stdlib.h>
#include <string.h>

void compressed_item_free(struct compressed_item *item)
{
    free(item->bytes);
    item->bytes = NULL;
}

#ifndef FIRSTLIGHT_LZ4

bool compression_available(void)
{
    return false;
}

bool compress_item(const struct image_reader *source, enum compression wanted,
                   struct compressed_item *item, struct message *why)
{
    (void)source;
    memset(item, 0, sizeof(*item));
    return wanted != COMPRESSION_LZ4 ||
           message_refuse(why, "this bootimage was built without liblz4: give --compress none");
}

#else

#include <lz4hc.h>

#define CHUNK_BYTES    ((size_t)COMPRESSED_CHUNK_BYTES)
#define PIECE_BYTES    0x400000   // what liblz4 gets at once; whole sectors
#define LEAST_EIGHTH   8          // COMPRESSION_AUTO: an eighth of the bytes is saved
#define BYTES_MOST     (1u << 30) // what is larger stays as it is
// What the fastest compression saves of them at least, for the best to be tried.
#define PROMISING_PART 32

// liblz4's level by size, so that nothing takes more than some seconds. By the CPU time that the
// worst known input takes, pixels of four colours, and what is left of it (of machine code: 32, 32
// and 33 %): 2 s a megabyte, 13 %; 0.2 s, 17 %; 0.01 s, 28 %.
static const struct {
    uint64_t bytes; // at most
    int level;
} levels[] = {{2u << 20, LZ4HC_CLEVEL_MAX}, {32u << 20, 9}, {BYTES_MOST, 3}};

static int level_of(uint64_t bytes)
{
    size_t i = 0;

    while (bytes > levels[i].bytes) {
        i++;
    }
    return levels[i].level;
}

struct compressor {
    const struct image_reader *source;
    uint8_t *buffer; // literals of the piece before, then the piece
    uint8_t *piece;  // in it
    size_t piece_bytes;
    char *block; // what liblz4 makes of it
    int block_room;
    uint64_t done; // of the source
};

static bool begin(struct compressor *compressor, const struct image_reader *source,
                  struct message *why)
{
    const uint64_t piece = source->bytes < PIECE_BYTES ? source->bytes : PIECE_BYTES;

    memset(compressor, 0, sizeof(*compressor));
    compressor->source = source;
    compressor->block_room = LZ4_compressBound((int)piece);
    compressor->buffer = calloc(1, CHUNK_BYTES + (size_t)piece + SECTOR_SIZE);
    compressor->block = malloc((size_t)compressor->block_room);
    if (compressor->buffer == NULL || compressor->block == NULL) {
        (void)message_refuse(why, "not enough memory to compress: give --compress none");
        return false;
    }
    compressor->piece = compressor->buffer + CHUNK_BYTES;
    return true;
}

static void end(struct compressor *compressor)
{
    free(compressor->buffer);
    free(compressor->block);
}

// The next piece; false, with the reader's message.
static bool read_piece(struct compressor *compressor, struct message *why)
{
    const struct image_reader *source = compressor->source;
    const uint64_t left = source->bytes - compressor->done;

    compressor->piece_bytes = left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;
    if (!source->read(source->context, compressor->done, compressor->piece, compressor->piece_bytes,
                      why)) {
        return false;
    }
    compressor->done += compressor->piece_bytes;
    return true;
}

// The most bytes that a compressed item may have: 0, none pays.
static uint64_t most_that_pays(uint64_t bytes, enum compression wanted)
{
    const uint64_t least = wanted == COMPRESSION_LZ4 ? SECTOR_SIZE : CHUNK_BYTES;
    uint64_t saved = least;

    if (wanted == COMPRESSION_AUTO && bytes / LEAST_EIGHTH > saved) {
        saved = bytes / LEAST_EIGHTH;
    }
    return wanted == COMPRESSION_NONE || bytes > BYTES_MOST || bytes <= saved ? 0 : bytes - saved;
}

// Whether it is worth the time that the best compression takes: by what the fastest one saves.
static bool is_promising(struct compressor *compressor, bool *promising, struct message *why)
{
    uint64_t compressed = 0;

    while (compressor->done != compressor->source->bytes) {
        if (!read_piece(compressor, why)) {
            return false;
        }
        compressed +=
            (uint64_t)LZ4_compress_default((const char *)compressor->piece, compressor->block,
                                           (int)compressor->piece_bytes, compressor->block_room);
    }
    *promising = compressed < compressor->done - compressor->done / PROMISING_PART;
    compressor->done = 0;
    return true;
}

// Compresses the piece and packs it. Literals behind its last match wait, *pending bytes in front
// of the next piece. False: it does not pay, or no memory.
static bool pack_piece(struct compressor *compressor, struct chunk_writer *writer, size_t *pending)
{
    const int block_bytes = LZ4_compress_HC((const char *)compressor->piece, compressor->block,
                                            (int)compressor->piece_bytes, compressor->block_room,
                                            level_of(compressor->source->bytes));
    const bool last = compressor->done == compressor->source->bytes;
    const uint8_t *literals;

    if (block_bytes <= 0 || !chunk_writer_add(writer, (const uint8_t *)compressor->block,
                                              (size_t)block_bytes, compressor->piece, pending)) {
        return false;
    }
    literals = compressor->piece + compressor->piece_bytes - *pending;
    if (!chunk_writer_literals(writer, &literals, pending, last)) {
        return false;
    }
    memmove(compressor->piece - *pending, literals, *pending);
    return true;
}

// False with writer->bytes null: an error; else it does not pay.
static bool pack(struct compressor *compressor, struct chunk_writer *writer, struct message *why)
{
    struct compressed_header header = {.bytes = compressor->source->bytes};
    struct checksum_state sums;
    size_t pending = 0;

    checksum_begin(&sums);
    while (compressor->done != compressor->source->bytes) {
        if (!read_piece(compressor, why)) {
            free(writer->bytes);
            writer->bytes = NULL;
            return false;
        }
        const size_t whole = (size_t)image_item_sectors(compressor->piece_bytes) * SECTOR_SIZE;
        memset(compressor->piece + compressor->piece_bytes, 0, whole - compressor->piece_bytes);
        checksum_add(&sums, compressor->piece, whole);
        if (!pack_piece(compressor, writer, &pending)) {
            return false;
        }
    }
    header.checksum = checksum_end(&sums);
    chunk_writer_end(writer, &header);
    return true;
}

static bool compress(struct compressor *compressor, enum compression wanted,
                     struct compressed_item *item, struct message *why)
{
    const uint64_t most = most_that_pays(compressor->source->bytes, wanted);
    struct chunk_writer writer;
    bool promising = true;

    if (wanted == COMPRESSION_AUTO && !is_promising(compressor, &promising, why)) {
        return false;
    }
    if (!promising) {
        return true;
    }
    if (chunk_writer_begin(&writer, most) && pack(compressor, &writer, why)) {
        *item = (struct compressed_item){writer.bytes, writer.size};
        return true;
    }
    if (writer.out_of_memory) {
        free(writer.bytes);
        return message_refuse(why, "not enough memory to compress: give --compress none");
    }
    const bool read = writer.bytes != NULL;
    free(writer.bytes);
    return read;
}

bool compression_available(void)
{
    return true;
}

bool compress_item(const struct image_reader *source, enum compression wanted,
                   struct compressed_item *item, struct message *why)
{
    struct compressor compressor;
    bool done;

    memset(item, 0, sizeof(*item));
    if (most_that_pays(source->bytes, wanted) == 0) {
        return true;
    }
    done = begin(&compressor, source, why) && compress(&compressor, wanted, item, why);
    end(&compressor);
    return done;
}

#endif

static bool read_bytes(void *context, uint64_t offset, void *buffer, size_t size,
                       struct message *why)
{
    const uint8_t *bytes = *(const uint8_t *const *)context;

    (void)why;
    memcpy(buffer, bytes + offset, size);
    return true;
}

bool compress_bytes(const uint8_t *bytes, uint64_t size, enum compression wanted,
                    struct compressed_item *item, struct message *why)
{
    const struct image_reader source = {read_bytes, &bytes, size};

    return compress_item(&source, wanted, item, why);
}
