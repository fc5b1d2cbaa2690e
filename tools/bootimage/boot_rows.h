// What will lie where in a booted kernel's address space, row by row: the one walk behind both
// forms of bootimage inspect. Used by inspect_boot.c and inspect_json.c.
#ifndef BOOTIMAGE_BOOT_ROWS_H
#define BOOTIMAGE_BOOT_ROWS_H

#include "boot_preview.h"

#include <stdbool.h>
#include <stdint.h>

enum boot_row_kind {
    BOOT_ROW_KERNEL,
    BOOT_ROW_VGA_TEXT,
    BOOT_ROW_DIRECT_MAP,
    BOOT_ROW_PAGE_TABLES, // through the recursive slot
    BOOT_ROW_HANDOVER_PAGE,
    BOOT_ROW_STACK,
    BOOT_ROW_BOOT_INFO,
    BOOT_ROW_FRAMEBUFFER,
    BOOT_ROW_SYMBOLS,
    BOOT_ROW_MODULE,
    BOOT_ROW_KIND_COUNT,
};

struct boot_row {
    enum boot_row_kind kind;
    uint64_t address;
    uint64_t bytes;                // 0: known only when booted, of a framebuffer
    uint32_t permissions;          // PAGE_WRITE, PAGE_EXECUTE
    bool is_relro;                 // of a kernel's row
    const struct image_item *item; // of a module, else NULL
};

typedef void boot_row_visitor(const struct boot_preview *preview, const struct boot_row *row,
                              void *context);

// Visits all rows: the kernel's in order of address, then the rest.
void boot_rows_walk(const struct boot_preview *preview, boot_row_visitor *visit, void *context);

// Pages of one size that map a row of the kernel.
struct boot_row_pages {
    uint64_t size;
    uint64_t count;
};

// The pages `done` bytes into the row, as many as have the same size; moves `done` behind them.
// False at the row's end, and where it is not known.
bool boot_row_next_pages(const struct boot_preview *preview, const struct boot_row *row,
                         uint64_t *done, struct boot_row_pages *pages);

#endif
