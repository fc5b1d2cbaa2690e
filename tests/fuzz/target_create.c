// Fuzzes what bootimage create does with a kernel's file: what it packs has every byte of every
// segment where the file has it, its symbols are such as stage 2 accepts, the image that is written
// reads back without a problem, and boots on a fake machine. Input: the kernel's file.
#include "boot_check.h"
#include "fuzz.h"
#include "image_mutation.h"
#include "image_read.h"
#include "kernel_check.h"
#include "kernel_pack.h"
#include "symbol_table.h"
#include "symbols.h"
#include "test_boot.h"
#include "unit.h"
#include "virtual_image.h"

// What a machine of 64 MiB has in any case.
#define MEMORY_MOST    (8 * MIB)
#define ALIGNMENT_MOST (4 * MIB)

// The packed kernel against the one that was given.
static void check_packed(const struct elf_kernel *elf, const struct packed_kernel *packed,
                         struct checked_kernel *checked)
{
    struct virtual_image expected;
    struct message why;
    if (!kernel_check(packed->bytes, packed->size, packed->memory_alignment, checked, &why)) {
        fail_msg("%s", why.text);
    }
    assert_int_equal(checked->layout.memory_bytes, packed->memory_bytes);
    assert_int_equal(checked->item_flags, packed->item_flags);
    assert_int_equal(checked->elf.entry, elf->entry);
    assert_int_equal(checked->elf.segment_count, elf->segment_count);
    assert_true(checked->elf.relro_start == elf->relro_start &&
                checked->elf.relro_end == elf->relro_end);
    virtual_image_check_pieces(&checked->layout);
    if (packed->memory_bytes <= MEMORY_MOST && virtual_image_make(&expected, elf)) {
        uint8_t *memory = allocate_pages((size_t)packed->memory_bytes);
        memcpy(memory, packed->bytes, (size_t)packed->size);
        kernel_layout_fill(&checked->layout, memory);
        virtual_image_check_memory(&expected, &checked->layout, memory);
        virtual_image_free(&expected);
        free_pages(memory);
    }
}

static void check_reads_back(struct boot_image *image)
{
    struct image_report *report = allocate(sizeof *report);
    const struct image_reader reader = boot_image_reader(image);
    image_read(&reader, report);
    if (report->problem_count != 0) {
        fail_msg("%s", report->problems[0].text);
    }
    assert_true(report->has_kernel);
    image_report_free(report);
    free(report);
}

static void check_boots(struct elf_file kernel, const struct checked_kernel *checked,
                        const struct symbol_table *symbols)
{
    struct boot_image image;
    boot_image_make_with(&image, &kernel, NULL, 0, symbols->bytes, (size_t)symbols->size);
    check_reads_back(&image);
    struct test_boot *boot = test_boot_begin_bare(kernel, image);
    test_boot_add_memory(boot, MIB, 63 * MIB);
    fake_machine_boot(&boot->machine);
    const bool room = checked->layout.memory_bytes <= MEMORY_MOST &&
                      checked->request.stack_size <= MEMORY_MOST &&
                      checked->request.physical_alignment <= ALIGNMENT_MOST;
    if (boot->machine.ending == BOOT_ENTERED) {
        boot_check_entered(&boot->machine);
    } else {
        test_boot_check_stopped(boot, ": ");
        if (room) {
            fail_msg("%s", boot->machine.line.text);
        }
    }
    test_boot_end(boot);
}

struct fuzz_area fuzz_fields(const uint8_t *bytes, size_t size, uint64_t choice)
{
    return fuzz_elf_fields(bytes, size, 0, choice);
}

fuzz_repair_function *const fuzz_repair = NULL; // there are no checksums

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct elf_file file = {.bytes = fuzz_copy(bytes, size), .size = size};
    struct elf_kernel elf;
    struct packed_kernel packed = {.bytes = NULL};
    struct symbol_table symbols = {.bytes = NULL};
    struct checked_kernel checked;
    struct message why;
    if (!elf_parse(file.bytes, file.size, &elf, &why) || !kernel_pack(&elf, &packed, &why)) {
        fuzz_check_refusal(&why);
        elf_file_free(&file);
        return 0;
    }
    check_packed(&elf, &packed, &checked);
    const bool has_symbols = symbol_table_make(&elf, &symbols, &why);
    if (!has_symbols) {
        fuzz_check_refusal(&why);
    } else if (symbols.size != 0) {
        assert_true(symbols_check(symbols.bytes, symbols.size, &why));
    }
    if (has_symbols) {
        check_boots(file, &checked, &symbols); // takes the file over
    } else {
        elf_file_free(&file);
    }
    symbol_table_free(&symbols);
    packed_kernel_free(&packed);
    return 0;
}
