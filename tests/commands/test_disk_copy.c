// What disk_copy.c does with disks that work, and with such as fail or lie.
#include "disk_copy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DISK_BYTES (20u << 20)
#define NEVER      UINT64_MAX

enum failure { NONE, READ_IMAGE, WRITE, FLUSH, FORGET, READ_BACK };

// A disk with a cache, which only what is flushed leaves and only forgetting empties.
static struct {
    uint8_t *image;
    uint8_t *cache;
    uint8_t *medium;
    uint64_t bytes;
    uint64_t wrong_byte; // does not get stored
    enum failure failure;
    uint64_t failing_offset;
    unsigned flushes;
    bool forgotten;
    uint64_t progress[2];
} disk;

static bool works(enum failure step, uint64_t offset, struct message *why)
{
    if (disk.failure == step && offset >= disk.failing_offset) {
        return message_refuse(why, "step %u failed", (unsigned)step);
    }
    return true;
}

static bool read_image(void *context, uint64_t offset, void *buffer, size_t size,
                       struct message *why)
{
    assert_ptr_equal(context, &disk);
    assert_true(offset + size <= disk.bytes);
    memcpy(buffer, disk.image + offset, size);
    return works(READ_IMAGE, offset, why);
}

static bool write_disk(void *context, uint64_t offset, const void *bytes, size_t size,
                       struct message *why)
{
    (void)context;
    assert_true(offset + size <= disk.bytes);
    memcpy(disk.cache + offset, bytes, size);
    return works(WRITE, offset, why);
}

static bool flush_disk(void *context, struct message *why)
{
    (void)context;
    memcpy(disk.medium, disk.cache, DISK_BYTES);
    if (disk.wrong_byte != NEVER) {
        disk.medium[disk.wrong_byte] ^= 0x40;
    }
    disk.flushes++;
    return works(FLUSH, 0, why);
}

static bool forget_disk(void *context, struct message *why)
{
    (void)context;
    memcpy(disk.cache, disk.medium, DISK_BYTES);
    disk.forgotten = true;
    return works(FORGET, 0, why);
}

static bool read_disk(void *context, uint64_t offset, void *buffer, size_t size,
                      struct message *why)
{
    (void)context;
    assert_true(disk.forgotten);
    assert_true(offset + size <= disk.bytes);
    memcpy(buffer, disk.cache + offset, size);
    return works(READ_BACK, offset, why);
}

static void progress(void *context, enum disk_copy_stage stage, uint64_t done)
{
    (void)context;
    assert_true(done > disk.progress[stage] && done <= disk.bytes);
    disk.progress[stage] = done;
}

static bool copy(struct message *why)
{
    const struct disk_copy functions = {&disk,       read_image, write_disk, flush_disk,
                                        forget_disk, read_disk,  progress};

    disk.flushes = 0;
    disk.forgotten = false;
    disk.progress[0] = disk.progress[1] = 0;
    memset(disk.medium, 0xEE, DISK_BYTES);
    memset(disk.cache, 0xEE, DISK_BYTES);
    return disk_copy(&functions, disk.bytes, why);
}

// Each byte is as the one before it, and the first as it was.
static bool is_untouched(const uint8_t *bytes, size_t size)
{
    return size == 0 || (bytes[0] == 0xEE && memcmp(bytes, bytes + 1, size - 1) == 0);
}

static int set_up(void **state)
{
    (void)state;
    memset(&disk, 0, sizeof(disk));
    disk.image = malloc(DISK_BYTES);
    disk.cache = malloc(DISK_BYTES);
    disk.medium = malloc(DISK_BYTES);
    disk.wrong_byte = NEVER;
    disk.bytes = DISK_BYTES - 1234567;
    if (disk.image == NULL || disk.cache == NULL || disk.medium == NULL) {
        return -1;
    }
    for (size_t i = 0; i < DISK_BYTES; i++) {
        disk.image[i] = (uint8_t)(i * 7 + (i >> 12));
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(disk.image);
    free(disk.cache);
    free(disk.medium);
    return 0;
}

static void copies(void **state)
{
    static const uint64_t sizes[] = {1,
                                     512,
                                     DISK_COPY_PIECE,
                                     DISK_COPY_PIECE + 1,
                                     DISK_COPY_FLUSH,
                                     DISK_COPY_FLUSH + 512,
                                     DISK_BYTES};
    struct message why;

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        disk.bytes = sizes[i];
        assert_true(copy(&why));
        assert_memory_equal(disk.medium, disk.image, disk.bytes);
        assert_true(is_untouched(disk.medium + disk.bytes, DISK_BYTES - disk.bytes));
        assert_int_equal(disk.flushes, (disk.bytes + DISK_COPY_FLUSH - 1) / DISK_COPY_FLUSH);
        assert_true(disk.progress[DISK_COPY_WRITING] == disk.bytes);
        assert_true(disk.progress[DISK_COPY_READING_BACK] == disk.bytes);
    }
}

static void finds_each_wrong_byte(void **state)
{
    static const uint64_t places[] = {0, 511, DISK_COPY_PIECE - 1, DISK_COPY_PIECE,
                                      DISK_BYTES - 1234568};
    struct message expected;
    struct message why;

    (void)state;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        const uint8_t right = disk.image[places[i]];

        disk.wrong_byte = places[i];
        message_format(&expected,
                       "byte %llu comes back as %02x, and %02x was written: the disk is worn out "
                       "or a fake, take another",
                       (unsigned long long)places[i], right ^ 0x40u, (unsigned)right);
        assert_false(copy(&why));
        assert_string_equal(why.text, expected.text);
    }
}

static void tells_every_failure(void **state)
{
    static const uint64_t offsets[] = {0, DISK_COPY_PIECE, 2 * DISK_COPY_FLUSH};

    (void)state;
    for (int failure = READ_IMAGE; failure <= READ_BACK; failure++) {
        for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
            struct message expected;
            struct message why;

            disk.failure = (enum failure)failure;
            disk.failing_offset = failure == FLUSH || failure == FORGET ? 0 : offsets[i];
            message_format(&expected, "step %u failed", (unsigned)failure);
            assert_false(copy(&why));
            assert_string_equal(why.text, expected.text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(copies, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_each_wrong_byte, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_every_failure, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
