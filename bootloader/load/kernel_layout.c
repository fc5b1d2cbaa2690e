// Decides which pages of the kernel are mapped where its file was read and which are fresh, and
// fills the fresh ones. Called by stage 2; the host tool plans with it, to lay the kernel's file
// out so that nothing has to be copied.
#include "kernel_layout.h"

#include <string.h>

static uint64_t last_page(const struct elf_segment *segment)
{
    return elf_segment_last_byte(segment) >> PAGE_SHIFT;
}

// ---- Runs ---------------------------------------------------------------------------------

// What decides whether a run can be mapped in place.
struct run_shape {
    uint64_t delta; // file offset - virtual address, of the segments with bytes in the file
    bool has_file_bytes;
    bool one_delta;        // the same multiple of the page size for all of them
    bool zeros_between;    // .bss before the last segment
    uint64_t file_start;   // of the run's bytes in the file
    uint64_t file_end;     // one past them
    uint64_t zero_address; // where the last segment's file bytes end
    bool zeros_at_end;     // it is larger in memory
};

static void add_to_shape(struct run_shape *shape, const struct elf_segment *segment)
{
    shape->zeros_between |= shape->zeros_at_end;
    shape->zeros_at_end = segment->memory_size > segment->file_size;
    shape->zero_address = segment->virtual_address + segment->file_size;
    if (segment->file_size == 0) {
        return;
    }
    uint64_t delta = segment->file_offset - segment->virtual_address;
    if (!shape->has_file_bytes) {
        shape->has_file_bytes = true;
        shape->one_delta = (delta & PAGE_MASK) == 0;
        shape->delta = delta;
        shape->file_start = segment->file_offset;
    }
    shape->one_delta &= delta == shape->delta;
    shape->file_end = segment->file_offset + segment->file_size;
}

// Takes the next run's segments: those that share a page with the one before. False at the end.
static bool gather_run(const struct elf_kernel *elf, uint32_t *cursor, struct kernel_run *run,
                       struct run_shape *shape)
{
    struct elf_segment segment;
    const uint32_t first_cursor = *cursor;
    if (!elf_next_segment(elf, cursor, &segment)) {
        return false;
    }
    memset(shape, 0, sizeof *shape);
    memset(run, 0, sizeof *run);
    run->first_cursor = first_cursor;
    uint64_t first = segment.virtual_address >> PAGE_SHIFT;
    run->virtual_base = first << PAGE_SHIFT;
    uint64_t last;
    uint32_t peek = *cursor;
    do {
        *cursor = peek;
        run->segment_count++;
        add_to_shape(shape, &segment);
        if (segment.file_size != 0) {
            uint64_t last_byte = segment.virtual_address + (segment.file_size - 1);
            run->file_pages = (last_byte >> PAGE_SHIFT) - first + 1;
        }
        last = last_page(&segment);
    } while (elf_next_segment(elf, &peek, &segment) &&
             segment.virtual_address >> PAGE_SHIFT == last);
    run->pages = last - first + 1;
    return true;
}

// Where in the file the next segment's bytes begin; the end of the file when none has any.
static uint64_t next_file_offset(const struct elf_kernel *elf, uint32_t cursor)
{
    struct elf_segment segment;
    while (elf_next_segment(elf, &cursor, &segment)) {
        if (segment.file_size != 0) {
            return segment.file_offset;
        }
    }
    return UINT64_MAX;
}

// Whether zeroing from tail_start to the end of its page would destroy the program headers.
static bool tail_holds_program_headers(const struct elf_kernel *elf, uint64_t tail_start)
{
    uint64_t table_end = elf->program_header_offset +
                         (uint64_t)elf->program_header_count * sizeof(struct elf64_program_header);
    return elf->program_header_offset < page_round_up(tail_start) && table_end > tail_start;
}

static bool can_lie_in_place(const struct kernel_layout *layout,
                             const struct kernel_run_cursor *cursor, const struct run_shape *shape,
                             uint64_t tail_start)
{
    if (!shape->has_file_bytes) {
        return true;
    }
    return layout->in_file_order && shape->one_delta && !shape->zeros_between &&
           (shape->file_start & ~PAGE_MASK) >= cursor->file_end &&
           next_file_offset(layout->elf, cursor->segment) >= page_round_up(shape->file_end) &&
           !tail_holds_program_headers(layout->elf, tail_start);
}

bool kernel_layout_next_run(const struct kernel_layout *layout, struct kernel_run_cursor *cursor,
                            struct kernel_run *run)
{
    struct run_shape shape;
    if (!gather_run(layout->elf, &cursor->segment, run, &shape)) {
        return false;
    }
    uint64_t tail_start = 0;
    if (shape.zeros_at_end && shape.zero_address + shape.delta < page_round_up(shape.file_end)) {
        tail_start = shape.zero_address + shape.delta;
    }
    run->in_place = can_lie_in_place(layout, cursor, &shape, tail_start);
    uint64_t fresh_pages = run->pages;
    if (run->in_place) {
        run->file_offset = shape.file_start & ~PAGE_MASK;
        run->tail_start = tail_start;
        fresh_pages -= run->file_pages;
    }
    run->fresh_offset = layout->file_bytes + cursor->fresh_offset;
    cursor->fresh_offset += fresh_pages << PAGE_SHIFT;
    if (shape.has_file_bytes) {
        cursor->file_end = page_round_up(shape.file_end);
    }
    return true;
}

uint64_t kernel_run_page_offset(const struct kernel_run *run, uint64_t page)
{
    uint64_t from_file = run->in_place ? run->file_pages : 0;
    return page < from_file ? run->file_offset + (page << PAGE_SHIFT)
                            : run->fresh_offset + ((page - from_file) << PAGE_SHIFT);
}

// ---- The plan -----------------------------------------------------------------------------

// Whether the segments' bytes lie in the file one behind the other.
static bool bytes_ascend(const struct elf_kernel *elf)
{
    struct elf_segment segment;
    uint64_t end = 0;
    for (uint32_t cursor = 0; elf_next_segment(elf, &cursor, &segment);) {
        if (segment.file_size != 0) {
            if (segment.file_offset < end) {
                return false;
            }
            end = segment.file_offset + segment.file_size;
        }
    }
    return true;
}

bool kernel_layout_plan(const struct elf_kernel *elf, struct kernel_layout *layout,
                        struct message *why)
{
    *layout = (struct kernel_layout){
        .elf = elf,
        .file_bytes = page_round_up(elf->file_size),
        .in_file_order = bytes_ascend(elf),
        .contiguous = true,
    };
    struct kernel_run_cursor cursor = {0};
    struct kernel_run run;
    uint64_t delta = 0;
    for (bool first = true; kernel_layout_next_run(layout, &cursor, &run); first = false) {
        if (first) {
            layout->base_offset = kernel_run_page_offset(&run, 0);
            delta = layout->base_offset - run.virtual_base;
        }
        // First and last page decide: within each part the pages follow one another.
        uint64_t last = run.pages - 1;
        layout->contiguous &=
            kernel_run_page_offset(&run, 0) - run.virtual_base == delta &&
            kernel_run_page_offset(&run, last) - (run.virtual_base + (last << PAGE_SHIFT)) == delta;
    }
    // The address space is 2^48 bytes, so fresh_offset itself cannot overflow.
    if (elf->file_size > UINT64_MAX - PAGE_MASK ||
        cursor.fresh_offset > UINT64_MAX - layout->file_bytes) {
        return message_refuse(why, "the kernel is too large: its size overflows");
    }
    layout->memory_bytes = layout->file_bytes + cursor.fresh_offset;
    return true;
}

// ---- Filling ------------------------------------------------------------------------------

static void copy_segments(const struct kernel_layout *layout, const struct kernel_run *run,
                          uint8_t *memory)
{
    struct elf_segment segment;
    uint32_t cursor = run->first_cursor;
    for (uint32_t i = 0; i < run->segment_count; i++) {
        elf_next_segment(layout->elf, &cursor, &segment);
        if (segment.file_size != 0) {
            memcpy(memory + run->fresh_offset + (segment.virtual_address - run->virtual_base),
                   memory + segment.file_offset, (size_t)segment.file_size);
        }
    }
}

// Zeroes all that no segment's file bytes fill.
static void zero_between_segments(const struct kernel_layout *layout, const struct kernel_run *run,
                                  uint8_t *memory)
{
    struct elf_segment segment;
    uint32_t cursor = run->first_cursor;
    uint64_t filled = 0; // from the start of the run
    for (uint32_t i = 0; i < run->segment_count; i++) {
        elf_next_segment(layout->elf, &cursor, &segment);
        uint64_t start = segment.virtual_address - run->virtual_base;
        memset(memory + run->fresh_offset + filled, 0, (size_t)(start - filled));
        filled = start + segment.file_size;
    }
    memset(memory + run->fresh_offset + filled, 0, (size_t)((run->pages << PAGE_SHIFT) - filled));
}

// Zeroes what is not copied: the fresh pages, or what the file leaves of them.
static void zero_run(const struct kernel_layout *layout, const struct kernel_run *run,
                     uint8_t *memory)
{
    if (!run->in_place) {
        zero_between_segments(layout, run, memory);
        return;
    }
    memset(memory + run->tail_start, 0,
           (size_t)(page_round_up(run->tail_start) - run->tail_start)); // nothing if there is none
    memset(memory + run->fresh_offset, 0, (size_t)((run->pages - run->file_pages) << PAGE_SHIFT));
}

void kernel_layout_fill(const struct kernel_layout *layout, uint8_t *memory)
{
    for (unsigned copied = 0; copied < 2; copied++) {
        struct kernel_run run;
        struct kernel_run_cursor cursor = {0};
        while (kernel_layout_next_run(layout, &cursor, &run)) {
            if (copied) {
                zero_run(layout, &run, memory);
            } else if (!run.in_place) {
                copy_segments(layout, &run, memory);
            }
        }
    }
}
