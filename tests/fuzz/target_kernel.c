// Fuzzes the ELF parser, the layout of the kernel's pages and its page tables: what is accepted
// keeps the rules, no page lies outside kernel memory, none is writable and executable, and every
// byte of every segment is where it should be. Input: the kernel's file.
#include "fuzz.h"
#include "image_mutation.h"
#include "kernel_check.h"
#include "loaded_kernel.h"
#include "page_walker.h"
#include "unit.h"
#include "virtual_image.h"

#define PHYSICAL       0x140000000u
#define TABLE_PHYSICAL 0x70000000u
#define TABLES_MOST    64u      // pages of page tables that are built
#define LOADED_MOST    0x40000u // bytes of kernel memory that are looked at one by one

struct table_check {
    uint64_t memory_bytes;
    uint64_t mapped;
};

static void check_mapping(const struct mapping *mapping, void *context)
{
    struct table_check *check = context;
    const uint64_t offset = mapping->physical_address - PHYSICAL;
    assert_true(offset < check->memory_bytes && mapping->size <= check->memory_bytes - offset);
    assert_false(mapping->writable && !mapping->no_execute);
    check->mapped += mapping->size;
}

static bool add_bytes(const struct kernel_piece *piece, void *context)
{
    *(uint64_t *)context += piece->bytes;
    return true;
}

// Walks the page tables of a kernel of any size; its memory is not there.
static void check_tables(const struct kernel_layout *layout)
{
    const uint64_t pages = 1 + kernel_layout_tables(layout);
    struct message why;
    if (pages > TABLES_MOST) {
        return;
    }
    struct page_tables tables = {.pool = allocate_pages((size_t)pages * PAGE_SIZE_4K),
                                 .pool_physical = TABLE_PHYSICAL,
                                 .pool_pages = pages,
                                 .nx = true,
                                 .gigabyte_pages = true};
    assert_true(page_tables_begin(&tables, &why));
    assert_true(kernel_layout_map(layout, PHYSICAL, &tables, &why));
    const struct page_walker walker = {.pool = tables.pool,
                                       .pool_physical = TABLE_PHYSICAL,
                                       .pool_bytes = tables.used * PAGE_SIZE_4K,
                                       .root_physical = TABLE_PHYSICAL};
    struct table_check check = {.memory_bytes = layout->memory_bytes};
    uint64_t expected = 0;
    assert_int_equal(page_walker_visit(&walker, check_mapping, &check), tables.used);
    assert_true(kernel_layout_walk(layout, add_bytes, &expected));
    assert_int_equal(check.mapped, expected);
    free_pages(tables.pool);
}

// Loads it as stage 2 does, and looks at every byte. The file is the kernel's then.
static void check_loaded(const uint8_t *bytes, size_t size)
{
    struct elf_file file = {.bytes = fuzz_copy(bytes, size), .size = size};
    struct loaded_kernel kernel;
    loaded_kernel_make(&kernel, &file, PHYSICAL);
    loaded_kernel_check(&kernel);
    loaded_kernel_free(&kernel);
}

struct fuzz_area fuzz_fields(const uint8_t *bytes, size_t size, uint64_t choice)
{
    return fuzz_elf_fields(bytes, size, 0, choice);
}

fuzz_repair_function *const fuzz_repair = NULL; // there are no checksums

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct checked_kernel checked;
    struct elf_kernel elf;
    struct kernel_layout layout;
    struct message why;
    uint8_t *file = fuzz_copy(bytes, size);
    const bool parsed = elf_parse(file, size, &elf, &why);
    if (!parsed) {
        fuzz_check_refusal(&why);
    } else {
        virtual_image_check_elf(&elf);
        if (kernel_layout_plan(&elf, &layout, &why)) {
            virtual_image_check_pieces(&layout);
            check_tables(&layout);
            if (layout.memory_bytes <= LOADED_MOST) {
                check_loaded(file, size);
            }
        } else {
            fuzz_check_refusal(&why);
        }
    }
    // All of stage 2's checks together begin with this one.
    if (kernel_check(file, size, PAGE_SIZE_4K, &checked, &why)) {
        assert_true(parsed);
        assert_int_equal(checked.memory_phase & ~(checked.memory_alignment - 1), 0);
    } else {
        fuzz_check_refusal(&why);
    }
    free(file);
    return 0;
}
