// Maps the pages of a kernel: cuts its runs into pieces of the same permissions, and maps
// these, or asks which alignment gives them the largest pages. Called by handover.c and by the host
// tool.
#include "kernel_layout.h"

// ---- Pieces -------------------------------------------------------------------------------

struct piece_walk {
    const struct elf_kernel *elf;
    kernel_piece_visitor *visit;
    void *context;
    const struct kernel_run *run;
    uint64_t first, end; // pages of the run not visited yet
    uint32_t flags;      // of all of them, ELF_PF_*
};

// Visits the pages that wait, up to `end`. They are cut at the ends of RELRO, and where they leave
// the file if they do not follow one another in kernel memory.
static bool flush_pages(struct piece_walk *walk, uint64_t end)
{
    const struct kernel_run *run = walk->run;
    const struct elf_kernel *elf = walk->elf;
    const uint64_t file_bytes = run->file_pages << PAGE_SHIFT;
    const bool leaves_file = run->in_place && run->file_offset + file_bytes != run->fresh_offset;
    const uint64_t cuts[] = {
        leaves_file ? run->file_pages : 0,
        (elf->relro_start - run->virtual_base) >> PAGE_SHIFT, // no page of the run if below it
        (elf->relro_end - run->virtual_base) >> PAGE_SHIFT,
    };
    while (walk->first < end) {
        uint64_t stop = end;
        for (unsigned i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
            stop = cuts[i] > walk->first && cuts[i] < stop ? cuts[i] : stop;
        }
        struct kernel_piece piece = {
            .virtual_address = run->virtual_base + (walk->first << PAGE_SHIFT),
            .offset = kernel_run_page_offset(run, walk->first),
            .bytes = (stop - walk->first) << PAGE_SHIFT,
            .permissions = walk->flags & ELF_PF_X ? PAGE_EXECUTE : 0,
        };
        if ((walk->flags & ELF_PF_W) != 0 &&
            piece.virtual_address - elf->relro_start >= elf->relro_end - elf->relro_start) {
            piece.permissions |= PAGE_WRITE;
        }
        walk->first = stop;
        if (!walk->visit(&piece, walk->context)) {
            return false;
        }
    }
    return true;
}

static bool add_pages(struct piece_walk *walk, uint64_t end, uint32_t flags)
{
    if (flags != walk->flags) {
        if (!flush_pages(walk, walk->end)) {
            return false;
        }
        walk->flags = flags;
    }
    walk->end = end;
    return true;
}

// Of the pages of the run, the last that the segment touches.
static uint64_t mapped_last_page(const struct kernel_run *run, const struct elf_segment *segment)
{
    uint64_t last_byte = elf_segment_last_byte(segment);
    return (last_byte - run->virtual_base) >> PAGE_SHIFT;
}

static bool walk_run(const struct kernel_layout *layout, const struct kernel_run *run,
                     kernel_piece_visitor *visit, void *context)
{
    struct piece_walk walk = {.elf = layout->elf, .visit = visit, .context = context, .run = run};
    struct elf_segment segment;
    uint32_t cursor = run->first_cursor;
    for (uint32_t i = 0; i < run->segment_count; i++) {
        elf_next_segment(layout->elf, &cursor, &segment);
        uint64_t end = mapped_last_page(run, &segment) + 1;
        if (i > 0) {
            // The page shared with the segment before takes the permissions of both.
            uint64_t shared_end = walk.end--;
            if (!add_pages(&walk, shared_end, walk.flags | segment.flags)) {
                return false;
            }
        }
        if (end > walk.end && !add_pages(&walk, end, segment.flags)) {
            return false;
        }
    }
    return flush_pages(&walk, walk.end);
}

bool kernel_layout_walk(const struct kernel_layout *layout, kernel_piece_visitor *visit,
                        void *context)
{
    struct kernel_run_cursor cursor = {0};
    struct kernel_run run;
    while (kernel_layout_next_run(layout, &cursor, &run)) {
        if (!walk_run(layout, &run, visit, context)) {
            return false;
        }
    }
    return true;
}

// ---- Mapping and counting -----------------------------------------------------------------

struct map_context {
    struct page_tables *tables;
    uint64_t physical_base;
    struct message *why;
};

static bool map_piece(const struct kernel_piece *piece, void *context)
{
    struct map_context *map = context;
    return page_tables_map(map->tables, piece->virtual_address, map->physical_base + piece->offset,
                           piece->bytes, piece->permissions, PAGE_SIZE_1G, map->why);
}

bool kernel_layout_map(const struct kernel_layout *layout, uint64_t physical_base,
                       struct page_tables *tables, struct message *why)
{
    struct map_context map = {.tables = tables, .physical_base = physical_base, .why = why};
    return kernel_layout_walk(layout, map_piece, &map);
}

uint64_t kernel_layout_tables(const struct kernel_layout *layout)
{
    uint64_t tables = 0;
    struct elf_segment segment;
    for (uint32_t cursor = 0; elf_next_segment(layout->elf, &cursor, &segment);) {
        tables += page_tables_at_most(segment.memory_size);
    }
    const uint64_t from_end_to_end =
        page_tables_at_most(layout->elf->virtual_end - layout->elf->virtual_base);
    return tables < from_end_to_end ? tables : from_end_to_end;
}

// ---- The wish -----------------------------------------------------------------------------

// The largest page of which the piece covers a whole one.
static uint64_t largest_page_inside(const struct kernel_piece *piece)
{
    static const uint64_t sizes[] = {PAGE_SIZE_1G, PAGE_SIZE_2M};
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint64_t before_first = -piece->virtual_address & (sizes[i] - 1);
        if (piece->bytes >= sizes[i] && piece->bytes - sizes[i] >= before_first) {
            return sizes[i];
        }
    }
    return PAGE_BYTES;
}

struct wish_context {
    uint64_t alignment;
    uint64_t phase;
    uint64_t bytes; // of the piece they are for
};

static bool wish_for_piece(const struct kernel_piece *piece, void *context)
{
    struct wish_context *wish = context;
    uint64_t page = largest_page_inside(piece);
    if (page > wish->alignment || (page == wish->alignment && piece->bytes > wish->bytes)) {
        wish->alignment = page;
        wish->phase = (piece->virtual_address - piece->offset) & (page - 1);
        wish->bytes = piece->bytes;
    }
    return true;
}

void kernel_layout_wish(const struct kernel_layout *layout, uint64_t *alignment, uint64_t *phase)
{
    struct wish_context wish = {.alignment = PAGE_BYTES};
    kernel_layout_walk(layout, wish_for_piece, &wish);
    *alignment = wish.alignment;
    *phase = wish.phase;
}
