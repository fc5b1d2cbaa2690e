// Loads kernels for the unit tests and checks them against their ELF files.
#include "loaded_kernel.h"

#include "page_walker.h"
#include "unit.h"

#define PAGE           4096u
#define TABLE_PHYSICAL 0x70000000u

bool loaded_kernel_try(struct loaded_kernel *kernel, struct elf_file *file, uint64_t physical)
{
    struct message why = {.text = ""};
    *kernel = (struct loaded_kernel){.file = *file, .physical = physical};
    if (!elf_parse(file->bytes, file->size, &kernel->elf, &why)) {
        elf_file_free(file);
        return false;
    }
    assert_true(kernel_layout_plan(&kernel->elf, &kernel->layout, &why));
    kernel->memory = allocate_pages((size_t)kernel->layout.memory_bytes);
    memcpy(kernel->memory, file->bytes, (size_t)file->size);
    kernel->elf.file = kernel->memory; // as in stage 2: no other copy
    kernel_layout_fill(&kernel->layout, kernel->memory);

    const uint64_t pages = 1 + kernel_layout_tables(&kernel->layout);
    kernel->tables = (struct page_tables){.pool = allocate_pages((size_t)pages * PAGE),
                                          .pool_physical = TABLE_PHYSICAL,
                                          .pool_pages = pages,
                                          .nx = true,
                                          .gigabyte_pages = true};
    assert_true(page_tables_begin(&kernel->tables, &why));
    if (!kernel_layout_map(&kernel->layout, physical, &kernel->tables, &why)) {
        fail_msg("%s", why.text);
    }
    // The rest is compared with the file itself.
    kernel->elf.file = kernel->file.bytes;
    return true;
}

void loaded_kernel_make(struct loaded_kernel *kernel, struct elf_file *file, uint64_t physical)
{
    if (!loaded_kernel_try(kernel, file, physical)) {
        fail_msg("the kernel was refused");
    }
}

void loaded_kernel_load(struct loaded_kernel *kernel, uint64_t physical,
                        const struct elf64_program_header *segments, uint32_t count,
                        uint64_t file_size)
{
    uint32_t code = 0;
    while ((segments[code].p_flags & ELF_PF_X) == 0) {
        code++;
    }
    struct elf_file file = elf_file_make(segments, count, sizeof(struct elf64_header), file_size,
                                         segments[code].p_vaddr);
    loaded_kernel_make(kernel, &file, physical);
}

void loaded_kernel_free(struct loaded_kernel *kernel)
{
    free_pages(kernel->memory);
    free_pages(kernel->tables.pool);
    elf_file_free(&kernel->file);
}

// ---- What the page tables should say ------------------------------------------------------

static uint64_t page_of(uint64_t address)
{
    return address & ~(uint64_t)(PAGE - 1);
}

static uint64_t last_byte(const struct elf_segment *segment)
{
    return segment->virtual_address + (segment->memory_size - 1);
}

struct check {
    struct loaded_kernel *kernel;
    uint32_t cursor;            // of the next segment that no page mapped so far has touched
    struct elf_segment segment; // the first that reaches into the next page expected
    bool segment_left;
    uint64_t next_page; // expected, at or above the segment's first
    uint8_t *taken;     // for each page of kernel memory, whether it is mapped
    bool contiguous;
};

static void advance(struct check *check)
{
    // Behind the last page of all the next is 0, and every segment has passed.
    while (check->segment_left && last_byte(&check->segment) <= check->next_page - 1) {
        check->segment_left =
            elf_next_segment(&check->kernel->elf, &check->cursor, &check->segment);
    }
    if (check->segment_left && check->next_page < page_of(check->segment.virtual_address)) {
        check->next_page = page_of(check->segment.virtual_address);
    }
}

// Bytes of segments in the page are what they should be. Returns the flags of all of them.
static uint32_t check_bytes(const struct check *check, uint64_t page, const uint8_t *bytes)
{
    uint32_t flags = 0;
    struct elf_segment segment = check->segment;
    uint32_t cursor = check->cursor;
    do {
        if (segment.virtual_address > page + (PAGE - 1)) {
            break;
        }
        flags |= segment.flags;
        uint64_t from = segment.virtual_address > page ? segment.virtual_address : page;
        uint64_t to =
            last_byte(&segment) < page + (PAGE - 1) ? last_byte(&segment) : page + (PAGE - 1);
        for (uint64_t address = from; address - from <= to - from; address++) {
            uint64_t at = address - segment.virtual_address;
            uint8_t expected =
                at < segment.file_size ? check->kernel->file.bytes[segment.file_offset + at] : 0;
            assert_int_equal(bytes[address - page], expected);
        }
    } while (elf_next_segment(&check->kernel->elf, &cursor, &segment));
    return flags;
}

static void check_page(struct check *check, const struct mapping *mapping, uint64_t offset)
{
    const struct loaded_kernel *kernel = check->kernel;
    uint64_t page = mapping->virtual_address + offset;
    uint64_t place = mapping->physical_address + offset - kernel->physical;
    assert_true(check->segment_left);
    assert_int_equal(page, check->next_page);
    assert_true(place < kernel->layout.memory_bytes);
    assert_int_equal(check->taken[place / PAGE], 0); // no page is mapped twice
    check->taken[place / PAGE] = 1;
    uint32_t flags = check_bytes(check, page, kernel->memory + place);
    const bool relro = page >= kernel->elf.relro_start && page + (PAGE - 1) < kernel->elf.relro_end;
    assert_int_equal(mapping->writable, (flags & ELF_PF_W) != 0 && !relro);
    assert_int_equal(mapping->no_execute, (flags & ELF_PF_X) == 0);
    assert_false(mapping->writable && !mapping->no_execute);
    check->contiguous &= place - kernel->layout.base_offset == page - kernel->elf.virtual_base;
    if (page == kernel->elf.virtual_base) {
        assert_int_equal(place, kernel->layout.base_offset);
    }
    check->next_page += PAGE;
    advance(check);
}

static void check_mapping(const struct mapping *mapping, void *context)
{
    struct check *check = context;
    check->kernel->mapped[mapping->size == PAGE_SIZE_4K   ? 0
                          : mapping->size == PAGE_SIZE_2M ? 1
                                                          : 2]++;
    for (uint64_t offset = 0; offset < mapping->size; offset += PAGE) {
        check_page(check, mapping, offset);
    }
}

// ---- What lies in place -------------------------------------------------------------------

// Marks, for each file page, which run has bytes in it; a page in place has bytes of its own only.
static void check_file_pages(const struct loaded_kernel *kernel)
{
    uint64_t pages = kernel->layout.file_bytes / PAGE;
    uint32_t *owners = allocate((size_t)pages * sizeof *owners);
    memset(owners, 0, (size_t)pages * sizeof *owners);
    const uint32_t shared = UINT32_MAX;
    struct kernel_run run;
    struct kernel_run_cursor cursor = {0};
    for (uint32_t owner = 1; kernel_layout_next_run(&kernel->layout, &cursor, &run); owner++) {
        uint32_t segments = run.first_cursor;
        for (uint32_t i = 0; i < run.segment_count; i++) {
            struct elf_segment segment;
            assert_true(elf_next_segment(&kernel->elf, &segments, &segment));
            uint64_t end = segment.file_offset + segment.file_size;
            for (uint64_t page = segment.file_offset / PAGE;
                 segment.file_size != 0 && page * PAGE < end; page++) {
                owners[page] = owners[page] == 0 || owners[page] == owner ? owner : shared;
            }
        }
    }
    cursor = (struct kernel_run_cursor){0};
    for (uint32_t owner = 1; kernel_layout_next_run(&kernel->layout, &cursor, &run); owner++) {
        for (uint64_t page = 0; run.in_place && page < run.file_pages; page++) {
            assert_int_equal(owners[run.file_offset / PAGE + page], owner);
        }
    }
    free(owners);
}

void loaded_kernel_check(struct loaded_kernel *kernel)
{
    struct check check = {.kernel = kernel, .contiguous = true};
    size_t pages = (size_t)(kernel->layout.memory_bytes / PAGE);
    check.taken = allocate(pages);
    memset(check.taken, 0, pages);
    memset(kernel->mapped, 0, sizeof kernel->mapped);
    check.segment_left = elf_next_segment(&kernel->elf, &check.cursor, &check.segment);
    check.next_page = page_of(check.segment.virtual_address);

    struct page_walker walker = {.pool = kernel->tables.pool,
                                 .pool_physical = kernel->tables.pool_physical,
                                 .pool_bytes = kernel->tables.used * PAGE,
                                 .root_physical = kernel->tables.pool_physical};
    assert_int_equal(page_walker_visit(&walker, check_mapping, &check), kernel->tables.used);
    assert_false(check.segment_left); // all pages were there
    assert_int_equal(kernel->layout.contiguous, check.contiguous);
    check_file_pages(kernel);
    free(check.taken);
}
