// What stage 2 and bootimage make of a damaged image, for the Python tests of this folder, which
// run it with many damages at once (verdicts.py). Stage 2 is its own C, on the fake machine of
// tests/unit/stage2; bootimage's part is image_read and boot_preview; all of it under ASan and
// UBSan.
//
//   damage_verdicts IMAGE < damages > verdicts
//
// A damage is a line: `s` for stage 2, `i` for bootimage inspect, or both, then ` OFFSET:HEX` for
// each piece of the image that has other bytes. Each is answered by lines that begin with
//   #line TEXT      stage 2's error line
//   #entered ENTRY DIGEST SPACE    or it has entered the kernel: what kernels/self_check.c would
//                   print, and a sum of the kernel's address space
//   #problem TEXT   a line of bootimage inspect
//   #end
// A check that fails ends the program: whoever reads it misses the rest.
#include "boot_preview.h"
#include "digest.h"
#include "entered_kernel.h"
#include "fake_machine.h"
#include "image_read.h"
#include "kernel_request.h"
#include "unit.h"

#include <stdio.h>

// QEMU's machine `pc` with 128 MiB and SeaBIOS, above the first mebibyte.
#define MIB                  0x100000u
#define RAM_END              0x7FE0000u
#define ACPI_BYTES           0x20000u
#define FLASH                0xFFFC0000u
#define FLASH_BYTES          0x40000u
#define HYPERTRANSPORT       0xFD00000000u
#define HYPERTRANSPORT_BYTES 0x300000000u

#define FIRST_HARD_DISK 0x80
#define PAGE            0x1000u
#define CHANGES_MAX     64
#define LINE_MAX_BYTES  0x40000u

static const char *image_path;

static void read_file(struct boot_image *image)
{
    FILE *file = fopen(image_path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    image->size = (uint64_t)ftell(file);
    image->bytes = allocate((size_t)image->size);
    rewind(file);
    assert_int_equal(fread(image->bytes, 1, (size_t)image->size, file), image->size);
    (void)fclose(file);
}

// ---- Damage -------------------------------------------------------------------------------

struct change {
    uint64_t offset;
    size_t bytes;
    uint8_t *before;
};

struct damage {
    unsigned count;
    struct change changes[CHANGES_MAX];
};

static uint8_t hex_digit(char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = strchr(digits, digit);
    assert_true(found != NULL && digit != '\0');
    return (uint8_t)(found - digits);
}

// Applies ` OFFSET:HEX`; returns what follows it.
static const char *apply_change(const char *text, struct boot_image *image, struct change *change)
{
    char *hex;
    change->offset = strtoull(text, &hex, 10);
    assert_int_equal(*hex, ':');
    hex++;
    change->bytes = strcspn(hex, " \n") / 2;
    assert_true(change->offset <= image->size && change->bytes <= image->size - change->offset);
    change->before = allocate(change->bytes);
    uint8_t *place = image->bytes + change->offset;
    memcpy(change->before, place, change->bytes);
    for (size_t i = 0; i < change->bytes; i++, hex += 2) {
        place[i] = (uint8_t)(hex_digit(hex[0]) << 4 | hex_digit(hex[1]));
    }
    return hex;
}

static void apply(const char *text, struct boot_image *image, struct damage *damage)
{
    damage->count = 0;
    while (*text == ' ') {
        assert_true(damage->count < CHANGES_MAX);
        text = apply_change(text + 1, image, &damage->changes[damage->count++]);
    }
}

static void undo(struct boot_image *image, struct damage *damage)
{
    while (damage->count > 0) {
        struct change *change = &damage->changes[--damage->count];
        memcpy(image->bytes + change->offset, change->before, change->bytes);
        free(change->before);
    }
}

// ---- Stage 2 ------------------------------------------------------------------------------

static uint64_t digest_virtual(const struct entered_kernel *kernel, uint64_t digest,
                               const void *address, uint64_t bytes)
{
    uint8_t *copy = allocate((size_t)bytes + 1);
    entered_kernel_read(kernel, (uintptr_t)address, copy, bytes);
    digest = digest_add(digest, copy, bytes);
    free(copy);
    return digest;
}

static uint64_t digest_text(const struct entered_kernel *kernel, uint64_t digest, const char *text)
{
    char c = '\0';
    do {
        entered_kernel_read(kernel, (uintptr_t)text++, &c, 1);
        digest = digest_add(digest, &c, 1);
    } while (c != '\0');
    return digest;
}

// Where the file's part of the executable segment ends.
static uint64_t code_end(const struct elf_kernel *elf)
{
    uint64_t end = 0;
    struct elf_segment segment;
    for (uint32_t cursor = 0; elf_next_segment(elf, &cursor, &segment);) {
        if ((segment.flags & ELF_PF_X) != 0) {
            end = segment.virtual_address + segment.file_size;
        }
    }
    return end;
}

static uint64_t digest_kernel(const struct entered_kernel *kernel, uint64_t digest, uint64_t end)
{
    for (uint64_t at = kernel->info.kernel_virtual_base; at < end; at += PAGE) {
        struct mapping mapping;
        if (page_walker_find(&kernel->walker, at, &mapping)) {
            const uint64_t left = end - at;
            digest = digest_virtual(kernel, digest, (const void *)(uintptr_t)at,
                                    left < PAGE ? left : PAGE);
        }
    }
    return digest;
}

// What self_check.c prints, seen through the page tables it would run on.
static uint64_t digest_of(const struct entered_kernel *kernel, uint64_t end)
{
    const struct boot_info *info = &kernel->info;
    uint64_t digest = digest_kernel(kernel, DIGEST_START, end);
    digest = digest_virtual(kernel, digest, info->command_line, info->command_line_length);
    for (uint64_t i = 0; i < info->module_count; i++) {
        struct boot_module module;
        entered_kernel_read(kernel, (uintptr_t)(info->modules + i), &module, sizeof module);
        digest = digest_text(kernel, digest, module.name);
        digest = digest_text(kernel, digest, module.command_line);
        digest = digest_virtual(kernel, digest, module.address, module.size);
    }
    digest = digest_virtual(kernel, digest, info->symbols.table,
                            info->symbols.count * sizeof(struct boot_symbol));
    return digest_virtual(kernel, digest, info->symbols.names, info->symbols.names_size);
}

struct space {
    const struct entered_kernel *kernel;
    uint64_t digest;
};

// Adds a page of the kernel, with its rights.
static void add_page(const struct mapping *page, void *context)
{
    struct space *space = context;
    const struct boot_info *info = &space->kernel->info;
    if (page->virtual_address - info->kernel_virtual_base < info->kernel_virtual_size) {
        const uint64_t facts[] = {page->virtual_address, page->size, page->writable,
                                  page->no_execute};
        space->digest = digest_add(space->digest, facts, sizeof facts);
        space->digest = digest_virtual(space->kernel, space->digest,
                                       (const void *)(uintptr_t)page->virtual_address, page->size);
    }
}

// All pages of the kernel, and what boot_info says of its address space.
static uint64_t digest_space(const struct entered_kernel *kernel)
{
    const struct boot_info *info = &kernel->info;
    const uint64_t numbers[] = {
        info->flags,
        info->kernel_virtual_base,
        info->kernel_virtual_size,
        info->stack_top - info->stack_bottom,
        info->direct_map_offset,
        info->direct_map_size,
        info->recursive_slot,
        (uintptr_t)info->tls.address,
        info->tls.file_size,
        info->tls.memory_size,
        info->tls.alignment,
    };
    struct space space = {kernel, digest_add(DIGEST_START, numbers, sizeof numbers)};
    page_walker_visit(&kernel->walker, add_page, &space);
    return space.digest;
}

// Looks at the kernel that was entered; stage 2 has accepted it, and so must its ELF file be read.
static void print_entered(const struct fake_machine *machine)
{
    struct elf_file file = boot_image_kernel(machine->disk.image);
    struct entered_kernel kernel;
    struct elf_kernel elf;
    struct boot_request asked;
    struct message why;
    assert_true(elf_parse(file.bytes, file.size, &elf, &why));
    assert_true(kernel_request_parse(&elf, &asked, &why));
    elf_set_slide(&elf, machine->entry.entry - elf.entry);
    entered_kernel_begin_asked(&kernel, machine, &asked);
    (void)printf("#entered %016llx %016llx %016llx\n", (unsigned long long)machine->entry.entry,
                 (unsigned long long)digest_of(&kernel, code_end(&elf)),
                 (unsigned long long)digest_space(&kernel));
    entered_kernel_end(&kernel);
    elf_file_free(&file);
}

static void boot(const struct boot_image *image)
{
    struct fake_machine *machine = allocate(sizeof *machine);
    fake_machine_begin(machine, FIRST_HARD_DISK, image);
    fake_machine_add_range(machine, MIB, RAM_END - MIB, BOOT_MEMORY_USABLE);
    fake_machine_add_range(machine, RAM_END, ACPI_BYTES, BOOT_MEMORY_RESERVED);
    fake_machine_add_range(machine, FLASH, FLASH_BYTES, BOOT_MEMORY_RESERVED);
    fake_machine_add_range(machine, HYPERTRANSPORT, HYPERTRANSPORT_BYTES, BOOT_MEMORY_RESERVED);
    fake_machine_boot(machine);
    if (machine->ending == BOOT_STOPPED) {
        (void)printf("#line %s\n", machine->line.text);
    } else {
        print_entered(machine);
    }
    fake_machine_end(machine);
    free(machine);
}

// ---- bootimage inspect --------------------------------------------------------------------

// As inspect_command: all that image_read reports, and whether the boot can be planned.
static void inspect(struct boot_image *image)
{
    static struct image_report report;
    const struct image_reader reader = boot_image_reader(image);
    struct boot_preview preview;
    struct message why;
    image_read(&reader, &report);
    for (uint32_t i = 0; i < report.problem_count && i < IMAGE_REPORT_PROBLEMS; i++) {
        (void)printf("#problem %s\n", report.problems[i].text);
    }
    if (report.has_kernel) {
        if (boot_preview_make(&report.kernel, &report.items, &preview, &why)) {
            boot_preview_free(&preview);
        } else {
            (void)printf("#problem %s\n", why.text);
        }
    }
    image_report_free(&report);
}

// ---- All damages --------------------------------------------------------------------------

static void answers_every_damage(void **state)
{
    static char line[LINE_MAX_BYTES];
    struct boot_image image = {.size = 0};
    struct damage damage;
    (void)state;
    read_file(&image);
    while (fgets(line, sizeof line, stdin) != NULL) {
        const size_t ways = strspn(line, "si");
        assert_true(line[strlen(line) - 1] == '\n');
        apply(line + ways, &image, &damage);
        if (memchr(line, 's', ways) != NULL) {
            boot(&image);
        }
        if (memchr(line, 'i', ways) != NULL) {
            inspect(&image);
        }
        (void)printf("#end\n");
        (void)fflush(stdout);
        undo(&image, &damage);
    }
    boot_image_free(&image);
}

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(answers_every_damage)};
    if (count != 2) {
        (void)fprintf(stderr, "usage: damage_verdicts IMAGE < damages > verdicts\n");
        return EXIT_FAILURE;
    }
    image_path = arguments[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
