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

// State of a walk over the runs; set to {0} to start.
struct kernel_run_cursor {
    uint32_t segment;      // for elf_next_segment
    uint64_t fresh_offset; // from the end of the file part
    uint64_t file_end;     // one past the last file page of the runs before
};

// Computes the layout. False, with a message, when a sum overflows.
bool kernel_layout_plan(const struct elf_kernel *elf, struct kernel_layout *layout,
                        struct message *why);

// Steps through the runs in order of address; false at the end.
bool kernel_layout_next_run(const struct kernel_layout *layout, struct kernel_run_cursor *cursor,
                            struct kernel_run *run);

// Offset in kernel memory of a page of the run, counted from 0.
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
