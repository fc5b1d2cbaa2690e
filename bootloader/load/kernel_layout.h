// Where the pages of a kernel come from. The kernel's file is read as it is to the start of one
// contiguous piece of memory, its pages are mapped where they lie; behind the file, in the same
// piece, come fresh pages for .bss and for what cannot be mapped in place.
//
//     kernel memory = | file, rounded up to pages | fresh pages |
//
// A run is one segment, or several that share pages. It is mapped in place when
// - each of its segments that has bytes in the file has p_offset = p_vaddr + the same multiple of
//   4096, and
// - none but its last segment has p_memsz > p_filesz, and
// - no other run has bytes in its file pages (so no page shows a neighbour's bytes under the wrong
//   permissions, and zeroing the tail of .data's page destroys nothing), and
// - that tail does not hold the program headers.
// Otherwise the whole run is copied to fresh pages. bootimage lays every kernel out so that none
// is.
#ifndef LOAD_KERNEL_LAYOUT_H
#define LOAD_KERNEL_LAYOUT_H

#include "elf.h"
#include "message.h"
#include "page_tables.h"

#include <stdbool.h>
#include <stdint.h>

struct kernel_run {
    uint64_t virtual_base; // page-aligned
    uint64_t pages;
    uint64_t file_pages;   // leading pages that hold bytes of the file; the rest is zero
    bool in_place;         // also when no page holds bytes of the file
    uint64_t file_offset;  // in place: of the first page, page-aligned
    uint64_t fresh_offset; // from the start of kernel memory: (pages - file_pages) fresh pages in
                           // place, else all pages
    uint64_t tail_start;   // in place: from here to the end of its page kernel memory is zeroed;
                           // 0 when the file's bytes fill what they must
    uint32_t first_cursor; // for elf_next_segment: the run's first segment
    uint32_t segment_count;
};

struct kernel_layout {
    const struct elf_kernel *elf;
    uint64_t file_bytes;   // rounded up to pages
    uint64_t memory_bytes; // with the fresh pages
    bool in_file_order;    // segments' bytes in the file ascend; else every run is copied
    bool contiguous;       // physical - virtual is the same for all pages of all runs
    uint64_t base_offset;  // offset in kernel memory of the page at elf->virtual_base
};

/*@ // What a walk over the runs needs.
    predicate sound_layout(struct kernel_layout *layout) =
        \valid_read(layout) && readable_file(layout->elf) && headers_inside(layout->elf);
    // What kernel_layout_plan leaves: kernel memory is a page at least and has room for the file.
    predicate planned(struct kernel_layout *layout) =
        sound_layout(layout) && layout->memory_bytes >= PAGE_BYTES &&
        layout->elf->file_size <= layout->memory_bytes;
    logic integer pages_from_file(struct kernel_run *run) = run->in_place ? run->file_pages : 0;
*/

// State of a walk over the runs; set to {0} to start.
struct kernel_run_cursor {
    uint32_t segment;      // for elf_next_segment
    uint64_t fresh_offset; // from the end of the file part
    uint64_t file_end;     // one past the last file page of the runs before
};

// Computes the layout. False, with a message, when a sum overflows.
/*@ requires readable_file(elf) && headers_inside(elf) && elf->file_size > 0;
    requires \valid(layout) && \valid(why) && \separated(elf, layout, why);
    assigns *layout, *why;
    ensures \result ==> planned(layout) && layout->elf == elf; */
bool kernel_layout_plan(const struct elf_kernel *elf, struct kernel_layout *layout,
                        struct message *why);

// Steps through the runs in order of address; false at the end.
/*@ requires sound_layout(layout) && \valid(cursor) && \valid(run);
    requires \separated(layout, layout->elf, cursor, run);
    requires cursor->segment <= layout->elf->program_header_count;
    assigns *cursor, *run;
    ensures \old(cursor->segment) <= cursor->segment <= layout->elf->program_header_count;
    ensures \result ==> \old(cursor->segment) < cursor->segment; */
bool kernel_layout_next_run(const struct kernel_layout *layout, struct kernel_run_cursor *cursor,
                            struct kernel_run *run);

// Offset in kernel memory of a page of the run, counted from 0.
/*@ requires \valid_read(run);
    assigns \nothing;
    ensures page < pages_from_file(run) ==>
            \result == (uint64_t)(run->file_offset + (uint64_t)(page << PAGE_SHIFT));
    ensures page >= pages_from_file(run) ==> \result ==
            (uint64_t)(run->fresh_offset +
                       (uint64_t)((uint64_t)(page - pages_from_file(run)) << PAGE_SHIFT));
*/
uint64_t kernel_run_page_offset(const struct kernel_run *run, uint64_t page);

// Fills the fresh pages and zeroes the tails in `memory`, layout->memory_bytes long, which holds
// the file at its start: first all copies, then all zeroes. The ELF is not needed afterwards but
// for kernel_layout_map, which reads program headers only.
void kernel_layout_fill(const struct kernel_layout *layout, uint8_t *memory);

// Pages of the kernel that have the same permissions and follow one another in kernel memory.
struct kernel_piece {
    uint64_t virtual_address;
    uint64_t offset; // in kernel memory
    uint64_t bytes;
    uint32_t permissions; // PAGE_*; RELRO pages are not writable
};

// Called with each piece in order of address; false ends the walk.
typedef bool kernel_piece_visitor(const struct kernel_piece *piece, void *context);

// Visits all pieces; false when the visitor returned that.
bool kernel_layout_walk(const struct kernel_layout *layout, kernel_piece_visitor *visit,
                        void *context);

// Maps all segments, with their own permissions, kernel memory being at `physical_base`.
bool kernel_layout_map(const struct kernel_layout *layout, uint64_t physical_base,
                       struct page_tables *tables, struct message *why);

// So many page tables, beside the root, do for kernel_layout_map.
uint64_t kernel_layout_tables(const struct kernel_layout *layout);

// Alignment and phase at which the largest pages can be used; what the image header's wish says.
void kernel_layout_wish(const struct kernel_layout *layout, uint64_t *alignment, uint64_t *phase);

#endif
