// Shared by the unit tests of image/.
#include "test_support.h"

#include "kernel_pack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KERNEL_BASE 0xFFFFFFFF80000000u

uint8_t *elf_build(const struct elf_spec *spec, uint8_t seed, uint64_t *size)
{
    const struct elf64_header header = {
        .e_ident = {0x7F, 'E', 'L', 'F', 2, 1, 1},
        .e_type = 2,
        .e_machine = 62,
        .e_version = 1,
        .e_entry = spec->entry,
        .e_phoff = sizeof(header),
        .e_ehsize = sizeof(header),
        .e_phentsize = sizeof(struct elf64_program_header),
        .e_phnum = (uint16_t)spec->count,
    };
    const size_t table = spec->count * sizeof(struct elf64_program_header);
    uint64_t end = sizeof(header) + table;
    uint8_t *file;

    for (uint32_t i = 0; i < spec->count; i++) {
        const uint64_t segment_end = spec->segments[i].p_offset + spec->segments[i].p_filesz;
        end = segment_end > end ? segment_end : end;
    }
    file = malloc(end);
    assert_non_null(file);
    for (uint64_t i = 0; i < end; i++) {
        file[i] = (uint8_t)(1 + (i * 31 + i / 255 + seed) % 255);
    }
    memcpy(file, &header, sizeof(header));
    memcpy(file + sizeof(header), spec->segments, table);
    *size = end;
    return file;
}

void elf_spec_simple(struct elf_spec *spec)
{
    *spec = (struct elf_spec){
        .entry = KERNEL_BASE + 0x10,
        .count = 2,
        .segments =
            {
                {ELF_PT_LOAD, ELF_PF_R | ELF_PF_X, 0x1000, KERNEL_BASE, 0, 5000, 5000, 0x1000},
                {ELF_PT_LOAD, ELF_PF_R | ELF_PF_W, 0x3000, KERNEL_BASE + 0x2000, 0, 3000, 20000,
                 0x1000},
            },
    };
}

uint64_t random_next(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545F4914F6CDD1Du;
}

uint64_t random_below(uint64_t *state, uint64_t limit)
{
    return (random_next(state) >> 16) % limit;
}

void make_loader(uint8_t mbr[SECTOR_SIZE], uint8_t *stage2, uint16_t stage2_sectors,
                 uint16_t first_block_sectors)
{
    struct stage2_header header = {
        .signature = {'1', 's', 't', 'L', 'i', 'g', 'h', 't'},
        .first_block_sectors = first_block_sectors,
        .stage2_sectors = stage2_sectors,
    };

    for (uint32_t i = 0; i < SECTOR_SIZE; i++) {
        mbr[i] = i < MBR_DISK_SIGNATURE_OFFSET ? (uint8_t)(i * 7 + 3) : 0;
    }
    mbr[MBR_BOOT_SIGNATURE_OFFSET] = 0x55;
    mbr[MBR_BOOT_SIGNATURE_OFFSET + 1] = 0xAA;
    for (uint32_t i = 0; i < (uint32_t)stage2_sectors * SECTOR_SIZE; i++) {
        stage2[i] = (uint8_t)(i * 13 + i / 256);
    }
    memcpy(stage2, &header, sizeof(header));
}

uint8_t *sector_of(const struct memory_image *image, uint64_t lba)
{
    assert_true(lba * SECTOR_SIZE < image->size);
    return image->bytes + lba * SECTOR_SIZE;
}

bool memory_image_write(void *context, const void *bytes, size_t size, struct message *why)
{
    struct memory_image *image = context;
    uint8_t *larger;

    if (image->size + size > image->refuse_at) {
        return message_refuse(why, "no room");
    }
    larger = realloc(image->bytes, image->size + size);
    assert_non_null(larger);
    memcpy(larger + image->size, bytes, size);
    image->bytes = larger;
    image->size += size;
    return true;
}

bool memory_image_read(void *context, uint64_t offset, void *buffer, size_t size,
                       struct message *why)
{
    const struct memory_image *image = context;

    (void)why;
    assert_true(offset <= image->size && size <= image->size - offset);
    memcpy(buffer, image->bytes + offset, size);
    return true;
}

void make_image_of(struct memory_image *image, struct image_parts *parts)
{
    uint8_t mbr[SECTOR_SIZE];
    uint8_t stage2[20 * SECTOR_SIZE];
    struct packed_kernel packed;
    struct elf_kernel kernel;
    struct elf_spec spec;
    uint64_t size;
    struct message why;
    const struct image_writer writer = {memory_image_write, image};

    elf_spec_simple(&spec);
    uint8_t *file = elf_build(&spec, 0, &size);
    assert_true(elf_parse(file, size, &kernel, &why));
    assert_true(kernel_pack(&kernel, &packed, &why));
    free(file);
    make_loader(mbr, stage2, 20, FIRST_BLOCK_SECTORS);
    parts->mbr = mbr;
    parts->mbr_bytes = sizeof(mbr);
    parts->stage2 = stage2;
    parts->stage2_bytes = sizeof(stage2);
    parts->kernel = &packed;
    *image = (struct memory_image){.refuse_at = UINT64_MAX};
    if (!image_write(parts, &writer, &why)) {
        fail_msg("refused: %s", why.text);
    }
    packed_kernel_free(&packed);
}

void make_image(struct memory_image *image, const char *command_line)
{
    struct image_parts parts = {
        .command_line = command_line,
        .command_line_bytes = strlen(command_line),
    };

    make_image_of(image, &parts);
}

void read_image(struct memory_image *image, struct image_report *report)
{
    const struct image_reader reader = {memory_image_read, image, image->size};

    image_read(&reader, report);
}

void check_problem(struct memory_image *image, const char *part_of_message)
{
    struct image_report report;

    read_image(image, &report);
    if (report.problem_count == 0) {
        fail_msg("nothing found wrong, expected '%s'", part_of_message);
    }
    for (uint32_t i = 0; i < report.problem_count && i < IMAGE_REPORT_PROBLEMS; i++) {
        if (strstr(report.problems[i].text, part_of_message) != NULL) {
            image_report_free(&report);
            return;
        }
    }
    fail_msg("'%s' is not about '%s'", report.problems[0].text, part_of_message);
}
