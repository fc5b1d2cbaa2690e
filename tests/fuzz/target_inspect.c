// Fuzzes the commands of bootimage that read an image, each as a whole, with a hostile image file;
// beside them the image's reader by itself, which must ask for no byte that the file does not have.
// Input: the file. Its fourth byte means nothing in an image: where the low three bits are set,
// zeros follow up to the size that the image header says; the others choose the command.
#include "fuzz.h"
#include "image_mutation.h"
#include "image_read.h"
#include "stage2_header.h"
#include "unit.h"

#include <stdio.h>
#include <unistd.h>

#define PADDED      7u
#define PADDED_MOST 0x200000u

int bootimage_main(int argument_count, char **arguments);

// The image header that stage 2's header names, if it lies in the file.
static struct stage2_header loader_header(const uint8_t *bytes, size_t size, size_t *at)
{
    struct stage2_header header = {.image_header_lba = 0};
    *at = size;
    if (size >= (size_t)(STAGE2_LBA + FIRST_BLOCK_SECTORS) * SECTOR_SIZE) {
        memcpy(&header, bytes + (size_t)STAGE2_LBA * SECTOR_SIZE, sizeof header);
        if (header.image_header_lba < size / SECTOR_SIZE) {
            *at = (size_t)header.image_header_lba * SECTOR_SIZE;
        }
    }
    return header;
}

// Loader's header, image header, or what the kernel's file begins with.
struct fuzz_area fuzz_fields(const uint8_t *bytes, size_t size, uint64_t choice)
{
    size_t at;
    const struct stage2_header header = loader_header(bytes, size, &at);
    if (choice % 8 == 0 || at == size) {
        return (struct fuzz_area){(size_t)STAGE2_LBA * SECTOR_SIZE, sizeof header};
    }
    return image_fields(bytes, size, at, header.image_header_lba, choice / 8);
}

static void repair(uint8_t *bytes, size_t size)
{
    size_t at;
    struct stage2_header header = loader_header(bytes, size, &at);
    if (at == size) {
        return;
    }
    image_repair_items(bytes + at, size - at, header.image_header_lba);
    bytes[MBR_BOOT_SIGNATURE_OFFSET] = MBR_BOOT_SIGNATURE & 0xFF;
    bytes[MBR_BOOT_SIGNATURE_OFFSET + 1] = MBR_BOOT_SIGNATURE >> 8;
    if (header.first_block_sectors == FIRST_BLOCK_SECTORS &&
        header.stage2_sectors >= FIRST_BLOCK_SECTORS &&
        STAGE2_LBA + header.stage2_sectors <= size / SECTOR_SIZE) {
        stage2_header_patch(bytes + (size_t)STAGE2_LBA * SECTOR_SIZE, &header,
                            header.image_header_lba, header.image_header_sectors);
    }
}

fuzz_repair_function *const fuzz_repair = repair;

// Bytes of the file, with the zeros that follow.
static uint64_t file_bytes(const uint8_t *bytes, size_t size)
{
    struct image_header header;
    size_t at;
    (void)loader_header(bytes, size, &at);
    if (size - at < sizeof header || (bytes[MBR_BPB_OFFSET] & PADDED) != PADDED) {
        return size;
    }
    memcpy(&header, bytes + at, sizeof header);
    const uint64_t padded = header.image_sectors * SECTOR_SIZE;
    return padded > size && padded <= PADDED_MOST ? padded : size;
}

// ---- The reader ---------------------------------------------------------------------------

struct padded_file {
    const uint8_t *bytes;
    size_t size; // then zeros
    uint64_t padded;
};

static bool read_file(void *context, uint64_t offset, void *buffer, size_t size,
                      struct message *why)
{
    const struct padded_file *file = context;
    (void)why;
    assert_true(offset <= file->padded && size <= file->padded - offset);
    memset(buffer, 0, size);
    if (offset < file->size) {
        const size_t left = file->size - (size_t)offset;
        memcpy(buffer, file->bytes + offset, size < left ? size : left);
    }
    return true;
}

static void check_parts(const struct image_report *report)
{
    uint64_t next = 0;
    for (uint32_t i = 0; i < report->part_count; i++) {
        const struct image_part *part = &report->parts[i];
        const uint64_t sectors = image_item_sectors(part->bytes);
        // In order, no gap, and what is called good is in the file.
        assert_true(part->lba >= next);
        assert_true(!part->good || (part->lba <= report->file_bytes / SECTOR_SIZE &&
                                    sectors <= report->file_bytes / SECTOR_SIZE - part->lba));
        next = part->good ? part->lba + sectors : next;
        assert_true(part->good || report->problem_count != 0);
    }
    if (report->problem_count == 0) {
        assert_true(report->has_items && report->has_kernel);
        assert_int_equal(next, report->items.image_sectors);
    }
    for (uint32_t i = 0; i < report->problem_count && i < IMAGE_REPORT_PROBLEMS; i++) {
        fuzz_check_refusal(&report->problems[i]);
    }
}

// Whether the reader finds nothing wrong.
static bool read_is_good(const struct padded_file *file)
{
    struct image_report *report = allocate(sizeof *report);
    const struct image_reader reader = {read_file, (void *)(uintptr_t)file, file->padded};
    image_read(&reader, report);
    check_parts(report);
    const bool good = report->problem_count == 0;
    image_report_free(report);
    free(report);
    return good;
}

// ---- The command --------------------------------------------------------------------------

#define FILE_NAME "firstlight-fuzz-XXXXXX"

static char path[1024]; // the file, in TMPDIR or /tmp
static int descriptor = -1;

static void remove_file(void)
{
    (void)unlink(path);
}

static void make_file(void)
{
    const char *folder = getenv("TMPDIR");
    const int length = snprintf(path, sizeof path, "%s/%s",
                                folder != NULL && *folder != '\0' ? folder : "/tmp", FILE_NAME);
    assert_in_range(length, 1, sizeof path - 1);
    descriptor = mkstemp(path);
    assert_true(descriptor >= 0 && atexit(remove_file) == 0);
}

enum { INSPECT, JSON, VERIFY, COMMAND_LINE, ALL, COLOUR, COMMANDS };

// The command that the file chooses.
static unsigned choose_command(const struct padded_file *file)
{
    return file->size > MBR_BPB_OFFSET ? file->bytes[MBR_BPB_OFFSET] / (PADDED + 1) % COMMANDS
                                       : INSPECT;
}

// Its exit status.
static int run_command(const struct padded_file *file, unsigned choice)
{
    // The file itself as a directory to extract to: all is named and checked, nothing written.
    static const char *const commands[COMMANDS][2] = {
        {"inspect", "--color=auto"}, {"inspect", "--json"}, {"verify", "--color=always"},
        {"extract", "--cmdline"},    {"extract", NULL},     {"inspect", "--color=always"},
    };
    static char all[sizeof "--all=" + sizeof path];
    char program[] = "bootimage";
    char *arguments[] = {program, (char *)(uintptr_t)commands[choice][0],
                         (char *)(uintptr_t)commands[choice][1], path, NULL};
    if (descriptor < 0) {
        make_file();
    }
    assert_int_equal(ftruncate(descriptor, 0), 0);
    assert_int_equal(pwrite(descriptor, file->bytes, file->size, 0), file->size);
    assert_int_equal(ftruncate(descriptor, (off_t)file->padded), 0);
    if (choice == ALL) {
        (void)snprintf(all, sizeof all, "--all=%s", path);
        arguments[2] = all;
    }
    return bootimage_main(4, arguments);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const struct padded_file file = {bytes, size, file_bytes(bytes, size)};
    const bool good = read_is_good(&file);
    const unsigned choice = choose_command(&file);
    const int status = run_command(&file, choice);
    // 3, once the host has refused to make a directory of the file.
    assert_true(status == 0 || status == 1 || status == 3);
    // What is not taken out may be damaged.
    assert_true(good || status != 0 || choice == COMMAND_LINE);
    return 0;
}
