// Fuzzes the whole of stage 2's C on a fake machine: image header, items and kernel come from the
// input, firmware's memory map and faults of the disk too. Either the boot ends with one line, or
// the kernel is entered with all of the boot contract kept (tests/unit/stage2/entered_kernel.c),
// and then bootimage, too, calls header and kernel good. Input: form (1 byte), random bits (8),
// number of ranges (1) and these (11 each), a fault (2), then the disk from the image header on.
#include "boot_check.h"
#include "fake_disk.h"
#include "fuzz.h"
#include "image_header.h"
#include "image_mutation.h"
#include "image_read.h"
#include "test_boot.h"
#include "unit.h"

#define RANGES_MOST     16u
#define RANGE_BYTES     11u
#define FIXED_BYTES     10u
#define FAULT_BYTES     2u
#define USABLE_MOST     MIB // of one range: what is allocated stays small
#define ORDINARY_MEMORY (15 * MIB)
#define DISK_MOST       0x20000u
#define DRIVE           0x80u

enum { FORM_NX = 1, FORM_GIGABYTE_PAGES = 2, FORM_MEMORY = 4 };
enum { FAULT_NONE, FAULT_KINDS = 4 };

// Loader and MBR, made by image/ once; the image header's LBA is their end.
static struct boot_image loader;
static uint64_t header_lba;

static void make_loader_once(void)
{
    if (loader.bytes == NULL) {
        struct elf_file kernel = ordinary_kernel();
        boot_image_make(&loader, &kernel, "");
        elf_file_free(&kernel);
        header_lba = boot_image_stage2(&loader)->image_header_lba;
    }
}

// Where in the input the disk begins.
static size_t disk_offset(const uint8_t *bytes, size_t size)
{
    const size_t ranges = size < FIXED_BYTES ? 0 : bytes[FIXED_BYTES - 1] % (RANGES_MOST + 1);
    return FIXED_BYTES + ranges * RANGE_BYTES + FAULT_BYTES;
}

struct fuzz_area fuzz_fields(const uint8_t *bytes, size_t size, uint64_t choice)
{
    make_loader_once();
    const size_t at = disk_offset(bytes, size);
    if (choice % 8 == 0 || at >= size) {
        return (struct fuzz_area){0, at};
    }
    return image_fields(bytes, size, at, header_lba, choice / 8);
}

static void repair(uint8_t *bytes, size_t size)
{
    make_loader_once();
    const size_t at = disk_offset(bytes, size);
    if (at < size) {
        image_repair_items(bytes + at, size - at, header_lba);
    }
}

fuzz_repair_function *const fuzz_repair = repair;

static void add_range(struct fuzz_input *input, struct fake_machine *machine)
{
    const uint32_t kind = (uint32_t)fuzz_number(input, 1) % (BOOT_MEMORY_BAD + 1);
    const uint64_t base = fuzz_number(input, 5);
    const uint64_t length = fuzz_number(input, 5);
    fake_machine_add_range(machine, base,
                           kind == BOOT_MEMORY_USABLE ? length % USABLE_MOST : length, kind);
}

static void add_fault(struct fuzz_input *input, struct fake_disk *disk)
{
    const unsigned kind = (unsigned)fuzz_number(input, 1) % (1 + FAULT_KINDS);
    const uint64_t lba = header_lba + fuzz_number(input, 1);
    if (kind != FAULT_NONE && lba < disk->sectors) {
        fake_disk_add_fault(disk, (enum disk_fault_kind)(kind - 1), lba, 1);
    }
}

static struct boot_image make_disk(struct fuzz_input *input)
{
    const size_t before = (size_t)header_lba * SECTOR_SIZE;
    const size_t own = input->left < DISK_MOST ? input->left : DISK_MOST;
    const size_t sectors = (own + SECTOR_SIZE - 1) / SECTOR_SIZE + 1;
    struct boot_image image = {.size = before + sectors * SECTOR_SIZE};
    image.bytes = calloc(1, (size_t)image.size);
    assert_non_null(image.bytes);
    memcpy(image.bytes, loader.bytes, before);
    memcpy(image.bytes + before, input->bytes, own);
    return image;
}

// ---- bootimage beside it ------------------------------------------------------------------

// bootimage refuses an image where something hides behind an item, stage 2 only what is summed.
static bool nothing_hides(const struct boot_image *image)
{
    const struct image_header *header = boot_image_header(image);
    const struct image_item *items = (const struct image_item *)(header + 1);
    for (uint32_t i = 0; i < header->item_count; i++) {
        const uint64_t end = (items[i].lba + image_item_sectors(items[i].bytes)) * SECTOR_SIZE;
        for (uint64_t at = items[i].lba * SECTOR_SIZE + items[i].bytes; at < end; at++) {
            if (image->bytes[at] != 0) {
                return false;
            }
        }
    }
    return true;
}

static void check_bootimage_agrees(struct boot_image *image)
{
    struct image_report *report = allocate(sizeof *report);
    const struct image_reader reader = boot_image_reader(image);
    image_read(&reader, report);
    if (!report->has_items || !report->has_kernel) {
        fail_msg("stage 2 boots what bootimage refuses: %s", report->problems[0].text);
    }
    assert_int_equal(report->has_symbols, report->items.symbols != NULL);
    image_report_free(report);
    free(report);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct fuzz_input input = {bytes, size};
    make_loader_once();
    struct test_boot *boot = allocate(sizeof *boot);
    const unsigned form = (unsigned)fuzz_number(&input, 1);
    const uint64_t random = fuzz_number(&input, 8);
    uint32_t ranges = (uint32_t)fuzz_number(&input, 1) % (RANGES_MOST + 1);
    struct fuzz_input map = input;
    const size_t map_bytes = (size_t)ranges * RANGE_BYTES + FAULT_BYTES;
    input.bytes += map_bytes < input.left ? map_bytes : input.left;
    input.left -= map_bytes < input.left ? map_bytes : input.left;

    *boot = (struct test_boot){.image = make_disk(&input)};
    struct fake_machine *machine = &boot->machine;
    fake_machine_begin(machine, DRIVE, &boot->image);
    machine->nx = (form & FORM_NX) != 0;
    machine->gigabyte_pages = (form & FORM_GIGABYTE_PAGES) != 0;
    machine->random = random;
    if ((form & FORM_MEMORY) != 0) {
        test_boot_add_memory(boot, MIB, ORDINARY_MEMORY);
    }
    while (ranges-- > 0) {
        add_range(&map, machine);
    }
    add_fault(&map, &machine->disk);

    fake_machine_boot(machine);
    if (machine->ending == BOOT_STOPPED) {
        test_boot_check_stopped(boot, ": ");
    } else {
        boot_check_entered(machine);
        if (nothing_hides(&boot->image)) {
            check_bootimage_agrees(&boot->image);
        }
    }
    fake_machine_end(machine);
    boot_image_free(&boot->image);
    free(boot);
    return 0;
}
