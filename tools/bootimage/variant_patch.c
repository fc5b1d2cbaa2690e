// Patches VHD and VMDK files after qemu-img has made them. Called by variant.c.
#include "variant_patch.h"

#include "checksum.h"
#include "image_format.h"
#include "mbr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASHED_SECTORS 128 // read at once

// The footer of a fixed VHD, its last sector ("Virtual Hard Disk Image Format Specification",
// version 1.0), big-endian.
#define VHD_COOKIE          "conectix"
#define VHD_COOKIE_SIZE     8
#define VHD_TIME_OFFSET     24 // u32, seconds since 2000
#define VHD_CHECKSUM_OFFSET 64 // u32, the complement of the sum of all other bytes
#define VHD_UUID_OFFSET     68
#define UUID_SIZE           16
#define UUID_VERSION_BYTE   6 // RFC 9562: version 8, "of one's own making", variant 10b
#define UUID_VARIANT_BYTE   8

// The descriptor of a monolithicSparse VMDK ("Virtual Disk Format 5.0"): text, padded with NULs.
#define VMDK_DESCRIPTOR_OFFSET SECTOR_SIZE
#define VMDK_DESCRIPTOR_BYTES  ((size_t)20 * SECTOR_SIZE) // as qemu-img makes it
#define VMDK_NO_PARENT         0xFFFFFFFFu                // no CID of a disk
#define VMDK_CID_LINE          "\nCID="
#define VMDK_EXTENT_BEGIN      " SPARSE \""
#define VMDK_NAME_MAX          255

static bool refuse_form(struct message *why, const char *form)
{
    return message_refuse(why, "qemu-img has not made the %s that was expected: report its version",
                          form);
}

// Writes at a place of the file that is being made.
static bool write_at(struct host_output *output, uint64_t offset, const void *bytes, size_t size,
                     struct message *why)
{
    return host_output_seek(output, offset, why) && host_output_write(output, bytes, size, why);
}

// The checksum of the whole raw image, which is whole sectors.
static bool hash_image(const char *raw, struct image_checksum *hash, uint32_t *signature,
                       struct message *why)
{
    static uint8_t block[HASHED_SECTORS * SECTOR_SIZE];
    struct checksum_state state;
    struct host_input input;
    bool done = true;

    if (!host_input_open(raw, &input, why)) {
        return false;
    }
    *signature = 0;
    checksum_begin(&state);
    for (uint64_t at = 0; done && at < input.size; at += sizeof(block)) {
        const uint64_t left = input.size - at;
        const size_t part = left < sizeof(block) ? (size_t)left : sizeof(block);
        done = host_input_read(&input, at, block, part, why);
        if (done) {
            checksum_add(&state, block, part / SECTOR_SIZE * SECTOR_SIZE);
        }
        if (done && at == 0) {
            *signature = mbr_read_disk_signature(block);
        }
    }
    host_input_close(&input);
    *hash = checksum_end(&state);
    return done;
}

// ---- VHD ----------------------------------------------------------------------------------

static void put_big_endian(uint8_t *bytes, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        bytes[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

static void put_uuid(uint8_t uuid[UUID_SIZE], const struct image_checksum *hash)
{
    for (size_t i = 0; i < UUID_SIZE / 2; i++) {
        uuid[i] = (uint8_t)(hash->sum >> (8 * i));
        uuid[i + UUID_SIZE / 2] = (uint8_t)(hash->weighted_sum >> (8 * i));
    }
    uuid[UUID_VERSION_BYTE] = (uint8_t)((uuid[UUID_VERSION_BYTE] & 0x0F) | 0x80);
    uuid[UUID_VARIANT_BYTE] = (uint8_t)((uuid[UUID_VARIANT_BYTE] & 0x3F) | 0x80);
}

static void sum_footer(uint8_t footer[SECTOR_SIZE])
{
    uint32_t sum = 0;

    put_big_endian(footer + VHD_CHECKSUM_OFFSET, 0);
    for (size_t i = 0; i < SECTOR_SIZE; i++) {
        sum += footer[i];
    }
    put_big_endian(footer + VHD_CHECKSUM_OFFSET, ~sum);
}

// Reads a part of the file that is being made, from its beginning or before its end.
static bool read_made(const struct host_output *output, uint64_t offset, bool from_end,
                      uint8_t *bytes, size_t size, uint64_t *at, struct message *why)
{
    struct host_input input;
    bool done;

    if (!host_input_open(output->temporary, &input, why)) {
        return false;
    }
    *at = from_end && input.size >= offset ? input.size - offset : offset;
    done = *at <= input.size && size <= input.size - *at &&
           host_input_read(&input, *at, bytes, size, why);
    if (*at > input.size || size > input.size - *at) {
        (void)refuse_form(why, "file");
    }
    host_input_close(&input);
    return done;
}

bool variant_patch_vhd(const char *raw, struct host_output *output, struct message *why)
{
    uint8_t footer[SECTOR_SIZE];
    struct image_checksum hash;
    uint32_t signature;
    uint64_t at;

    if (!hash_image(raw, &hash, &signature, why) ||
        !read_made(output, SECTOR_SIZE, true, footer, sizeof(footer), &at, why)) {
        return false;
    }
    if (memcmp(footer, VHD_COOKIE, VHD_COOKIE_SIZE) != 0) {
        return refuse_form(why, "VHD");
    }
    put_big_endian(footer + VHD_TIME_OFFSET, 0);
    put_uuid(footer + VHD_UUID_OFFSET, &hash);
    sum_footer(footer);
    return write_at(output, at, footer, sizeof(footer), why);
}

// ---- VMDK ---------------------------------------------------------------------------------

// The last part of the path, as far as the descriptor's quotation marks can hold it.
static void choose_name(char name[VMDK_NAME_MAX + 1], const char *path)
{
    size_t length = 0;

    path += host_folder_length(path);
    for (; *path != '\0' && length < VMDK_NAME_MAX; path++) {
        const unsigned char byte = (unsigned char)*path;
        name[length++] = (char)(byte < ' ' || byte == '"' ? '_' : byte);
    }
    name[length] = '\0';
}

// The text with another content identifier, and another name between the extent's quotation marks;
// `patched` is all NULs and as large as the descriptor.
static bool patch_descriptor(const char *text, char *patched, uint32_t cid, const char *name)
{
    const char *digits = strstr(text, VMDK_CID_LINE);
    const char *extent = digits != NULL ? strstr(digits, VMDK_EXTENT_BEGIN) : NULL;

    if (extent == NULL) {
        return false;
    }
    digits += sizeof(VMDK_CID_LINE) - 1;
    extent += sizeof(VMDK_EXTENT_BEGIN) - 1;
    const char *behind = digits + strspn(digits, "0123456789abcdef"); // no leading zeros
    const char *end = strchr(extent, '"');
    if (*behind != '\n' || end == NULL) {
        return false;
    }
    const int length =
        snprintf(patched, VMDK_DESCRIPTOR_BYTES, "%.*s%08x%.*s%s%s", (int)(digits - text), text,
                 (unsigned)cid, (int)(extent - behind), behind, name, end);
    return length > 0 && (size_t)length < VMDK_DESCRIPTOR_BYTES;
}

bool variant_patch_vmdk(const char *raw, struct host_output *output, struct message *why)
{
    static char text[VMDK_DESCRIPTOR_BYTES + 1];
    static char patched[VMDK_DESCRIPTOR_BYTES];
    char name[VMDK_NAME_MAX + 1];
    struct image_checksum hash;
    uint32_t signature;
    uint64_t at;

    if (!hash_image(raw, &hash, &signature, why) ||
        !read_made(output, VMDK_DESCRIPTOR_OFFSET, false, (uint8_t *)text, VMDK_DESCRIPTOR_BYTES,
                   &at, why)) {
        return false;
    }
    memset(patched, 0, sizeof(patched));
    choose_name(name, output->target);
    if (!patch_descriptor(text, patched, signature != VMDK_NO_PARENT ? signature : 0, name)) {
        return refuse_form(why, "VMDK");
    }
    return write_at(output, at, patched, sizeof(patched), why);
}
